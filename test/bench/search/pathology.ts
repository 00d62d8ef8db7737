import { compileSpace, type Problem, suggest } from '@espalier/search';
import { NORMAL, PATHOLOGIES, type Pathology } from '../../../search/src/testing/pathologies.ts';

/** Results, as many as each algorithm still models in a time that matters. */
const SIZES: Record<string, number> = { tpe: 1000, gp: 100, 'cma-es': 1000 };
const ASKS = 15;

/**
 * How long a suggestion takes from a past that no model expects, as a multiple of a normal one's for
 * each parameter. Both take turns, so that whatever else the machine does meets both.
 */
export function* pathologyLines(): Generator<Record<string, unknown>> {
  for (const [algorithm, results] of Object.entries(SIZES)) {
    for (const [history, pathology] of Object.entries(PATHOLOGIES)) {
      const { dimensions } = pathology;
      if (algorithm === 'cma-es' && dimensions.some(({ kind }) => kind === 'categorical')) continue;
      const [normal, odd] = [NORMAL, pathology].map((past) => askerOf(past, algorithm, results));
      const times = Array.from({ length: ASKS }, (_, i) => [normal?.(i) ?? 0, odd?.(i) ?? 0]);
      const [normalMs, p50Ms] = [0, 1].map((side) => median(times.map((pair) => pair[side] ?? 0)));
      const ratio = (p50Ms ?? 0) / (normalMs ?? 0);
      const parameters = dimensions.length;
      const perParameter = (ratio * NORMAL.dimensions.length) / parameters;
      yield {
        ...{ bench: 'pathology', algorithm, history, results, parameters, p50Ms, normalMs, ratio },
        ...{ perParameter, isMet: perParameter <= 3 },
      };
    }
  }
}

function askerOf({ dimensions, entriesOf }: Pathology, algorithm: string, results: number) {
  const problem: Problem = {
    space: compileSpace(dimensions),
    ...{ goal: 'minimize', algorithm, seed: 1, maxTrials: results },
  };
  const entries = entriesOf(results);
  return (i: number) => {
    // CMA-ES goes on from the past that it was asked of last, and here that was another one.
    suggest(problem, { entries, running: [] }, results + i);
    const begun = performance.now();
    suggest(problem, { entries, running: [] }, results + i);
    return performance.now() - begun;
  };
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] as number;
}
