import type { Figure, Mark, XY } from '../figure.ts';
import { linearScale, paddedRange } from '../scale.ts';
import { isBetter, type PlottedObjective, type PlottedTrial, type Sweep } from '../sweep.ts';
import { hintOf } from '../worth.ts';

type Valued = { readonly trial: PlottedTrial; readonly at: XY };

/** Two objectives against each other, and the trials that no other beats in both. */
export function drawPareto(sweep: Sweep): Figure {
  const [first, second] = sweep.objectives;
  if (first === undefined || second === undefined) {
    throw new RangeError(`${sweep.name} has one objective; a Pareto front needs two`);
  }
  const valued = sweep.trials.flatMap((trial): Valued[] => {
    const [x, y] = trial.values;
    return x === undefined || y === undefined || trial.end === 'failed'
      ? []
      : [{ trial, at: [x, y] }];
  });
  const front = frontOf(valued, first, second);
  const isOnFront = new Set(front.map(({ trial }) => trial.name));
  const dots = valued.map(
    ({ trial, at }): Mark => ({
      kind: 'dot',
      at,
      colour: isOnFront.has(trial.name) ? 'contrast' : 'quiet',
      trial: trial.name,
      hint: hintOf(sweep, trial),
    }),
  );
  return {
    title: `Pareto front of ${sweep.name}`,
    summary: `${front.length} of ${valued.length} trials are beaten by no other in both objectives.`,
    columns: 1,
    panelHeight: 420,
    panels: [
      {
        x: axisOf(
          first,
          valued.map(({ at }) => at[0]),
        ),
        y: axisOf(
          second,
          valued.map(({ at }) => at[1]),
        ),
        marks: [
          { kind: 'line', points: front.map(({ at }) => at), colour: 'contrast', isDashed: true },
          ...dots,
        ],
      },
    ],
    legend: [
      { text: 'on the front', colour: 'contrast', mark: 'dot' },
      { text: 'beaten', colour: 'quiet', mark: 'dot' },
    ],
  };
}

function axisOf({ metric, goal }: PlottedObjective, values: readonly number[]) {
  return { label: `${metric} (${goal})`, scale: linearScale(paddedRange(values)) };
}

/** From the best in the first objective on; of equal ones the first in index order. */
function frontOf(valued: readonly Valued[], first: PlottedObjective, second: PlottedObjective) {
  const sorted = valued.toSorted((a, b) => {
    if (a.at[0] !== b.at[0]) return isBetter(first.goal, a.at[0], b.at[0]) ? -1 : 1;
    if (a.at[1] !== b.at[1]) return isBetter(second.goal, a.at[1], b.at[1]) ? -1 : 1;
    return a.trial.index - b.trial.index;
  });
  const front: Valued[] = [];
  for (const each of sorted) {
    const last = front.at(-1);
    if (last === undefined || isBetter(second.goal, each.at[1], last.at[1])) front.push(each);
  }
  return front;
}
