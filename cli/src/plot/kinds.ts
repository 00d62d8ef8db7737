import type { Figure } from './figure.ts';
import { drawCurves, drawGradNorm } from './kinds/curves.ts';
import { drawHistory } from './kinds/history.ts';
import { drawImportance } from './kinds/importance.ts';
import { drawParallel } from './kinds/parallel.ts';
import { drawPareto } from './kinds/pareto.ts';
import { drawSlice } from './kinds/slice.ts';
import { drawTimeline } from './kinds/timeline.ts';
import type { PlotKind } from './plot-kind.ts';
import type { Sweep } from './sweep.ts';

export const DRAW: Readonly<Record<PlotKind, (sweep: Sweep) => Figure>> = {
  history: drawHistory,
  curves: drawCurves,
  parallel: drawParallel,
  importance: drawImportance,
  slice: drawSlice,
  timeline: drawTimeline,
  pareto: drawPareto,
  'grad-norm': drawGradNorm,
};
