import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantityOf } from './quantity.ts';

const CASES: Readonly<Record<string, number | undefined>> = {
  '4': 4,
  '0.5': 0.5,
  '.5': 0.5,
  '500m': 0.5,
  '-2': -2,
  '1k': 1000,
  '16Gi': 16 * 2 ** 30,
  '2E': 2e18,
  '1e3': 1000,
  '1E3': 1000,
  '12e-1': 1.2,
  '': undefined,
  many: undefined,
  '1ki': undefined,
  '1 Gi': undefined,
  '1e9999': undefined,
};
for (const [text, expected] of Object.entries(CASES)) {
  test(`the quantity "${text}" is ${expected ?? 'none'}`, () => {
    assert.equal(quantityOf(text), expected);
  });
}
