import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cardinality, gridSize } from '../space/cells.ts';
import { compileSpace } from '../space/compile.ts';
import { isInSpace } from '../space/configuration.ts';
import type { Dimension } from '../space/dimension.ts';
import { spaces } from '../testing/arbitraries.ts';
import { EMPTY_HISTORY } from './problem.ts';
import { checkProblem, suggest } from './suggest.ts';

const problemOf = (dimensions: readonly Dimension[]) => ({
  space: compileSpace(dimensions),
  goal: 'maximize' as const,
  algorithm: 'grid',
  seed: 0,
  maxTrials: 10,
});

function cellsOf(dimensions: readonly Dimension[]) {
  const problem = problemOf(dimensions);
  const cells = [];
  for (let index = 0; index < (gridSize(problem.space) ?? 0); index++) {
    const suggestion = suggest(problem, EMPTY_HISTORY, index);
    assert.equal(suggestion.kind, 'suggested');
    if (suggestion.kind === 'suggested') cells.push(suggestion.configuration);
  }
  return cells;
}

const TREE: readonly Dimension[] = [
  { name: 'opt', kind: 'categorical', type: 'string', values: ['sgd', 'adam'] },
  {
    name: 'nesterov',
    kind: 'categorical',
    type: 'bool',
    values: [false, true],
    when: { parent: 'momentum', in: [0.9] },
  },
  {
    name: 'momentum',
    kind: 'ordinal',
    type: 'float',
    values: [0.5, 0.9, 0.99],
    when: { parent: 'opt', in: ['sgd'] },
  },
  {
    name: 'mode',
    kind: 'ordinal',
    type: 'int',
    values: [1, 2],
    when: { parent: 'nesterov', in: [true] },
  },
];

test('conditions four deep: inactive duplicates are counted once, the last root fastest', () => {
  assert.deepEqual(cellsOf(TREE), [
    { opt: 'sgd', momentum: 0.5 },
    { opt: 'sgd', nesterov: false, momentum: 0.9 },
    { opt: 'sgd', nesterov: true, momentum: 0.9, mode: 1 },
    { opt: 'sgd', nesterov: true, momentum: 0.9, mode: 2 },
    { opt: 'sgd', momentum: 0.99 },
    { opt: 'adam' },
  ]);
});

test('a plain product comes in the order of nested loops', () => {
  const cells = cellsOf([
    { name: 'a', kind: 'ordinal', type: 'int', values: [1, 2] },
    { name: 'b', kind: 'float', min: 0.1, max: 0.3, scale: 'linear', step: 0.1 },
  ]);
  assert.deepEqual(
    cells,
    [1, 2].flatMap((a) => [0.1, 0.2, 0.3].map((b) => ({ a, b }))),
  );
});

test('after the last cell the grid is exhausted and says its size', () => {
  const suggestion = suggest(problemOf(TREE), EMPTY_HISTORY, 6);
  assert.deepEqual(suggestion, { kind: 'exhausted', reason: 'the grid has 6 configurations' });
});

test('a continuous range is refused with its name, wherever it stands', () => {
  const range: Dimension = { name: 'lr', kind: 'float', min: 0, max: 1, scale: 'linear' };
  const problem = problemOf([...TREE, { ...range, when: { parent: 'opt', in: ['adam'] } }]);
  const issues = checkProblem(problem);
  assert.deepEqual(
    issues.map(({ field, code, dimension }) => ({ field, code, dimension })),
    [{ field: 'space', code: 'grid-continuous', dimension: 'lr' }],
  );
  assert.equal(gridSize(problem.space), undefined);
  assert.equal(cardinality(problem.space), Number.POSITIVE_INFINITY);
  assert.throws(() => suggest(problem, EMPTY_HISTORY, 0), { code: 'invalid-problem' });
});

test('every cell is in the space, and no two are equal', () => {
  fc.assert(
    fc.property(spaces('discrete'), (dimensions) => {
      const space = compileSpace(dimensions);
      fc.pre((gridSize(space) ?? 0) <= 2000);
      const cells = cellsOf(dimensions);
      assert.equal(new Set(cells.map((cell) => JSON.stringify(cell))).size, cells.length);
      assert.ok(cells.every((cell) => isInSpace(space, cell)));
    }),
    { numRuns: 300 },
  );
});

/** All configurations by brute force: the full product, inactive values dropped, equal ones once. */
function bruteForce(dimensions: readonly Dimension[]): Set<string> {
  const free = dimensions.map(({ when: _when, ...dimension }) => dimension as Dimension);
  const byName = new Map(dimensions.map((dimension) => [dimension.name, dimension]));
  const isActive = (name: string, full: Readonly<Record<string, unknown>>): boolean => {
    const when = byName.get(name)?.when;
    if (when === undefined) return true;
    return isActive(when.parent, full) && when.in.some((value) => value === full[when.parent]);
  };
  return new Set(
    cellsOf(free).map((full) =>
      JSON.stringify(Object.entries(full).filter(([name]) => isActive(name, full))),
    ),
  );
}

test('the grid holds exactly what brute force over the full product finds', () => {
  fc.assert(
    fc.property(spaces('discrete'), (dimensions) => {
      const free = dimensions.map(({ when: _when, ...dimension }) => dimension as Dimension);
      fc.pre((gridSize(compileSpace(free)) ?? 0) <= 3000);
      const cells = cellsOf(dimensions).map((cell) => JSON.stringify(Object.entries(cell)));
      assert.deepEqual(new Set(cells), bruteForce(dimensions));
    }),
    { numRuns: 150 },
  );
});

test('a grid too large to count saturates and still gives its first cells', () => {
  const wide = (name: string): Dimension => ({
    name,
    kind: 'int',
    min: -Number.MAX_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    scale: 'linear',
  });
  const problem = problemOf([wide('a'), wide('b')]);
  assert.equal(gridSize(problem.space), Number.MAX_SAFE_INTEGER);
  assert.deepEqual(suggest(problem, EMPTY_HISTORY, 99_999), {
    kind: 'suggested',
    configuration: { a: -Number.MAX_SAFE_INTEGER, b: -Number.MAX_SAFE_INTEGER + 99_999 },
    algorithm: 'grid@1',
    usesHistory: false,
  });
});

test('an empty space has one configuration', () => {
  assert.equal(gridSize(compileSpace([])), 1);
  assert.deepEqual(cellsOf([]), [{}]);
});
