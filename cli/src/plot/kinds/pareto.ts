import { paretoFront } from '@espalier/search';
import { count } from '../../render/number.ts';
import type { Figure, Mark, XY } from '../figure.ts';
import { linearScale, paddedRange } from '../scale.ts';
import type { PlottedObjective, PlottedTrial, Sweep } from '../sweep.ts';
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
  const front = frontOf(valued, [first, second]);
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
    summary: `${front.length} of ${count(valued.length, 'trial')} are beaten by no other in both objectives.`,
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

/** In the order of the first objective. */
function frontOf(valued: readonly Valued[], goals: readonly PlottedObjective[]) {
  const losses = valued.map(({ at }) =>
    at.map((value, m) => (goals[m]?.goal === 'maximize' ? -value : value)),
  );
  return paretoFront(losses)
    .map((place) => valued[place] as Valued)
    .toSorted((a, b) => a.at[0] - b.at[0]);
}
