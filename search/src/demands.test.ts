import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CONFORMANCE, type ConformanceCase, type Demands, subjectOf } from './conformance.ts';
import { compileSpace } from './space/compile.ts';
import type { Configuration, Dimension } from './space/dimension.ts';
import { fulfils, limitValue, type ParameterLimit } from './space/limits.ts';
import type { Space } from './space/space.ts';
import { EMPTY_HISTORY, type HistoryEntry, type Problem } from './suggest/problem.ts';
import { drawConfiguration } from './suggest/random.ts';
import { ALGORITHMS } from './suggest/registry.ts';
import { checkProblem, suggest } from './suggest/suggest.ts';
import { conformanceCases, type SpaceKind } from './testing/arbitraries.ts';
import { float } from './testing/search.ts';

// What is asked of a search beside one objective, on random spaces and pasts.

const SPACES: Record<string, SpaceKind> = { 'cma-es': 'ordered', grid: 'discrete' };
const SLOW = new Set(['auto', 'gp']);
const IS_ALL = process.env['ESPALIER_TEST_ALL'] === '1';

/** Limits that at least the witness fulfils, over numbers that can be added up. */
function limitsAround(
  { dimensions }: Space,
  witness: Configuration,
  shares: readonly number[],
): readonly ParameterLimit[] {
  const numeric = dimensions.filter(({ name, domain }) => {
    const ends = domain.kind === 'list' ? domain.values : [domain.min, domain.max];
    const isSmall = ends.every((end) => typeof end === 'number' && Math.abs(end) < 1e12);
    return isSmall && typeof witness[name] === 'number' && Object.hasOwn(witness, name);
  });
  return shares.flatMap((share, i): ParameterLimit[] => {
    const chosen = numeric.filter((_, at) => (at + i) % 3 !== 2);
    const isPositive = chosen.every(({ domain }) =>
      domain.kind === 'list'
        ? domain.values.every((value) => (value as number) > 1e-6)
        : domain.min > 1e-6,
    );
    if (chosen.length === 0) return [];
    const kind = isPositive && i % 2 === 1 ? 'product' : 'sum';
    const terms = chosen.map(({ name }, at) => ({ parameter: name, by: at % 2 === 0 ? 1 : -2 }));
    const at = limitValue({ kind, terms }, witness) ?? 0;
    const slack = share * Math.abs(at);
    return [i % 3 === 2 ? { kind, terms, min: at - slack } : { kind, terms, max: at + slack }];
  });
}

const shares = fc.array(fc.constantFrom(0, 0.01, 0.5), { minLength: 1, maxLength: 3 });

/** The case with these demands, as far as the algorithm takes them; of a grid too large nothing is asked. */
function demanding(algorithm: string, given: ConformanceCase, limited: readonly number[]) {
  const space = compileSpace(given.dimensions);
  const info = ALGORITHMS.find(({ name }) => name === algorithm);
  const witness = drawConfiguration(space, given.seed, 7);
  const limits = limitsAround(space, witness, limited);
  const first = given.dimensions.find(({ when }) => when === undefined);
  const kept = first && witness[first.name];
  const demands: Demands = {
    ...(limits.length === 0 ? {} : { limits }),
    ...(first === undefined || kept === undefined ? {} : { enqueued: [{ [first.name]: kept }] }),
    ...(info?.takesSeveral === true ? { goals: [given.goal, 'minimize', 'maximize'] } : {}),
    ...(info?.takesConstraints === true ? { isConstrained: true } : {}),
    ...(info?.takesPrior === true ? { prior: [priorEntry(witness, -1)] } : {}),
  };
  const past = given.past.map((result, i) => ({
    ...result,
    ...(result.value === undefined ? {} : { values: [result.value, i % 5, (i * 7) % 4] }),
    violation: [0, 0, i, Number.NaN][i % 4] ?? 0,
  }));
  const problem: Problem = {
    ...{ space, goal: given.goal, algorithm, seed: given.seed, maxTrials: 10, ...demands },
  };
  return { problem, case: { ...given, past, demands } };
}

function priorEntry(configuration: Configuration, index: number): HistoryEntry {
  return { index, configuration, outcome: 'succeeded', value: 1, values: [1, 2, 3] };
}

for (const algorithm of ALGORITHMS) {
  describe(`U24 ${algorithm.name} with several objectives, constraints, limits and a beginning`, () => {
    const isSlow = SLOW.has(algorithm.name);
    const size = { isLearnable: true, leastPast: 9, mostPast: isSlow ? 12 : 24, mostIndices: 3 };
    const cases = conformanceCases(SPACES[algorithm.name] ?? 'any', size);
    const numRuns = (isSlow ? 6 : 30) * (IS_ALL ? 20 : 1);
    const each = (check: (given: ReturnType<typeof demanding>) => void) => {
      let checked = 0;
      fc.assert(
        fc.property(cases, shares, (given, limited) => {
          const subject = demanding(algorithm.name, given, limited);
          if (checkProblem(subject.problem).length > 0) return;
          checked++;
          check(subject);
        }),
        { numRuns },
      );
      assert.ok(checked * 3 > numRuns, `only ${checked} of ${numRuns} cases have a solution`);
    };

    for (const check of CONFORMANCE.filter(({ appliesTo }) => appliesTo(algorithm))) {
      test(check.title, () => each((given) => check.run(subjectOf(algorithm), given.case)));
    }

    test('every suggestion keeps the limits, and the enqueued one its values', () => {
      each(({ problem, case: { indices } }) => {
        for (const index of [0, ...indices]) {
          const suggestion = suggest(problem, EMPTY_HISTORY, index);
          if (suggestion.kind === 'exhausted') continue;
          assert.ok(fulfils(problem.limits, suggestion.configuration));
          if (index > 0) continue;
          for (const [name, value] of Object.entries(problem.enqueued?.[0] ?? {})) {
            assert.equal(suggestion.configuration[name], value);
          }
        }
      });
    });
  });
}

