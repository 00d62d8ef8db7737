import fc from 'fast-check';
import type { ConformanceCase, PastResult } from '../conformance.ts';
import type { DeclaredDomain, Dimension, Scale } from '../space/dimension.ts';
import { domainSize, prepareDomain, valueNumber } from '../space/domain.ts';

const MAX_INT = Number.MAX_SAFE_INTEGER;

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const ordered = <T extends number>(numbers: fc.Arbitrary<T>): fc.Arbitrary<[number, number]> =>
  fc
    .tuple(numbers, numbers)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);

const decades = fc.integer({ min: -300, max: 300 }).map((exponent) => Number(`1e${exponent}`));

function range(
  kind: 'float' | 'int',
  [min, max]: readonly [number, number],
  scale: Scale,
  step?: number,
): DeclaredDomain {
  return step === undefined ? { kind, min, max, scale } : { kind, min, max, scale, step };
}

const positive = fc.double({ min: Number.MIN_VALUE, noNaN: true, noDefaultInfinity: true });

const continuous: fc.Arbitrary<DeclaredDomain> = fc.oneof(
  ordered(finite).map((bounds) => range('float', bounds, 'linear')),
  ordered(decades).map((bounds) => range('float', bounds, 'log')),
  ordered(positive).map((bounds) => range('float', bounds, 'log')),
);

const ints = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.maxSafeInteger(),
  fc.constantFrom(-MAX_INT, MAX_INT),
);
const naturals = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: MAX_INT }));

const discrete: fc.Arbitrary<DeclaredDomain> = fc.oneof(
  fc
    .tuple(ordered(ints), fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }))
    .map(([bounds, step]) => range('int', bounds, 'linear', step)),
  ordered(naturals).map((bounds) => range('int', bounds, 'log')),
  fc
    .tuple(
      fc.integer({ min: -1000, max: 1000 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: -12, max: 6 }),
    )
    .map(([from, by, count, exponent]) => {
      const scaled = (n: number) => Number(`${n}e${exponent}`);
      return range('float', [scaled(from), scaled(from + by * count)], 'linear', scaled(by));
    }),
  fc
    .uniqueArray(finite, { minLength: 1, maxLength: 5, comparator: (a, b) => a === b })
    .map((values): DeclaredDomain => ({ kind: 'ordinal', type: 'float', values })),
  fc
    .uniqueArray(fc.string({ unit: 'binary', maxLength: 3 }), { minLength: 1, maxLength: 4 })
    .map((values): DeclaredDomain => ({ kind: 'categorical', type: 'string', values })),
  fc.constant<DeclaredDomain>({ kind: 'categorical', type: 'bool', values: [false, true] }),
  fc.integer().map((value): DeclaredDomain => ({ kind: 'fixed', type: 'int', value })),
);

/** `ordered`: numbers only, without conditions. */
export type SpaceKind = 'any' | 'discrete' | 'ordered';

interface Recipe {
  readonly domain: DeclaredDomain;
  /** Which earlier dimension is the parent, as a share of them; above 1 there is none. */
  readonly parent: number;
  readonly values: readonly number[];
}

function recipeOf(domain: fc.Arbitrary<DeclaredDomain>): fc.Arbitrary<Recipe> {
  const share = fc.double({ min: 0, max: 0.999, noNaN: true });
  return fc.record({
    domain,
    parent: fc.double({ min: 0, max: 1.5, noNaN: true }),
    values: fc.array(share, { minLength: 1, maxLength: 3 }),
  });
}

/**
 * Valid spaces of up to nine dimensions, with conditions as deep as there are dimensions, declared
 * in any order.
 */
