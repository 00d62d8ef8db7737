import { type Experiment, LIMITS } from '@espalier/api';
import type { ApplyOutcome, LocalRunner } from '@espalier/controller/local';
import { writeLines } from '../channel.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure, invalid } from '../failure.ts';
import { folderOf, type Location } from '../location.ts';
import { needOneExperiment } from '../manifest-file.ts';
import { printable } from '../render/printable.ts';
import { Interrupts, type Stage } from '../run/interrupts.ts';
import { JsonDisplay } from '../run/json-display.ts';
import { LiveDisplay } from '../run/live-display.ts';
import { PlainDisplay } from '../run/plain-display.ts';
import { Refresher } from '../run/refresher.ts';
import type { RunDisplay, Snapshot } from '../run/snapshot.ts';
import type { Surroundings } from '../surroundings.ts';
import { defaultTrainerCommand } from '../trainer-command.ts';
import { bestDocument } from './best.ts';
import { printLeaderboard } from './trials.ts';

export interface RunOptions extends Location {
  readonly file: string;
  readonly parallel?: number;
  readonly data?: string;
  readonly allowCpu?: boolean;
  readonly json?: boolean;
}

/** Runs the Experiment of a file here until it ends, or goes on with the one of that name. */
export async function run(surroundings: Surroundings, options: RunOptions): Promise<ExitCode> {
  const experiment = await readExperiment(surroundings, options);
  const trainerCommand = trainerOf(experiment);
  tellIgnored(surroundings, experiment);
  const engine = await surroundings.engine();
  const runner = await engine.startRunner({
    dir: folderOf(surroundings, options),
    trainerCommand,
    allowCpu: options.allowCpu ?? false,
    ...(options.data === undefined ? {} : { data: options.data }),
  });
  try {
    return await follow(surroundings, runner, experiment, options);
  } finally {
    await runner.close();
  }
}

async function readExperiment(
  surroundings: Surroundings,
  options: RunOptions,
): Promise<Experiment> {
  const experiment = await needOneExperiment(surroundings, options.file, options);
  const { parallel } = options;
  if (parallel === undefined) return experiment;
  if (parallel > LIMITS.parallel) {
    throw invalid(`--parallel is at most ${LIMITS.parallel}, got ${parallel}`);
  }
  const { spec } = experiment;
  return { ...experiment, spec: { ...spec, trials: { ...spec.trials, parallel } } };
}

function trainerOf({ spec }: Experiment): readonly string[] {
  const command = defaultTrainerCommand();
  if (command === undefined && spec.trainer.command === undefined) {
    throw invalid('the manifest names no trainer.command, and our own trainer is not installed', [
      'add to the manifest what to run, such as  trainer: { command: [python3, train.py] }',
    ]);
  }
  return command ?? [];
}

/** The same manifest runs on a cluster; what only a cluster has is named, so nobody wonders. */
function tellIgnored({ stderr }: Surroundings, { spec }: Experiment): void {
  const { image, profile } = spec.trainer;
  const ignored = [
    ...(image === undefined ? [] : ['trainer.image']),
    ...(profile === undefined ? [] : ['trainer.profile']),
    ...(spec.queueName === undefined ? [] : ['queueName']),
  ];
  if (ignored.length > 0) {
    stderr.write(`${stderr.paint('quiet', `ignored on this machine: ${ignored.join(', ')}`)}\n`);
  }
}

async function follow(
  surroundings: Surroundings,
  runner: LocalRunner,
  experiment: Experiment,
  options: RunOptions,
): Promise<ExitCode> {
  const { stdout, stderr, now } = surroundings;
  const key = { namespace: experiment.metadata.namespace, name: experiment.metadata.name };
  const display = chooseDisplay(surroundings, options.json ?? false);
  let last: Snapshot | undefined;
  const read = async (): Promise<Snapshot | undefined> => {
    const [current, trials] = await Promise.all([runner.experiment(key), runner.trials(key)]);
    return current === undefined ? undefined : { experiment: current, trials, atMs: now() };
  };
  const refresher = new Refresher(read, (snapshot) => {
    last = snapshot;
    display.update(snapshot);
  });
  const interrupts = new Interrupts(surroundings.signals, runner, (stage) =>
    display.notice(interruptText(stage)),
  );
  const waiting = new AbortController();
  try {
    const outcome = await runner.apply(experiment);
    tellOutcome(surroundings, outcome, experiment, options);
    runner.onChange(() => refresher.poke());
    refresher.poke();
    const finished = runner.finished(key, { signal: waiting.signal }).then(
      () => undefined,
      (error: unknown) => {
        // After an interrupt the wait may end in any way; how the trainers ended is what counts.
        if (interrupts.stage === 'running') throw error;
        return interrupts.ended;
      },
    );
    const interrupted = await Promise.race([finished, interrupts.ended]);
    await refresher.finish();
    display.close();
    const exitCode = interrupted ?? exitOf(last);
    if (options.json === true) tellEnd(display, last, exitCode, folderOf(surroundings, options));
    else if (last !== undefined) printLeaderboard(stdout, stderr, last);
    if (interrupted !== undefined) tellHowToGoOn(surroundings, last, interrupts.stage, options);
    else tellResult(surroundings, last, options);
    return exitCode;
  } finally {
    waiting.abort();
    interrupts.close();
    refresher.close();
    display.close();
  }
}

