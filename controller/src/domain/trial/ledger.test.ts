import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attempt, LIMITS, type TrialStatus } from '@espalier/api';
import { countOutcomes, currentAttempt, entryOf, NEW_STATUS, withEntry } from './ledger.ts';

const ledger = (...attempts: Attempt[]): TrialStatus => ({ ...NEW_STATUS, attempts });

test('an empty ledger is at attempt 0, which needs no record before its pod', () => {
  assert.equal(currentAttempt(NEW_STATUS), 0);
});

test('an entry without an outcome is the current attempt', () => {
  assert.equal(currentAttempt(ledger({ number: 0, outcome: 'Disrupted' }, { number: 1 })), 1);
  assert.equal(currentAttempt(ledger({ number: 0, reason: 'DeadlineExceeded' })), 0);
});

test('an outcome replaces the entry of its number and brings the next number with it', () => {
  const attempts = withEntry(ledger({ number: 0 }), { number: 0, outcome: 'Failed' }, 1);
  assert.deepEqual(attempts, [{ number: 0, outcome: 'Failed' }, { number: 1 }]);
  assert.equal(entryOf(ledger(...attempts), 0)?.outcome, 'Failed');
  assert.equal(countOutcomes(ledger(...attempts), 'Failed'), 1);
});

test('interruptions without end keep the ledger bounded and the budgets exact', () => {
  let status = ledger({ number: 0, outcome: 'Disrupted' }, { number: 1 });
  for (let number = 1; number < 1000; number++) {
    status = ledger(...withEntry(status, { number, outcome: 'Interrupted' }, number + 1));
  }
  assert.equal(status.attempts.length, LIMITS.attempts);
  assert.equal(currentAttempt(status), 1000);
  assert.equal(countOutcomes(status, 'Disrupted'), 1);
});