export function spaces(kind: SpaceKind): fc.Arbitrary<readonly Dimension[]> {
  const recipe = recipeOf(kind === 'discrete' ? discrete : fc.oneof(continuous, discrete));
  const recipes =
    kind === 'ordered'
      ? recipe
          .filter(({ domain }) => domain.kind !== 'categorical')
          .map((ordered) => ({ ...ordered, parent: 2 }))
      : recipe;
  return fc
    .array(recipes, { minLength: 1, maxLength: 9 })
    .map(assemble)
    .chain((dimensions) =>
      fc.shuffledSubarray([...dimensions], {
        minLength: dimensions.length,
        maxLength: dimensions.length,
      }),
    );
}

/** Valid spaces with conditions at least three deep, and up to five dimensions more. */
export const deepSpaces: fc.Arbitrary<readonly Dimension[]> = fc
  .tuple(
    fc.array(discrete, { minLength: 4, maxLength: 4 }),
    fc.array(recipeOf(fc.oneof(continuous, discrete)), { maxLength: 5 }),
  )
  .map(([chain, others]) => {
    const names = chain.map((_, i) => `c${i}`);
    const start = chain.map((domain, i): Dimension => {
      const parent = chain[i - 1];
      const name = names[i] as string;
      if (parent === undefined) return { name, ...domain };
      const first = valueNumber(prepareDomain(parent), 0);
      return { name, ...domain, when: { parent: names[i - 1] as string, in: [first] } };
    });
    return assemble(others, start);
  });

function assemble(
  recipes: readonly Recipe[],
  start: readonly Dimension[] = [],
): readonly Dimension[] {
  const dimensions: Dimension[] = [...start];
  for (const [i, { domain, parent, values }] of recipes.entries()) {
    const name = i === 0 ? '__proto__' : `p${i}`;
    const possible = dimensions.filter((dimension) => {
      return domainSize(prepareDomain(dimension)) !== Number.POSITIVE_INFINITY;
    });
    const chosen = possible[Math.floor(parent * possible.length)];
    if (chosen === undefined) {
      dimensions.push({ name, ...domain });
    } else {
      const prepared = prepareDomain(chosen);
      const listed = values.map((share) =>
        valueNumber(prepared, Math.floor(share * Math.min(domainSize(prepared), 6))),
      );
      dimensions.push({ name, ...domain, when: { parent: chosen.name, in: listed } });
    }
  }
  return dimensions;
}

const result: fc.Arbitrary<PastResult> = fc.record(
  {
    outcome: fc.constantFrom(
      'succeeded' as const,
      'stopped' as const,
      'failed' as const,
      'diverged' as const,
      'infeasible' as const,
      'running' as const,
    ),
    value: fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 })),
  },
  { requiredKeys: ['outcome'] },
);

/** Mostly usable values, so that models have something to learn from. */
export const pastResults: fc.Arbitrary<PastResult> = fc.oneof(
  { arbitrary: result, weight: 1 },
  {
    arbitrary: fc.record({ outcome: fc.constant('succeeded' as const), value: fc.double() }),
    weight: 2,
  },
);

/** How much is asked of an algorithm in one case; each past result is a suggestion of its own. */
export interface CaseSize {
  /** Whether the past is mostly usable, as a model needs it, or of any kind. */
  readonly isLearnable: boolean;
  readonly leastPast: number;
  readonly mostPast: number;
  readonly mostIndices: number;
}

export function conformanceCases(kind: SpaceKind, size: CaseSize): fc.Arbitrary<ConformanceCase> {
  const { isLearnable, leastPast, mostPast, mostIndices } = size;
  const past = fc.array(isLearnable ? pastResults : result, {
    minLength: leastPast,
    maxLength: mostPast,
  });
  return fc.record({
    dimensions: spaces(kind),
    seed: fc.maxSafeInteger(),
    goal: fc.constantFrom('maximize' as const, 'minimize' as const),
    past,
    indices: fc.array(fc.oneof(fc.nat(40), fc.nat(100_000), fc.nat(2 ** 31 - 1)), {
      minLength: 1,
      maxLength: mostIndices,
    }),
  });
}
