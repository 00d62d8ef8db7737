import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiment } from '../testing/builders.ts';
import { missesConstraints, type Standing } from './goals.ts';

const { spec } = experiment({
  constraints: [
    { metric: 'mb', max: 100 },
    { metric: 'acc', min: 0.5 },
  ],
});
const mb = (value: number) => [{ metric: 'mb', value }];

const CASES: Readonly<Record<string, readonly [Standing, boolean]>> = {
  'both bounds hold': [{ value: 0.7, values: mb(100) }, false],
  'one is above its bound': [{ value: 0.7, values: mb(100.1) }, true],
  'the objective is below its own bound': [{ value: 0.4, values: mb(1) }, true],
  'one is not known': [{ value: 0.7 }, true],
  'nothing is known': [{}, true],
};
for (const [name, [standing, want]] of Object.entries(CASES)) {
  test(`constraints are ${want ? 'missed' : 'met'}: ${name}`, () => {
    assert.equal(missesConstraints(spec, standing), want);
  });
}

test('without constraints nothing misses one', () => {
  assert.equal(missesConstraints(experiment().spec, {}), false);
});