function chooseDisplay({ stdout, stderr, now }: Surroundings, json: boolean): RunDisplay {
  if (json) return new JsonDisplay(stdout, now);
  // Progress is talk; the leaderboard at the end is data.
  return stderr.canRedraw ? new LiveDisplay(stderr, now) : new PlainDisplay(stderr, now);
}

function exitOf(last: Snapshot | undefined): ExitCode {
  switch (last?.experiment.status?.phase) {
    case 'Succeeded':
      return EXIT.ok;
    case 'Failed':
      return EXIT.experimentFailed;
    case 'Cancelled':
      return EXIT.experimentCancelled;
    default:
      throw new Failure('the Experiment vanished while it ran', {
        exitCode: EXIT.notFound,
        hints: ['it was probably deleted from another terminal'],
      });
  }
}

function tellOutcome(
  { stderr }: Surroundings,
  outcome: ApplyOutcome,
  { metadata }: Experiment,
  { json = false }: RunOptions,
): void {
  if (json || outcome === 'created') return;
  const text =
    outcome === 'finished'
      ? `${metadata.name} has ended already; to run it again, delete it or rename it`
      : `going on with ${metadata.name}${outcome === 'updated' ? ', with the changes of the manifest' : ''}`;
  stderr.write(`${text}\n`);
}

function interruptText(stage: Stage): string {
  return stage === 'interrupting'
    ? 'trainers are saving; press Ctrl-C again to end at once'
    : 'ending the trainers at once';
}

function tellEnd(
  display: RunDisplay,
  last: Snapshot | undefined,
  exitCode: ExitCode,
  dir: string,
): void {
  if (!(display instanceof JsonDisplay) || last === undefined) return;
  const { experiment, trials } = last;
  const { best, phase, reason, message, progress } = experiment.status ?? {};
  const trial = trials.find((view) => view.trial.metadata.name === best?.trial)?.trial;
  display.emit('end', {
    experiment: experiment.metadata.name,
    phase,
    reason,
    message,
    progress,
    exitCode,
    best: best === undefined ? undefined : bestDocument(experiment, trial, { dir }),
  });
}

function tellHowToGoOn(
  { stderr }: Surroundings,
  last: Snapshot | undefined,
  stage: Stage,
  options: RunOptions,
): void {
  if (options.json === true) return;
  const progress = last?.experiment.status?.progress;
  const done = progress === undefined ? '' : ` with ${progress} done`;
  const kept =
    stage === 'killing' ? 'running trials go on from their last checkpoint' : 'nothing is lost';
  writeLines(stderr, [`interrupted${done}; ${kept}`, `go on with: ${sameCommand(options)}`]);
}

function sameCommand({ file, dir, namespace, parallel, data, allowCpu }: RunOptions): string {
  const words: readonly (readonly [string, unknown])[] = [
    ['-f', file],
    ['--dir', dir],
    ['-n', namespace],
    ['--parallel', parallel],
    ['--data', data],
  ];
  const flags = words.flatMap(([flag, value]) => (value === undefined ? [] : [`${flag} ${value}`]));
  return printable(['espalier run', ...flags, ...(allowCpu ? ['--allow-cpu'] : [])].join(' '));
}

function tellResult(
  { stderr }: Surroundings,
  last: Snapshot | undefined,
  { json = false }: RunOptions,
): void {
  if (json || last === undefined) return;
  const { metadata, status } = last.experiment;
  const phase = status?.phase ?? 'Pending';
  const why = [status?.reason, status?.message].filter(Boolean).join(': ');
  const next =
    status?.best === undefined
      ? `espalier events ${metadata.name} shows what happened`
      : `espalier best ${metadata.name} shows the best trial's files`;
  const style = phase === 'Succeeded' ? 'good' : 'bad';
  stderr.write(`${metadata.name} ${stderr.paint(style, phase)} (${printable(why)}); ${next}\n`);
}
