import { count } from '../../render/number.ts';
import type { Figure, Mark, Rail, XY } from '../figure.ts';
import { parameterAxis } from '../parameter-axis.ts';
import { linearScale, paddedRange } from '../scale.ts';
import { mainObjective, mainValue, type Sweep } from '../sweep.ts';
import { hintOf, worthOf } from '../worth.ts';
import { WORTH_LEGEND } from './curves.ts';

/** Every trial a line through its parameters to its value; where one is not active, it has a gap. */
export function drawParallel(sweep: Sweep): Figure {
  const { metric } = mainObjective(sweep);
  const worth = worthOf(sweep);
  const axes = sweep.parameters.map((parameter) => parameterAxis(sweep, parameter));
  const values = sweep.trials.map((trial) => mainValue(trial) ?? Number.NaN);
  const objective = linearScale(paddedRange(values));
  const last = axes.length;
  const shareOf = (place: number) => (last === 0 ? 0.5 : place / last);
  const rails: Rail[] = [
    ...axes.map(({ name, scale }, place) => ({ at: shareOf(place), label: name, scale })),
    { at: shareOf(last), label: metric, scale: objective },
  ];
  const marks = sweep.trials
    .filter((trial) => worth.has(trial.name))
    .toSorted((a, b) => (worth.get(a.name) ?? 0) - (worth.get(b.name) ?? 0))
    .map((trial): Mark => {
      const heights = [
        ...axes.map(({ scale, at }) => scale.at(at(trial))),
        objective.at(mainValue(trial) ?? Number.NaN),
      ];
      return {
        kind: 'line',
        points: heights.map((height, place): XY => [shareOf(place), height]),
        colour: worth.get(trial.name) ?? 0,
        trial: trial.name,
        hint: hintOf(sweep, trial),
      };
    });
  const whole = linearScale([0, 1]);
  return {
    title: `Parameters of ${sweep.name}`,
    summary: `${count(marks.length, 'trial')} with a value, each a line from its parameters to ${metric}.`,
    columns: 1,
    panelHeight: 420,
    panels: [
      {
        x: { label: '', scale: whole, isHidden: true },
        y: { label: '', scale: whole, isHidden: true },
        marks,
        rails,
      },
    ],
    legend: WORTH_LEGEND,
  };
}
