import { emptyFold, type FeedFold, foldLine } from '../../controller/src/domain/trial/feed-fold.ts';
import { OBJECTIVE, pointOf } from './streams-points.ts';

/**
 * What the fold of an active trial keeps after 2,000 points, 100 of them with the objective. Prints
 * one JSON line; run with --expose-gc.
 */

const TRIALS = 2_000;
const POINTS = 2_000;

const folds: FeedFold[] = [];
const before = used();
for (let trial = 0; trial < TRIALS; trial++) {
  const fold = emptyFold({
    metric: OBJECTIVE,
    goal: 'maximize',
    resource: 'epoch',
    milestones: [1, 4, 16],
  });
  for (let first = 0; first < POINTS; first += 20) {
    const points = Array.from({ length: 20 }, (_, index) => pointOf(trial, first + index));
    foldLine(fold, 0, { kind: 'points', points }, first);
  }
  folds.push(fold);
}
const bytes = (used() - before) / folds.length;
process.stdout.write(`${JSON.stringify({ bytesPerActiveTrial: Math.round(bytes) })}\n`);

function used(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
