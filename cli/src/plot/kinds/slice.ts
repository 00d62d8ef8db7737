import type { Figure, Mark, Panel } from '../figure.ts';
import { parameterAxis } from '../parameter-axis.ts';
import { linearScale, paddedRange } from '../scale.ts';
import { mainObjective, mainValue, type Sweep } from '../sweep.ts';
import { hintOf, worthOf } from '../worth.ts';

/** The value over each parameter on its own. */
export function drawSlice(sweep: Sweep): Figure {
  const { metric } = mainObjective(sweep);
  const worth = worthOf(sweep);
  const values = sweep.trials.map((trial) => mainValue(trial) ?? Number.NaN);
  const scale = linearScale(paddedRange(values));
  const panels = sweep.parameters.map((parameter): Panel => {
    const axis = parameterAxis(sweep, parameter);
    const marks = sweep.trials.flatMap((trial): Mark[] => {
      const [x, y] = [axis.at(trial), mainValue(trial)];
      if (Number.isNaN(x) || y === undefined) return [];
      const colour = worth.get(trial.name) ?? 'quiet';
      const hint = hintOf(sweep, trial);
      return [{ kind: 'dot', at: [x, y], colour, trial: trial.name, hint }];
    });
    return { x: { label: axis.name, scale: axis.scale }, y: { label: metric, scale }, marks };
  });
  return {
    title: `${metric} of ${sweep.name} by parameter`,
    summary: `${panels.length} parameters, one panel each.`,
    columns: Math.min(3, Math.max(1, panels.length)),
    panelHeight: 260,
    panels,
  };
}
