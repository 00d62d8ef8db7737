import { count } from '../../render/number.ts';
import type { Figure, Mark, Panel, XY } from '../figure.ts';
import { linearScale, logScale, paddedRange } from '../scale.ts';
import { mainObjective, type PlottedTrial, type Sweep } from '../sweep.ts';
import { hintOf, worthOf } from '../worth.ts';

/** What each trial reported of the objective while it ran, the better ones in stronger colours. */
export function drawCurves(sweep: Sweep): Figure {
  const { metric } = mainObjective(sweep);
  const panel = curvePanel(sweep, metric);
  return {
    title: `Learning curves of ${sweep.name}`,
    summary: `${metric} of ${count(panel.marks.length, 'trial')} by ${panel.x.label}.`,
    columns: 1,
    panelHeight: 420,
    panels: [panel],
    legend: WORTH_LEGEND,
  };
}

/** The gradient norm before clipping, on a scale on which vanishing and exploding both show. */
export function drawGradNorm(sweep: Sweep): Figure {
  const metric = GRAD_NORMS.find((name) => curvesOf(sweep, name).length > 0) ?? 'grad_norm';
  const panel = curvePanel(sweep, metric, true);
  return {
    title: `Gradient norm of ${sweep.name}`,
    summary: `${metric} before clipping, of ${count(panel.marks.length, 'trial')} by ${panel.x.label}.`,
    columns: 1,
    panelHeight: 420,
    panels: [panel],
    legend: WORTH_LEGEND,
  };
}

const GRAD_NORMS = ['grad_norm', 'grad_norm_mean', 'grad_norm_max'];

export const WORTH_LEGEND = [
  { text: 'best', colour: 1, mark: 'line' },
  { text: 'middle', colour: 0.5, mark: 'line' },
  { text: 'worst', colour: 0, mark: 'line' },
] as const;

function curvePanel(sweep: Sweep, metric: string, isLog = false): Panel {
  const worth = worthOf(sweep);
  const curves = curvesOf(sweep, metric);
  const byEpoch = curves.every(({ points }) => hasEpochs(points));
  const marks: Mark[] = curves
    .toSorted((a, b) => (worth.get(a.trial.name) ?? 0) - (worth.get(b.trial.name) ?? 0))
    .map(({ trial, points }) => {
      const line = points.map(({ step, epoch, value }): XY => [byEpoch ? epoch : step, value]);
      const base = {
        colour: worth.get(trial.name) ?? ('quiet' as const),
        trial: trial.name,
        hint: hintOf(sweep, trial),
      };
      const [only] = line;
      return line.length === 1 && only !== undefined
        ? { ...base, kind: 'dot', at: only, radius: 3 }
        : { ...base, kind: 'line', points: line, width: 1.4 };
    });
  const all = curves.flatMap(({ points }) => points);
  const values = all.map(({ value }) => value);
  const places = all.map(({ step, epoch }) => (byEpoch ? epoch : step));
  return {
    x: {
      label: byEpoch ? 'epoch' : 'optimiser step',
      scale: linearScale(paddedRange(places, 0.02)),
    },
    y: { label: metric, scale: isLog ? logScale(values) : linearScale(paddedRange(values)) },
    marks,
  };
}

interface CurvePoint {
  readonly step: number;
  readonly epoch: number;
  readonly value: number;
}

interface Curve {
  readonly trial: PlottedTrial;
  readonly points: readonly CurvePoint[];
}

function curvesOf({ trials }: Sweep, metric: string): Curve[] {
  return trials.flatMap((trial) => {
    const points = trial.points.flatMap(({ step, epoch, values }) => {
      const value = values[metric];
      return value === undefined ? [] : [{ step, epoch, value }];
    });
    return points.length === 0 ? [] : [{ trial, points: thinned(points) }];
  });
}

/** More points than pixels help nobody. */
const MOST_POINTS = 400;

function thinned(points: readonly CurvePoint[]): readonly CurvePoint[] {
  const stride = Math.ceil(points.length / MOST_POINTS);
  return stride === 1
    ? points
    : points.filter((_, n) => n % stride === 0 || n === points.length - 1);
}

/** Whether it is reported once per epoch: then epochs say more than steps. */
function hasEpochs(points: readonly CurvePoint[]): boolean {
  return points.every(({ epoch }, n) => epoch > (points[n - 1]?.epoch ?? 0));
}
