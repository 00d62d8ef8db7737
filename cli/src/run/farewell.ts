import type { ApplyOutcome } from '@espalier/controller/local';
import { type Channel, writeLines } from '../channel.ts';
import type { RunOptions } from '../commands/run.ts';
import { printable } from '../render/printable.ts';
import { shellWords } from '../render/shell-words.ts';
import type { Stage } from './interrupts.ts';
import type { Snapshot } from './snapshot.ts';

/** What `run` says besides the table: how it began, what an interrupt does, how it ended. */

export function tellOutcome(stderr: Channel, outcome: ApplyOutcome, name: string): void {
  switch (outcome) {
    case 'created':
      return;
    case 'unchanged':
      stderr.write(`going on with ${name}\n`);
      return;
    case 'updated':
      stderr.write(`going on with ${name}, with the changes of the manifest\n`);
      return;
    case 'finished':
      stderr.write(`${name} has ended already; to run it again, delete it or rename it\n`);
  }
}

export function interruptText(stage: Stage): string {
  return stage === 'interrupting'
    ? 'trainers are saving; press Ctrl-C again to end at once'
    : 'ending the trainers at once';
}

/** The record calls interrupted trials Running, since the next run goes on with them; people wonder. */
export function withInterrupted(snapshot: Snapshot): Snapshot {
  const trials = snapshot.trials.map(({ trial }) => {
    const { status } = trial;
    const isActive = status?.phase === 'Running' || status?.phase === 'Starting';
    if (status === undefined || !isActive) return { trial };
    return {
      trial: { ...trial, status: { ...status, phase: 'Stopped' as const, reason: 'Interrupted' } },
    };
  });
  return { ...snapshot, trials };
}

export function tellHowToGoOn(
  stderr: Channel,
  { experiment }: Snapshot,
  stage: Stage,
  options: RunOptions,
): void {
  const progress = experiment.status?.progress;
  const done = progress === undefined ? '' : ` with ${progress} done`;
  const kept =
    stage === 'killing' ? 'running trials go on from their last checkpoint' : 'nothing is lost';
  writeLines(stderr, [`interrupted${done}; ${kept}`, `go on with: ${sameCommand(options)}`]);
}

function sameCommand(options: RunOptions): string {
  const { again, file, dir, namespace, parallel, data, allowCpu } = options;
  if (again !== undefined) return printable(again);
  const words: readonly (readonly [string, string | number | undefined])[] = [
    ['-f', file],
    ['--dir', dir],
    ['-n', namespace],
    ['--parallel', parallel],
    ['--data', data],
  ];
  const flags = words.flatMap(([flag, value]) =>
    value === undefined ? [] : [`${flag} ${shellWords([String(value)])}`],
  );
  return printable(['espalier run', ...flags, ...(allowCpu ? ['--allow-cpu'] : [])].join(' '));
}

export function tellResult(stderr: Channel, { experiment }: Snapshot): void {
  const { metadata, status } = experiment;
  const phase = status?.phase ?? 'Pending';
  const why = status?.message ?? status?.reason ?? '';
  const next =
    status?.best === undefined
      ? `what happened: espalier events ${metadata.name}`
      : `the best trial's files: espalier best ${metadata.name}`;
  const style = phase === 'Succeeded' ? 'good' : 'bad';
  writeLines(stderr, [
    `${metadata.name} ${stderr.paint(style, phase)}${why === '' ? '' : `: ${printable(why)}`}`,
    next,
  ]);
}
