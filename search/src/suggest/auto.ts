import { varyingDimensions } from '../space/space.ts';
import type { Algorithm } from './algorithm.ts';
import { proposeGp } from './gp/gp.ts';
import type { History, Problem } from './problem.ts';
import { proposeTpe } from './tpe/tpe.ts';

/** A Gaussian process gains little from more results than this, and takes the cube of their number. */
const MOST_RESULTS = 200;
/** With more at a time, most of what a Gaussian process would learn is still running. */
const MOST_RUNNING = 16;
/** In more dimensions length scales cannot be told from a few hundred results. */
const MOST_DIMENSIONS = 20;

/**
 * The Gaussian process and TPE by turns: even configuration numbers from the one, odd ones from the
 * other, both from the whole history. The first ten are random.
 *
 * Each fails where the other does not: the process on rough and noisy functions, TPE on smooth ones;
 * by turns they came close to the better one on every table tried. Above 200 results, 16 running
 * configurations or 20 parameters, for several objectives or under constraints it is TPE alone.
 */
export const auto: Algorithm = {
  name: 'auto',
  version: 2,
  usesHistory: true,
  usesSeed: true,
  takesSeveral: true,
  takesConstraints: true,
  takesPrior: true,
  heavyFrom: 10,
  check: () => [],
  propose: (problem, history, index) => ({
    kind: 'proposed',
    configuration:
      index % 2 === 0 && isForGp(problem, history)
        ? proposeGp(problem, history, index)
        : proposeTpe(problem, history, index),
  }),
};

function isForGp(
  { space, goals, isConstrained = false }: Problem,
  { entries, running }: History,
): boolean {
  return (
    goals === undefined &&
    !isConstrained &&
    entries.length <= MOST_RESULTS &&
    running.length <= MOST_RUNNING &&
    varyingDimensions(space).length <= MOST_DIMENSIONS
  );
}
