import { type Experiment, mainObjective } from '@espalier/api';
import { remainingMs } from '../view/estimate.ts';
import { parameterList, searchedParameters } from '../view/parameters.ts';
import { forLiveTable } from '../view/ranking.ts';
import { phaseStyle, type TrialRow } from '../view/trial-row.ts';
import { formatDuration } from './duration.ts';
import { formatMetric } from './number.ts';
import { printable } from './printable.ts';
import type { Paint, Style } from './style.ts';
import { trialsTable } from './trials-table.ts';
import { displayWidth, truncate } from './width.ts';

/** Everything that one frame of the live table shows. */
export interface LiveView {
  readonly experiment: Experiment;
  readonly rows: readonly TrialRow[];
  readonly trendOf: (trial: string) => readonly number[];
  /** How long this command has been running. */
  readonly elapsedMs: number;
  /** A last line, such as what Ctrl-C did. */
  readonly notice?: string;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const MOST_ROWS = 20;
const MOST_FAILURES = 3;

/** One frame of the live table: no line is wider than the terminal, and all fit on its height. */
export function liveFrame(view: LiveView, size: Size, paint: Paint): readonly string[] {
  const width = Math.max(1, size.columns);
  // One line stays free for the cursor, so that the terminal never scrolls.
  const height = Math.max(1, size.rows - 1);
  const head = [header(view, width, paint), bestLine(view, width, paint), ''];
  const tail = [
    ...troubles(view).map((text) => one(text, width, paint, 'warning')),
    ...failures(view, width, paint),
    ...(view.notice === undefined ? [] : [one(view.notice, width, paint, 'warning')]),
  ];
  const room = Math.min(MOST_ROWS, height - head.length - tail.length - 2);
  const body = room < 1 ? [] : table(view, room, width, paint);
  return [...head, ...body, ...tail].slice(0, height);
}

function header({ experiment, rows, elapsedMs }: LiveView, width: number, paint: Paint): string {
  const { status, metadata, spec } = experiment;
  const phase = status?.phase ?? 'Pending';
  const running = rows.filter((row) => row.phase === 'Running').length;
  const starting = rows.filter((row) => row.phase === 'Starting').length;
  const left = remainingMs(experiment, rows);
  return pieces(
    [
      ['strong', metadata.name],
      [phaseStyle(phase), phase],
      ['plain', `${status?.progress ?? `0/${spec.trials.max}`} done`],
      ['plain', `${running} running`],
      ...(starting > 0 ? [['plain', `${starting} starting`] as const] : []),
      ['plain', `${formatDuration(elapsedMs)} elapsed`],
      ...(left === undefined || phase !== 'Running'
        ? []
        : [['plain', `about ${formatDuration(left)} left`] as const]),
    ],
    width,
    paint,
  );
}

function bestLine({ experiment, rows }: LiveView, width: number, paint: Paint): string {
  const objective = mainObjective(experiment.spec);
  const { best } = experiment.status ?? {};
  if (best === undefined) {
    const wait = rows.length === 0 ? 'no trial yet' : `no ${objective.metric} reported yet`;
    return one(`best: ${wait}`, width, paint, 'quiet');
  }
  return pieces(
    [
      ['good', `best ${objective.metric} ${formatMetric(best.value)}`],
      ['plain', best.trial],
      ['plain', parameterList(best.parameters, searchedParameters(experiment))],
    ],
    width,
    paint,
  );
}

/** Joins pieces by two spaces and drops from the right what does not fit. */
function pieces(parts: readonly (readonly [Style, string])[], width: number, paint: Paint): string {
  let line = '';
  let used = 0;
  for (const [style, text] of parts) {
    const gap = used === 0 ? '' : '  ';
    const cut = truncate(printable(text), width - used - gap.length);
    if (cut === '') break;
    line += gap + paint(style, cut);
    used += gap.length + displayWidth(cut);
  }
  return line;
}

function one(text: string, width: number, paint: Paint, style: Style): string {
  return paint(style, truncate(printable(text), width));
}

function table(view: LiveView, room: number, width: number, paint: Paint): readonly string[] {
  const ordered = forLiveTable(view.rows, mainObjective(view.experiment.spec).goal);
  if (ordered.length === 0) return [];
  const shown = ordered.slice(0, room);
  const { lines, hidden } = trialsTable(view.experiment, shown, {
    width,
    paint,
    trendOf: view.trendOf,
    bestTrial: view.experiment.status?.best?.trial,
    isLive: true,
  });
  const more = ordered.length - shown.length;
  const notes = [
    ...(more > 0 ? [`${more} more: espalier trials ${view.experiment.metadata.name}`] : []),
    ...(hidden.length > 0 ? [`too narrow for: ${hidden.join(', ').toLowerCase()}`] : []),
  ];
  return notes.length === 0 ? lines : [...lines, one(notes.join('; '), width, paint, 'quiet')];
}

/** What is broken outside, while the Experiment goes on as well as it can. */
function troubles({ experiment }: LiveView): readonly string[] {
  const { metadata, status } = experiment;
  const degraded = (status?.conditions ?? [])
    .filter((condition) => condition.type === 'Degraded' && condition.status === 'True')
    .map(({ reason, message }) => `${reason}: ${message}`);
  const isPaused = status?.phase === 'Paused';
  return isPaused
    ? [...degraded, `paused; go on with: espalier resume ${metadata.name}`]
    : degraded;
}

/** The latest failures, and how to read their logs. */
function failures({ rows }: LiveView, width: number, paint: Paint): readonly string[] {
  const failed = rows.filter(({ phase }) => phase === 'Failed');
  return failed.slice(-MOST_FAILURES).map(({ name, state, trial }) => {
    const message = trial.status?.message ?? '';
    const where = `  (espalier logs ${name})`;
    const what = printable(`${name} ${state}${message === '' ? '' : `: ${message}`}`);
    // The way to the log matters more than the end of a long message.
    const room = width - displayWidth(where);
    return room < 20 ? one(what, width, paint, 'bad') : paint('bad', truncate(what, room)) + where;
  });
}
