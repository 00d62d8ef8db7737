import { type Experiment, LIMITS } from '@espalier/api';
import type { LocalRunner } from '@espalier/controller/local';
import type { ExitCode } from '../exit-codes.ts';
import { invalid } from '../failure.ts';
import { folderOf, type Location, stateFolder } from '../location.ts';
import { needOneExperiment } from '../manifest-file.ts';
import { chooseDisplay } from '../run/choose-display.ts';
import { exitOf, vanished } from '../run/exit-of.ts';
import {
  interruptText,
  tellHowToGoOn,
  tellOutcome,
  tellResult,
  withInterrupted,
} from '../run/farewell.ts';
import { Interrupts } from '../run/interrupts.ts';
import { JsonDisplay } from '../run/json-display.ts';
import { Refresher } from '../run/refresher.ts';
import type { Snapshot } from '../run/snapshot.ts';
import type { Surroundings } from '../surroundings.ts';
import { defaultTrainerCommand } from '../trainer-command.ts';
import { printLeaderboard } from './trials.ts';

export interface RunOptions extends Location {
  readonly file: string;
  readonly parallel?: number;
  readonly data?: string;
  readonly allowCpu?: boolean;
  readonly json?: boolean;
  /** What goes on after an interrupt, if it is not `run` with these options. */
  readonly again?: string;
}

/** Runs the Experiment of a file here until it ends, or goes on with the one of that name. */
export async function run(surroundings: Surroundings, options: RunOptions): Promise<ExitCode> {
  const experiment = await readExperiment(surroundings, options);
  const trainerCommand = trainerOf(experiment);
  tellIgnored(surroundings, experiment);
  const engine = await surroundings.engine();
  const runner = await engine.startRunner({
    dir: stateFolder(surroundings, options),
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
  const { json = false } = options;
  const key = { namespace: experiment.metadata.namespace, name: experiment.metadata.name };
  const display = chooseDisplay(surroundings, json);
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
    if (!json) tellOutcome(stderr, outcome, experiment.metadata.name);
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
    const exitCode = interrupted ?? exitOf(last?.experiment);
    if (exitCode === undefined) throw vanished(experiment.metadata.name);
    if (last === undefined) return exitCode;
    if (display instanceof JsonDisplay) {
      display.end(last, exitCode, { dir: folderOf(surroundings, options) });
      return exitCode;
    }
    printLeaderboard(stdout, stderr, interrupted === undefined ? last : withInterrupted(last));
    if (interrupted === undefined) tellResult(stderr, last);
    else tellHowToGoOn(stderr, last, interrupts.stage, options);
    return exitCode;
  } finally {
    waiting.abort();
    interrupts.close();
    refresher.close();
    display.close();
  }
}
