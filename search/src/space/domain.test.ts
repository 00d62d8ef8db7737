import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { spaces } from '../testing/arbitraries.ts';
import { compileSpace } from './compile.ts';
import { isInSpace } from './configuration.ts';
import { describeSpace } from './describe.ts';
import type { DeclaredDomain, Dimension } from './dimension.ts';
import {
  domainSize,
  isInDomain,
  numberOfValue,
  prepareDomain,
  valueAt,
  valueNumber,
} from './domain.ts';
import { firstContinuous, varyingDimensions } from './space.ts';

const stepped = (min: number, max: number, step: number) =>
  prepareDomain({ kind: 'float', min, max, scale: 'linear', step });

const lattices: Record<string, { domain: ReturnType<typeof stepped>; want: readonly number[] }> = {
  'steps of 0.1 are decimal': { domain: stepped(0.1, 0.5, 0.1), want: [0.1, 0.2, 0.3, 0.4, 0.5] },
  'a bound between steps is not reached': { domain: stepped(0, 1, 0.4), want: [0, 0.4, 0.8] },
  'steps across 0 give no -0': { domain: stepped(-0.2, 0.2, 0.1), want: [-0.2, -0.1, 0, 0.1, 0.2] },
  'tiny steps': { domain: stepped(1e-7, 3e-7, 1e-7), want: [1e-7, 2e-7, 3e-7] },
  'a step beyond the range leaves min': { domain: stepped(1, 2, 5), want: [1] },
  'steps without decimals': { domain: stepped(1e300, 3e300, 1e300), want: [1e300, 2e300, 3e300] },
  'whole steps': { domain: stepped(-3, 6, 3), want: [-3, 0, 3, 6] },
  'a width that overflows': {
    domain: stepped(-1.5e308, 1.5e308, 1e308),
    want: [-1.5e308, -0.5e308, 0.5e308, 1.5e308],
  },
};
for (const [name, { domain, want }] of Object.entries(lattices)) {
  test(`a stepped range: ${name}`, () => {
    const values = Array.from({ length: domainSize(domain) }, (_, k) => valueNumber(domain, k));
    assert.deepEqual(values, want);
    assert.deepEqual(
      values.map((value) => numberOfValue(domain, value)),
      [...values.keys()],
    );
    assert.equal(valueAt(domain, 0), want[0]);
    assert.equal(valueAt(domain, 1 - 2 ** -53), want.at(-1));
  });
}

test('ints up to the ends of what a number holds', () => {
  const max = Number.MAX_SAFE_INTEGER;
  const domain = prepareDomain({ kind: 'int', min: -max, max, scale: 'linear', step: 3 });
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }), (unit) => {
      const value = valueAt(domain, unit);
      assert.ok(Number.isSafeInteger(value));
      assert.equal((BigInt(value as number) + BigInt(max)) % 3n, 0n);
      assert.ok(isInDomain(domain, value));
    }),
    { numRuns: 1000 },
  );
});

test('every value drawn lies in its domain, and both ends of a log range are reached', () => {
  const unit = fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true });
  fc.assert(
    fc.property(spaces('any'), unit, (dimensions, u) => {
      for (const { domain } of compileSpace(dimensions).dimensions) {
        assert.ok(isInDomain(domain, valueAt(domain, u)));
        assert.ok(isInDomain(domain, valueAt(domain, 0)));
      }
    }),
    { numRuns: 300 },
  );
  const log = prepareDomain({ kind: 'int', min: 1, max: 8, scale: 'log' });
  assert.deepEqual([valueAt(log, 0), valueAt(log, 1 - 2 ** -53)], [1, 8]);
});

test('a domain knows what it cannot give', () => {
  const range: DeclaredDomain = { kind: 'float', min: 0, max: 1, scale: 'linear' };
  const continuous = prepareDomain(range);
  assert.equal(isInDomain(continuous, 0.5), true);
  for (const value of [2, -1, Number.NaN, 'a', true])
    assert.equal(isInDomain(continuous, value), false);
  const lattice = stepped(0, 1, 0.25);
  for (const value of [2, 0.3, 'a', Number.NaN]) assert.equal(numberOfValue(lattice, value), -1);
  assert.equal(numberOfValue(continuous, 0.5), -1);
  assert.throws(() => valueNumber(continuous, 0), RangeError);
  assert.throws(
    () => valueNumber(prepareDomain({ ...range, kind: 'ordinal', type: 'int', values: [1] }), 1),
    RangeError,
  );
});

const TREE: readonly Dimension[] = [
  {
    name: 'warmup',
    kind: 'int',
    min: 10,
    max: 500,
    scale: 'log',
    when: { parent: 'schedule', in: ['cosine', 'step'] },
  },
  { name: 'schedule', kind: 'categorical', type: 'string', values: ['constant', 'cosine', 'step'] },
  { name: 'lr', kind: 'float', min: 1e-5, max: 0.01, scale: 'log' },
  { name: 'decay', kind: 'float', min: 0, max: 1, scale: 'linear', step: 0.25 },
  { name: 'batch', kind: 'ordinal', type: 'int', values: [32, 64] },
  { name: 'seed', kind: 'fixed', type: 'int', value: 6666 },
];

test('a space describes itself, row by row', () => {
  assert.deepEqual(describeSpace(compileSpace(TREE)), [
    { name: 'warmup', text: 'int 10 .. 500 log', count: 491, when: 'schedule in cosine, step' },
    { name: 'schedule', text: 'string "constant", "cosine", "step"', count: 3 },
    { name: 'lr', text: 'float 0.00001 .. 0.01 log', count: Number.POSITIVE_INFINITY },
    { name: 'decay', text: 'float 0 .. 1 step 0.25', count: 5 },
    { name: 'batch', text: 'int 32, 64', count: 2 },
    { name: 'seed', text: 'int = 6666', count: 1 },
  ]);
});

test('a compiled space orders parents first and keeps the declaration', () => {
  const space = compileSpace(TREE);
  assert.deepEqual(
    space.dimensions.map(({ name }) => name),
    TREE.map(({ name }) => name),
  );
  assert.deepEqual(space.order, [1, 0, 2, 3, 4, 5]);
  assert.equal(firstContinuous(space)?.name, 'lr');
  assert.equal(varyingDimensions(space).length, 5);
});

const member = { schedule: 'cosine', warmup: 10, lr: 1e-3, decay: 0.5, batch: 32, seed: 6666 };
const { warmup: _warmup, ...withoutWarmup } = member;
const memberships: Record<
  string,
  { configuration: Record<string, string | number>; want: boolean }
> = {
  'all active parameters': { configuration: member, want: true },
  'a missing active parameter': { configuration: withoutWarmup, want: false },
  'an inactive parameter': { configuration: { ...member, schedule: 'constant' }, want: false },
  'the inactive parameter left out': {
    configuration: { ...withoutWarmup, schedule: 'constant' },
    want: true,
  },
  'an unknown parameter': { configuration: { ...member, extra: 1 }, want: false },
  'a value out of its domain': { configuration: { ...member, batch: 48 }, want: false },
};
for (const [name, { configuration, want }] of Object.entries(memberships)) {
  test(`isInSpace: ${name} is ${want ? 'inside' : 'outside'}`, () => {
    assert.equal(isInSpace(compileSpace(TREE), configuration), want);
  });
}
