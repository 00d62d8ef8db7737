import { lossesOf, paretoFront } from '@espalier/search';
import { count } from '../../render/number.ts';
import type { Colour, Figure, Mark, XY } from '../figure.ts';
import { INFEASIBLE } from '../infeasible.ts';
import { linearScale, paddedRange } from '../scale.ts';
import type { PlottedObjective, PlottedTrial, Sweep } from '../sweep.ts';
import { hintOf } from '../worth.ts';

type Valued = { readonly trial: PlottedTrial; readonly at: XY };

/**
 * Two objectives against each other, and the trials that no other beats in both; with replicates, the
 * means that no other beats. Trials that miss a constraint beat nobody; they are drawn smaller and apart.
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one figure as data, from top to bottom
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
  const infeasible = valued.filter(({ trial }) => trial.isInfeasible);
  const own = sweep.front === undefined ? frontOf(valued, [first, second]) : [];
  const isOnFront = new Set(own.map(({ trial }) => trial.name));
  const means = (sweep.front ?? []).flatMap(({ configuration, values: [x, y] }) => {
    return x === undefined || y === undefined ? [] : [{ configuration, at: [x, y] as const }];
  });
  const line = [...own, ...means].map(({ at }) => at).toSorted((a, b) => a[0] - b[0]);
  const colourOf = ({ name, isInfeasible }: PlottedTrial): Colour => {
    if (isInfeasible) return INFEASIBLE.colour;
    return isOnFront.has(name) ? 'contrast' : 'quiet';
  };
  const dots = valued.map(
    ({ trial, at }): Mark => ({
      kind: 'dot',
      at,
      colour: colourOf(trial),
      ...(trial.isInfeasible ? { radius: 2.5 } : {}),
      trial: trial.name,
      hint: hintOf(sweep, trial),
    }),
  );
  return {
    title: `Pareto front of ${sweep.name}`,
    summary:
      sweep.front === undefined
        ? summaryOf(own.length, valued.length, infeasible.length)
        : `${count(means.length, 'mean')} on the front; each replicate is a dot of its own.`,
    columns: 1,
    panelHeight: 420,
    panels: [
      {
        x: axisOf(
          first,
          [...valued, ...means].map(({ at }) => at[0]),
        ),
        y: axisOf(
          second,
          [...valued, ...means].map(({ at }) => at[1]),
        ),
        marks: [
          { kind: 'line', points: line, colour: 'contrast', isDashed: true },
          ...dots,
          ...means.map(
            ({ at, configuration }): Mark => ({
              kind: 'dot',
              at,
              radius: 6,
              colour: 'contrast',
              hint: `mean of configuration ${configuration}`,
            }),
          ),
        ],
      },
    ],
    legend: [
      { text: 'on the front', colour: 'contrast', mark: 'dot' },
      {
        text: sweep.front === undefined ? 'beaten' : 'one replicate',
        colour: 'quiet',
        mark: 'dot',
      },
      ...(infeasible.length > 0 ? [INFEASIBLE] : []),
    ],
  };
}

function summaryOf(front: number, all: number, infeasible: number): string {
  const allowed = all - infeasible;
  const said = `${front} of ${count(allowed, 'trial')} are beaten by no other in both objectives.`;
  if (infeasible === 0) return said;
  const verb = infeasible === 1 ? 'misses' : 'miss';
  return `${said} ${count(infeasible, 'trial')} more ${verb} a constraint.`;
}

function axisOf({ metric, goal }: PlottedObjective, values: readonly number[]) {
  return { label: `${metric} (${goal})`, scale: linearScale(paddedRange(values)) };
}

/** Of those that meet the constraints. */
function frontOf(all: readonly Valued[], goals: readonly PlottedObjective[]) {
  const valued = all.filter(({ trial }) => !trial.isInfeasible);
  const directions = goals.map(({ goal }) => goal);
  const losses = valued.map(({ at }) => lossesOf(directions, at));
  return paretoFront(losses).map((place) => valued[place] as Valued);
}
