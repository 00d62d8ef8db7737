import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRIAL_PHASES } from '@espalier/api';
import { NEW_STATUS } from './ledger.ts';
import { transition } from './transition.ts';

for (const phase of ['Succeeded', 'Stopped', 'Failed'] as const) {
  test(`G4 there is no way out of ${phase}`, () => {
    for (const next of TRIAL_PHASES) {
      const after = transition({ ...NEW_STATUS, phase }, { ...NEW_STATUS, phase: next });
      assert.equal(after, undefined, `${phase} to ${next}`);
    }
  });
}

test('the facts of a terminal trial may still be completed', () => {
  const before = { ...NEW_STATUS, phase: 'Succeeded' } as const;
  assert.notEqual(transition(before, { ...before, message: 'more' }), undefined);
});

test('an equal status is not written', () => {
  assert.equal(transition({ ...NEW_STATUS }, { ...NEW_STATUS }), undefined);
  assert.notEqual(transition(undefined, NEW_STATUS), undefined);
});