const SQUARE: readonly Dimension[] = [float('x'), float('y')];
const square = (changes: Partial<Problem>): Problem => ({
  space: compileSpace(SQUARE),
  ...{ goal: 'minimize', algorithm: 'tpe', seed: 1, maxTrials: 50 },
  ...changes,
});
const sum = (bounds: Partial<ParameterLimit>, ...names: string[]): ParameterLimit => ({
  kind: 'sum',
  terms: names.map((parameter) => ({ parameter, by: 1 })),
  ...bounds,
});

const refused: Record<string, { problem: Partial<Problem>; want: string }> = {
  'gp refuses several objectives': {
    problem: { algorithm: 'gp', goals: ['minimize', 'minimize'] },
    want: 'one-objective-only',
  },
  'cma-es refuses several objectives': {
    problem: { algorithm: 'cma-es', goals: ['minimize', 'minimize'] },
    want: 'one-objective-only',
  },
  'gp refuses constraints': {
    problem: { algorithm: 'gp', isConstrained: true },
    want: 'no-constraints',
  },
  'random refuses earlier results': {
    problem: { algorithm: 'random', prior: [priorEntry({ x: 0, y: 0 }, -1)] },
    want: 'no-prior',
  },
  'a limit on a parameter that is not declared': {
    problem: { limits: [sum({ max: 1 }, 'x', 'z')] },
    want: 'limit-unknown',
  },
  'a limit on a text': {
    problem: {
      space: compileSpace([{ name: 'x', kind: 'categorical', type: 'string', values: ['a', 'b'] }]),
      limits: [sum({ max: 1 }, 'x')],
    },
    want: 'limit-not-numeric',
  },
  'a product of what can be 0': {
    problem: { limits: [{ ...sum({ max: 1 }, 'x'), kind: 'product' }] },
    want: 'limit-not-positive',
  },
  'a weight of 0': {
    problem: { limits: [{ kind: 'sum', terms: [{ parameter: 'x', by: 0 }], max: 1 }] },
    want: 'limit-factor',
  },
  'a parameter twice': { problem: { limits: [sum({ max: 1 }, 'x', 'x')] }, want: 'limit-twice' },
  'a sum that no values reach': {
    problem: { limits: [sum({ min: 2.1 }, 'x', 'y')] },
    want: 'limit-never',
  },
  'limits that exclude each other': {
    problem: { limits: [sum({ max: 0.5 }, 'x', 'y'), sum({ min: 0.6 }, 'x')] },
    want: 'limits-not-feasible',
  },
  'an enqueued configuration against the limits': {
    problem: { limits: [sum({ max: 0.5 }, 'x', 'y')], enqueued: [{ x: 0.1 }, { x: 0.6 }] },
    want: 'enqueued-not-feasible',
  },
  'a grid too large to look through': {
    problem: {
      space: compileSpace([{ ...{ name: 'x', kind: 'int', scale: 'linear' }, min: 0, max: 1e6 }]),
      ...{ algorithm: 'grid', limits: [sum({ max: 10 }, 'x')] },
    },
    want: 'grid-too-large',
  },
};
for (const [name, { problem, want }] of Object.entries(refused)) {
  test(`U24 ${name} is refused before anything starts`, () => {
    assert.deepEqual(
      checkProblem(square(problem)).map(({ code }) => code),
      [want],
    );
  });
}

test('U24 random, sobol and grid take several objectives and constraints as they are', () => {
  for (const algorithm of ['random', 'sobol', 'auto', 'tpe']) {
    const problem = square({ algorithm, goals: ['minimize', 'maximize'], isConstrained: true });
    assert.deepEqual(checkProblem(problem), []);
  }
});

test('U24 limits that hold at a single point are kept by moving parameters there', () => {
  const problem = square({ limits: [sum({ max: 1e-9 }, 'x', 'y')] });
  for (const algorithm of ['random', 'sobol', 'tpe', 'cma-es', 'gp', 'auto']) {
    const suggestion = suggest({ ...problem, algorithm }, EMPTY_HISTORY, 3);
    assert.equal(suggestion.kind, 'suggested');
    if (suggestion.kind === 'suggested') {
      assert.ok(fulfils(problem.limits, suggestion.configuration), algorithm);
    }
  }
});

test('U24 a grid has exactly the cells that keep the limits, each once, after what was enqueued', () => {
  const values = [1, 2, 3, 4, 5, 6];
  const list = (name: string) => ({ name, kind: 'ordinal' as const, type: 'int' as const, values });
  const limits = [{ ...sum({ max: 12 }, 'a', 'b'), kind: 'product' as const }];
  const space = compileSpace([list('a'), list('b')]);
  const problem = square({ space, algorithm: 'grid', limits, enqueued: [{ a: 6 }] });
  const all: Configuration[] = [];
  for (let index = 0; ; index++) {
    const suggestion = suggest(problem, EMPTY_HISTORY, index);
    if (suggestion.kind === 'exhausted') {
      assert.match(suggestion.reason, /the grid has 23 configurations/);
      break;
    }
    all.push(suggestion.configuration);
  }
  const want = values.flatMap((a) => values.filter((b) => a * b <= 12).map((b) => ({ a, b })));
  assert.equal(all[0]?.['a'], 6);
  assert.deepEqual(all.slice(1), want);
});
