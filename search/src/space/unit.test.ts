import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generatorFor } from '../numeric/generator.ts';
import { hashText } from '../numeric/hash.ts';
import { spaces } from '../testing/arbitraries.ts';
import { compileSpace } from './compile.ts';
import { domainSize, isInDomain, prepareDomain, valueAt } from './domain.ts';
import { unitDomain } from './unit.ts';

test('a value survives the way to its coordinate and back', () => {
  fc.assert(
    fc.property(spaces('any'), fc.nat(), (dimensions, seed) => {
      for (const { domain, key } of compileSpace(dimensions).dimensions) {
        const value = valueAt(domain, generatorFor(seed, 0, key).nextUnit());
        const { toUnit, fromUnit, choices, cellOf } = unitDomain(domain);
        const unit = toUnit(value);
        assert.ok(unit >= 0 && unit <= Math.max(1, choices - 1), `${unit}`);
        const back = fromUnit(unit);
        assert.ok(isInDomain(domain, back));
        if (domainSize(domain) < 1e6) assert.equal(back, value);
        const cell = cellOf?.(value);
        if (cell !== undefined) assert.ok(cell[0] <= unit + 1e-15 && unit <= cell[1] + 1e-15);
      }
    }),
    { numRuns: 500 },
  );
});

test('no coordinate leaves the domain, the ends included', () => {
  const purpose = hashText('unit-test');
  fc.assert(
    fc.property(spaces('ordered'), fc.nat(), (dimensions, seed) => {
      const generator = generatorFor(seed, 0, purpose);
      for (const { domain } of compileSpace(dimensions).dimensions) {
        const { fromUnit } = unitDomain(domain);
        for (const unit of [0, 1, generator.nextUnit()]) {
          assert.ok(isInDomain(domain, fromUnit(unit)), `${unit} gave ${fromUnit(unit)}`);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('what is no value of a domain has no coordinate, and what is out of bounds is at the end', () => {
  const linear = unitDomain(prepareDomain({ kind: 'float', min: 1, max: 3, scale: 'linear' }));
  const log = unitDomain(prepareDomain({ kind: 'float', min: 1, max: 100, scale: 'log' }));
  const int = unitDomain(prepareDomain({ kind: 'int', min: 0, max: 9, scale: 'linear' }));
  const wide = unitDomain(
    prepareDomain({ kind: 'int', min: 1, max: Number.MAX_SAFE_INTEGER, scale: 'log' }),
  );
  const list = unitDomain(
    prepareDomain({ kind: 'categorical', type: 'string', values: ['a', 'b'] }),
  );
  for (const { toUnit } of [linear, log, int, list]) {
    for (const other of [undefined, 'x', true]) assert.ok(Number.isNaN(toUnit(other)));
  }
  assert.deepEqual([0, 1, 2, 9].map(linear.toUnit), [0, 0, 0.5, 1]);
  assert.deepEqual([10, 1e9].map(log.toUnit), [0.5, 1]);
  assert.ok(Number.isNaN(log.toUnit(-1)));
  assert.deepEqual(
    [0, 9, 1e300, Number.POSITIVE_INFINITY].map(int.toUnit),
    [0.05, 0.95, 0.95, 0.95],
  );
  assert.deepEqual(['a', 'b'].map(list.toUnit), [0, 1]);
  assert.equal(wide.toUnit(Number.MAX_SAFE_INTEGER), 1);
});
