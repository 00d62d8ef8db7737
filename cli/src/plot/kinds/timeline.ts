import { formatDuration } from '../../render/duration.ts';
import { count } from '../../render/number.ts';
import type { Colour, Figure, Mark } from '../figure.ts';
import { durationScale, linearScale } from '../scale.ts';
import type { PlottedAttempt, Sweep } from '../sweep.ts';

/** When each attempt ran and how it ended, the first trial on top. */
export function drawTimeline(sweep: Sweep): Figure {
  const attempts = sweep.trials.flatMap(({ attempts: all }) => all);
  const begin = Math.min(...attempts.map(({ startMs }) => startMs));
  const end = Math.max(...attempts.map(({ endMs }) => endMs));
  const seconds = attempts.length === 0 ? 1 : Math.max((end - begin) / 1000, 1);
  const since = (ms: number) => (ms - begin) / 1000;
  const marks = sweep.trials.flatMap((trial) =>
    trial.attempts.map(
      (attempt): Mark => ({
        kind: 'bar',
        from: [since(attempt.startMs), -trial.index - 0.38],
        to: [since(attempt.endMs), -trial.index + 0.38],
        colour: OUTCOME_COLOURS[attempt.outcome] ?? 'quiet',
        trial: trial.name,
        hint: hintOfAttempt(trial.name, attempt),
      }),
    ),
  );
  const last = sweep.trials.at(-1)?.index ?? 0;
  return {
    title: `Timeline of ${sweep.name}`,
    summary: `${count(attempts.length, 'attempt')} of ${count(sweep.trials.length, 'trial')} in ${formatDuration(seconds * 1000)}.`,
    columns: 1,
    panelHeight: Math.min(900, Math.max(160, 16 * sweep.trials.length)),
    panels: [
      {
        x: { label: 'since the first start', scale: durationScale([0, seconds * 1.01]) },
        y: { label: 'trial', scale: downwards(last) },
        marks,
      },
    ],
    legend: [
      { text: 'succeeded', colour: 'good', mark: 'bar' },
      { text: 'stopped or paused', colour: 'accent', mark: 'bar' },
      { text: 'disrupted', colour: 'warning', mark: 'bar' },
      { text: 'failed', colour: 'bad', mark: 'bar' },
      { text: 'running', colour: 'contrast', mark: 'bar' },
    ],
  };
}

const OUTCOME_COLOURS: Readonly<Record<string, Colour>> = {
  Succeeded: 'good',
  Stopped: 'accent',
  Paused: 'accent',
  Disrupted: 'warning',
  Interrupted: 'warning',
  Failed: 'bad',
  Running: 'contrast',
};

/** Indices grow downwards, so places are their negatives. */
function downwards(last: number) {
  const scale = linearScale([-last - 0.6, 0.6]);
  return {
    at: scale.at,
    ticks: (most: number) =>
      scale
        .ticks(most)
        .filter(({ value }) => Number.isInteger(value))
        .map(({ value }) => ({ value, text: String(Math.abs(value)) })),
  };
}

function hintOfAttempt(trial: string, { number, outcome, startMs, endMs }: PlottedAttempt): string {
  return `${trial} attempt ${number}: ${outcome}\n${formatDuration(endMs - startMs)}`;
}
