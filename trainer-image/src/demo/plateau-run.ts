import { drawCurves } from '../plot/curves.ts';
import type { Picture } from '../plot/picture.ts';
import { descend, type Point } from './descent.ts';

const STEPS = 240;
/** A valley that bends: along its floor the way is flat, across it steep. */
const loss = (x: number, y: number): number =>
  0.5 * (8 * (y - 0.3 * Math.sin(x)) ** 2 + 0.02 * x * x) + 0.2;

function slopes(x: number, y: number): Point {
  const across = y - 0.3 * Math.sin(x);
  return [-8 * across * 0.3 * Math.cos(x) + 0.02 * x, 8 * across];
}

/** The losses and gradient norms of a descent whose rate is a little too large for the valley. */
export function plateauRun(rate: number): { losses: number[]; norms: number[] } {
  const points = descend({
    optimizer: 'sgd',
    from: [-6, 1.2],
    steps: STEPS,
    gradient: slopes,
    rate: () => rate,
  });
  return {
    losses: points.map(([x, y]) => loss(x, y)),
    norms: points.map(([x, y]) => Math.hypot(...slopes(x, y))),
  };
}

/** D2: the loss no longer falls although the gradient has not vanished. */
export function drawPlateau(): Picture {
  const { losses, norms } = plateauRun(0.2485);
  return drawCurves(losses, norms);
}
