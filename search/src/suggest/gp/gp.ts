import { generatorFor } from '../../numeric/generator.ts';
import { hashText, keyOf } from '../../numeric/hash.ts';
import type { Configuration } from '../../space/dimension.ts';
import { repair } from '../../space/feasible.ts';
import { fulfils, type ParameterLimit } from '../../space/limits.ts';
import type { Algorithm } from '../algorithm.ts';
import { type Observations, observe, wasTried } from '../observations.ts';
import type { History, Problem } from '../problem.ts';
import { drawWithin } from '../random.ts';
import { drawStartup, STARTUP } from '../startup.ts';
import { proposeTpe } from '../tpe/tpe.ts';
import { logExpectedImprovement } from './acquisition.ts';
import { climb, type Peak, type Terrain } from './climb.ts';
import { fitHyperparameters } from './fit.ts';
import { modelRow, movesOf } from './moves.ts';
import { chooseStarts, configurationAt, drawPoints, unitsOfConfiguration } from './starts.ts';
import { selectRows, type Training, trainingOf } from './training.ts';

const PURPOSE = hashText('gp');
/** Fitting takes the cube of the number of results; beyond this many TPE does better by the second. */
const MOST_RESULTS = 300;
/** Hyperparameters are fitted to at most so many, the best and some evenly from all others. */
const MOST_FITTED = 128;
/** Running configurations that a suggestion takes into account: the newest. */
const MOST_RUNNING = 64;
/** Of so many of the best, long lists of choices are tried value by value. */
const GOOD = 12;

/**
 * Gaussian process: models the results by a smooth random function and takes the configuration of
 * the largest expected improvement, in which what runs counts as what it may turn out to be.
 *
 * Budgets are in evaluations; nothing is remembered between suggestions. Above 300 results the
 * suggestions are those of `tpe`.
 */
export const gp: Algorithm = {
  name: 'gp',
  version: 2,
  usesHistory: true,
  usesSeed: true,
  takesPrior: true,
  heavyFrom: STARTUP,
  check: () => [],
  propose: (problem, history, index) => ({
    kind: 'proposed',
    configuration: proposeGp(problem, history, index),
  }),
};

export function proposeGp(problem: Problem, history: History, index: number): Configuration {
  const { space, goal, seed, limits } = problem;
  if (history.entries.length < STARTUP) return drawStartup(problem, index);
  if (history.entries.length > MOST_RESULTS) return proposeTpe(problem, history, index);
  const observations = observe(space, history);
  const training = trainingOf(goal, observations);
  if (training === undefined) return drawWithin(problem, index);
  const { isChoice, points, values } = training;
  const fitted = selectRows(training, MOST_FITTED);
  const hyper = fitHyperparameters(fitted.points, fitted.values);
  const key = keyOf(seed, index, PURPOSE);
  const acquisition = logExpectedImprovement(
    ...[points, values, hyper, runningRows(observations, isChoice), key.lo],
  );
  const { relevances } = hyper;
  const { domains } = observations;
  const good = bestFirst(observations, training, GOOD);
  const moves = movesOf(space, domains, good);
  const terrain: Terrain = { acquisition, moves, domains, isChoice, relevances };
  const peakAt = (units: Float64Array): Peak => {
    return { units, value: acquisition(modelRow(units, isChoice)) };
  };
  const candidates = drawPoints(space, domains, key.hi, candidateCount(points.count))
    .filter((units) => limits === undefined || fulfils(limits, toConfiguration(units)))
    .map(peakAt);
  const generator = generatorFor(seed, index, PURPOSE);
  const starts =
    candidates.length === 0 ? [] : chooseStarts(candidates, startCount(points.count), generator);
  const climbed = [...good.slice(0, 1), ...starts].map((units) => climb(terrain, units));
  const peaks = limits === undefined ? climbed : climbed.flatMap((peak) => within(limits, peak));
  const best = bestUntried(observations, peaks) ?? bestUntried(observations, candidates);
  const last = best ?? peaks[0];
  return last === undefined ? drawWithin(problem, index) : toConfiguration(last.units);

  function toConfiguration(units: Float64Array): Configuration {
    return configurationAt(space, domains, units);
  }

  /** A climb knows no limits: what it reached is moved to where they hold, if it can be. */
  function within(all: readonly ParameterLimit[], peak: Peak): readonly Peak[] {
    const configuration = toConfiguration(peak.units);
    if (fulfils(all, configuration)) return [peak];
    const moved = repair(space, all, configuration);
    if (moved === undefined) return [];
    const units = unitsOfConfiguration(space, domains, moved);
    return fulfils(all, toConfiguration(units)) ? [peakAt(units)] : [];
  }
}

/** A power of two, as a Sobol sequence likes it; fewer where each costs more. */
function candidateCount(results: number): number {
  return results <= 64 ? 2048 : results <= 160 ? 1024 : 512;
}

function startCount(results: number): number {
  return results <= 64 ? 9 : results <= 160 ? 7 : 5;
}

function runningRows({ results, columns }: Observations, isChoice: Uint8Array) {
  const rows = [...results.keys()].filter((row) => results[row] === undefined);
  return rows.slice(-MOST_RUNNING).map((row) => modelRow(unitsOf(columns, row), isChoice));
}

function unitsOf(columns: readonly Float64Array[], row: number): Float64Array {
  return Float64Array.from(columns, (column) => column[row] as number);
}

/** The coordinates of the best configurations so far, the older first of equal ones. */
function bestFirst(
  { columns }: Observations,
  { rows, values }: Training,
  most: number,
): readonly Float64Array[] {
  const ranked = [...values.keys()].toSorted(
    (a, b) => (values[b] as number) - (values[a] as number),
  );
  return ranked.slice(0, most).map((i) => unitsOf(columns, rows[i] as number));
}

function bestUntried(observations: Observations, peaks: readonly Peak[]): Peak | undefined {
  return peaks
    .toSorted((a, b) => b.value - a.value)
    .find(({ units }) => !wasTried(observations, units));
}
