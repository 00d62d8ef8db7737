import { count, formatMetric } from '../../render/number.ts';
import type { Colour, Figure, Mark, XY } from '../figure.ts';
import { INFEASIBLE } from '../infeasible.ts';
import { linearScale, paddedRange } from '../scale.ts';
import { isBetter, mainObjective, mainValue, type PlottedTrial, type Sweep } from '../sweep.ts';
import { hintOf } from '../worth.ts';

/** The value of each trial in the order of their indices, and the best so far. */
export function drawHistory(sweep: Sweep): Figure {
  const { metric, goal } = mainObjective(sweep);
  const marks: Mark[] = [];
  const best: XY[] = [];
  let champion: number | undefined;
  for (const trial of sweep.trials) {
    const value = mainValue(trial);
    if (value === undefined) continue;
    const colour = colourOf(trial);
    const at = [trial.index, value] as const;
    marks.push({ kind: 'dot', at, colour, trial: trial.name, hint: hintOf(sweep, trial) });
    if (trial.end === 'failed' || trial.isInfeasible) continue;
    if (champion === undefined || isBetter(goal, value, champion)) {
      if (champion !== undefined) best.push([trial.index, champion]);
      champion = value;
      best.push([trial.index, value]);
    }
  }
  const last = sweep.trials.at(-1)?.index ?? 0;
  if (champion !== undefined) best.push([last, champion]);
  return {
    title: `History of ${sweep.name}`,
    summary:
      champion === undefined
        ? 'No trial has a value yet.'
        : `${count(marks.length, 'trial')} with a value; the best ${metric} is ${formatMetric(champion)}.`,
    columns: 1,
    panelHeight: 360,
    panels: [
      {
        x: { label: 'trial', scale: linearScale(paddedRange([0, last], 0.02)) },
        y: {
          label: metric,
          scale: linearScale(
            paddedRange(marks.map((mark) => (mark.kind === 'dot' ? mark.at[1] : Number.NaN))),
          ),
        },
        marks: [{ kind: 'line', points: best, colour: 'contrast', width: 2 }, ...marks],
      },
    ],
    legend: [
      { text: 'complete', colour: 'accent', mark: 'dot' },
      { text: 'stopped, failed or running', colour: 'quiet', mark: 'dot' },
      ...(sweep.trials.some(({ isInfeasible }) => isInfeasible) ? [INFEASIBLE] : []),
      { text: 'best so far', colour: 'contrast', mark: 'line' },
    ],
  };
}

function colourOf({ end, isInfeasible }: PlottedTrial): Colour {
  if (isInfeasible) return INFEASIBLE.colour;
  return end === 'succeeded' ? 'accent' : 'quiet';
}
