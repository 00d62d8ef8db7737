import { compileSpace } from '../space/compile.ts';
import type { Configuration, Dimension } from '../space/dimension.ts';
import { EMPTY_HISTORY, type HistoryEntry, type Problem } from '../suggest/problem.ts';
import { suggest } from '../suggest/suggest.ts';
import { float } from './search.ts';

/** A past that no model expects, and as many results as there were. */
export interface Pathology {
  readonly dimensions: readonly Dimension[];
  readonly entriesOf: (results: number) => readonly HistoryEntry[];
}

const TEN = Array.from({ length: 10 }, (_, i) => float(`x${i}`));
const FIFTY = Array.from({ length: 50 }, (_, i) => float(`x${i}`));
const CHOICES: readonly Dimension[] = Array.from({ length: 10 }, (_, i) => ({
  ...{ name: `x${i}`, kind: 'categorical', type: 'string' },
  values: Array.from({ length: 300 }, (_value, v) => `v${v}`),
}));

/** What the others are compared with. */
export const NORMAL: Pathology = {
  dimensions: TEN,
  entriesOf: drawn(TEN, (index, at) => ({ value: distance(at) + index / 1e6 })),
};

/** By name: ten parameters if the name does not say otherwise. */
export const PATHOLOGIES: Readonly<Record<string, Pathology>> = {
  'all values equal': { dimensions: TEN, entriesOf: drawn(TEN, () => ({ value: 1 })) },
  'all failed': { dimensions: TEN, entriesOf: drawn(TEN, () => ({ outcome: 'failed' })) },
  'all values NaN': { dimensions: TEN, entriesOf: drawn(TEN, () => ({ value: Number.NaN })) },
  'one configuration over and over': {
    dimensions: TEN,
    entriesOf: (results) =>
      drawn(TEN, (index) => ({ value: index }))(results).map((entry, _, [first]) => {
        return { ...entry, configuration: first?.configuration ?? {} };
      }),
  },
  'all but one at a bound': {
    dimensions: TEN,
    entriesOf: (results) =>
      drawn(TEN, (index) => ({ value: index }))(results).map((entry, i) => {
        return i === 0 ? entry : { ...entry, configuration: constant(TEN, 0) };
      }),
  },
  'each choice once': {
    dimensions: CHOICES,
    entriesOf: (results) =>
      Array.from({ length: results }, (_, index) => ({
        ...{ index, outcome: 'succeeded', value: index },
        configuration: constant(CHOICES, `v${index % 300}`),
      })),
  },
  'fifty parameters': {
    dimensions: FIFTY,
    entriesOf: drawn(FIFTY, (_, at) => ({ value: distance(at) })),
  },
};

function drawn(
  dimensions: readonly Dimension[],
  resultOf: (index: number, at: Configuration) => Partial<HistoryEntry>,
): Pathology['entriesOf'] {
  return (results) => {
    const problem: Problem = {
      space: compileSpace(dimensions),
      ...{ goal: 'minimize', algorithm: 'random', seed: 1, maxTrials: results },
    };
    return Array.from({ length: results }, (_, index): HistoryEntry => {
      const suggestion = suggest(problem, EMPTY_HISTORY, index);
      const configuration = suggestion.kind === 'suggested' ? suggestion.configuration : {};
      return { index, configuration, outcome: 'succeeded', ...resultOf(index, configuration) };
    });
  };
}

function constant(dimensions: readonly Dimension[], value: number | string): Configuration {
  return Object.fromEntries(dimensions.map(({ name }) => [name, value]));
}

function distance(at: Configuration): number {
  return Object.values(at).reduce<number>((sum, x) => sum + (Number(x) - 0.3) ** 2, 0);
}
