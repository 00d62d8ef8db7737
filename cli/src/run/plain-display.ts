import { mainObjective } from '@espalier/api';
import type { Channel } from '../channel.ts';
import { formatDuration } from '../render/duration.ts';
import { formatMetric } from '../render/number.ts';
import { printable } from '../render/printable.ts';
import type { Style } from '../render/style.ts';
import { parameterList, searchedParameters } from '../view/parameters.ts';
import { phaseStyle, type TrialRow } from '../view/trial-row.ts';
import { type Change, ChangeDetector } from './changes.ts';
import type { RunDisplay, Snapshot } from './snapshot.ts';

/** A line for each event that a person would tell another: for logs, pipes and dumb terminals. */
export class PlainDisplay implements RunDisplay {
  readonly #channel: Channel;
  readonly #startedMs: number;
  readonly #now: () => number;
  readonly #changes = new ChangeDetector();

  constructor(channel: Channel, now: () => number) {
    this.#channel = channel;
    this.#now = now;
    this.#startedMs = now();
  }

  update(snapshot: Snapshot): void {
    for (const change of this.#changes.observe(snapshot)) {
      const line = plainLine(change, snapshot);
      if (line !== undefined) this.#line(line[0], line[1]);
    }
  }

  notice(text: string): void {
    this.#line(text, 'warning');
  }

  settled(text: string): void {
    this.#line(text, 'good');
  }

  close(): void {}

  #line(text: string, style: Style): void {
    const time = formatDuration(this.#now() - this.#startedMs).padStart(6);
    this.#channel.write(`${time}  ${this.#channel.paint(style, printable(text))}\n`);
  }
}

/** What to say of a change, `undefined` for what would be too much. */
export function plainLine(
  change: Change,
  { experiment }: Snapshot,
): readonly [string, Style] | undefined {
  const searched = searchedParameters(experiment);
  const { metric } = mainObjective(experiment.spec);
  switch (change.kind) {
    case 'phase':
      return [phaseText(change.experiment), phaseStyle(change.experiment.status?.phase ?? '')];
    case 'trial-started':
      return [join(change.row.name, 'started', parametersOf(change.row, searched)), 'plain'];
    case 'trial-restarted':
      return [`${change.row.name} started again, attempt ${change.row.attempt}`, 'warning'];
    case 'trial-ended':
      return [endedText(change.row, metric), phaseStyle(change.row.phase)];
    case 'best': {
      const { value, trial } = change.best;
      return [join(`best ${metric} ${formatMetric(value)}`, trial), 'good'];
    }
    case 'trial-progress':
      return undefined;
  }
}

function join(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('  ');
}

function parametersOf(row: TrialRow, searched: readonly string[]): string {
  return searched.length === 0 ? '' : parameterList(row.trial.spec.parameters, searched);
}

function phaseText({ metadata, status, spec }: Snapshot['experiment']): string {
  const phase = status?.phase ?? 'Pending';
  const progress = status?.progress ?? `0/${spec.trials.max}`;
  const message = status?.message ?? '';
  const hint = phase === 'Paused' ? `go on with: espalier resume ${metadata.name}` : '';
  return join(`${metadata.name} ${phase}, ${progress} done`, message, hint);
}

function endedText(row: TrialRow, metric: string): string {
  const value = row.value === undefined ? '' : `${metric} ${formatMetric(row.value)}`;
  const epochs = row.epoch > 0 ? `epoch ${row.epoch}${row.epochs ? `/${row.epochs}` : ''}` : '';
  const time = row.elapsedMs === undefined ? '' : `in ${formatDuration(row.elapsedMs)}`;
  const message = row.phase === 'Failed' ? (row.trial.status?.message ?? '') : '';
  const log = row.phase === 'Failed' ? `log: espalier logs ${row.name}` : '';
  const how = row.state === row.phase ? row.phase : `${row.phase} (${row.state})`;
  return join(row.name, how, value, epochs, time, message, log);
}
