import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CONFORMANCE, type Subject, subjectOf } from './conformance.ts';
import { compileSpace } from './space/compile.ts';
import type { Configuration, Dimension } from './space/dimension.ts';
import type { AlgorithmInfo } from './suggest/algorithm.ts';
import { EMPTY_HISTORY, type History } from './suggest/problem.ts';
import { ALGORITHMS } from './suggest/registry.ts';
import { suggest } from './suggest/suggest.ts';
import { type CaseSize, conformanceCases, type SpaceKind } from './testing/arbitraries.ts';

/** What an algorithm takes, if not every space. */
const SPACES: Record<string, SpaceKind> = { 'cma-es': 'ordered', grid: 'discrete' };

/** Algorithms that fit a Gaussian process: milliseconds a suggestion, where others take a fraction. */
const SLOW = new Set(['auto', 'gp']);

function sizeFor({ name, usesHistory }: AlgorithmInfo): CaseSize & { readonly numRuns: number } {
  if (!usesHistory) {
    return { isLearnable: false, leastPast: 0, mostPast: 12, mostIndices: 12, numRuns: 300 };
  }
  return SLOW.has(name)
    ? { isLearnable: true, leastPast: 9, mostPast: 14, mostIndices: 2, numRuns: 8 }
    : { isLearnable: true, leastPast: 8, mostPast: 32, mostIndices: 12, numRuns: 60 };
}

for (const algorithm of ALGORITHMS) {
  describe(`${algorithm.name} conforms`, () => {
    const kind = SPACES[algorithm.name] ?? 'any';
    const { numRuns, ...size } = sizeFor(algorithm);
    const cases = conformanceCases(kind, size);
    for (const check of CONFORMANCE.filter(({ appliesTo }) => appliesTo(algorithm))) {
      test(check.title, () => {
        fc.assert(
          fc.property(cases, (given) => check.run(subjectOf(algorithm), given)),
          { numRuns },
        );
      });
    }
    if (!algorithm.usesSeed) return;
    test('two seeds give two searches', () => {
      fc.assert(
        fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (one, other) => {
          fc.pre(one !== other);
          assert.notDeepEqual(firstFour(algorithm.name, one), firstFour(algorithm.name, other));
        }),
        { numRuns: 300 },
      );
    });
  });
}

const DIMENSIONS: readonly Dimension[] = [
  { name: 'lr', kind: 'float', min: 1e-5, max: 1e-1, scale: 'log' },
  { name: 'width', kind: 'int', min: 1, max: 64, scale: 'linear' },
];

function firstFour(algorithm: string, seed: number) {
  const problem = {
    space: compileSpace(DIMENSIONS),
    goal: 'minimize' as const,
    algorithm,
    seed,
    maxTrials: 4,
  };
  return [0, 1, 2, 3].map((index) => suggest(problem, EMPTY_HISTORY, index));
}

// The suite itself must be able to fail: each broken algorithm is caught by a check of its own.
const RANDOM: Subject = { name: 'random', version: 1, usesHistory: false, usesSeed: true, suggest };
let calls = 0;
const broken: Record<string, Subject['suggest']> = {
  'lies within its declared domain': altered(() => ({ lr: 0.2, width: 8 })),
  'present exactly if its condition holds': altered(() => ({ width: 8, lr: 0.01 })),
  'whatever was asked before': altered(() => ({ lr: 0.01, width: 1 + (calls++ % 64) })),
  'failures, NaN and infinities': altered((history) => {
    if (history.entries.some(({ value }) => Number.isNaN(value))) throw new Error('NaN');
    return { lr: 0.01, width: 8 };
  }),
  'does not depend on it': altered(({ entries }) => ({ lr: 0.01, width: 1 + entries.length })),
  'names its algorithm': (...given) => ({
    ...suggest(...given),
    ...{ kind: 'suggested' as const, algorithm: 'random', usesHistory: false, configuration: {} },
  }),
};

function altered(configuration: (history: History) => Configuration): Subject['suggest'] {
  return (problem, history, index) => {
    const suggestion = suggest(problem, history, index);
    if (suggestion.kind === 'exhausted') return suggestion;
    return { ...suggestion, configuration: configuration(history) };
  };
}

for (const [title, brokenSuggest] of Object.entries(broken)) {
  test(`the suite notices an algorithm that breaks "... ${title} ..."`, () => {
    const check = CONFORMANCE.find((candidate) => candidate.title.includes(title));
    const given = {
      dimensions: DIMENSIONS,
      seed: 1,
      goal: 'minimize' as const,
      past: [{ outcome: 'succeeded' as const, value: 1 }],
      indices: [1, 2, 1],
    };
    assert.ok(check);
    check.run(RANDOM, given);
    assert.throws(() => check.run({ ...RANDOM, suggest: brokenSuggest }, given), Error);
  });
}
