import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Ending } from './ending.ts';
import { classifyEnd, type EndFacts, OUTCOME_CHECKS } from './outcome.ts';
import type { PodEnd } from './pod-view.ts';

const STOP: Ending = { phase: 'Stopped', reason: 'EarlyStopped', message: 'stopped at 1' };
const LATE: Ending = { phase: 'Failed', reason: 'DeadlineExceeded', message: 'too long' };

function facts(end: Partial<PodEnd> | 'gone', more: Partial<EndFacts> = {}): EndFacts {
  const base = { atMs: 0, oomKilled: false, disrupted: false, interrupted: false };
  return {
    end: end === 'gone' ? undefined : { ...base, ...end },
    wasDeleted: false,
    ending: undefined,
    hasValue: true,
    ...more,
  };
}

const OOM = { exitCode: 137, oomKilled: true };
const cases: Record<string, { facts: EndFacts; want: string; isFinal: boolean }> = {
  'exit 0 with a value succeeded': {
    facts: facts({ exitCode: 0 }),
    want: 'Succeeded Completed',
    isFinal: true,
  },
  'exit 0 succeeded even if we asked for its end': {
    facts: facts({ exitCode: 0 }, { ending: STOP, wasDeleted: true }),
    want: 'Succeeded Completed',
    isFinal: true,
  },
  'exit 0 succeeded even if the runner was interrupted just then': {
    facts: facts({ exitCode: 0, interrupted: true }),
    want: 'Succeeded Completed',
    isFinal: true,
  },
  'exit 0 without a value failed': {
    facts: facts({ exitCode: 0 }, { hasValue: false }),
    want: 'Failed MetricsUnavailable',
    isFinal: true,
  },
  'exit 20 failed for good': {
    facts: facts({ exitCode: 20 }),
    want: 'Failed InvalidParameters',
    isFinal: true,
  },
  'exit 21 diverged': { facts: facts({ exitCode: 21 }), want: 'Stopped Diverged', isFinal: true },
  'exit 21 diverged even if we asked for its end': {
    facts: facts({ exitCode: 21 }, { ending: STOP, wasDeleted: true }),
    want: 'Stopped Diverged',
    isFinal: true,
  },
  'exit 30 failed for good': {
    facts: facts({ exitCode: 30 }),
    want: 'Failed ConfigurationError',
    isFinal: true,
  },
  'exit 10 after a stop is that stop': {
    facts: facts({ exitCode: 10 }, { ending: STOP, wasDeleted: true }),
    want: 'Stopped EarlyStopped',
    isFinal: true,
  },
  'SIGKILL after a stop is that stop': {
    facts: facts({ exitCode: 137 }, { ending: STOP, wasDeleted: true }),
    want: 'Stopped EarlyStopped',
    isFinal: true,
  },
  'a stop that the pod did not live to see is that stop': {
    facts: facts({ exitCode: 1 }, { ending: STOP }),
    want: 'Stopped EarlyStopped',
    isFinal: true,
  },
  'a stop outranks running out of memory': {
    facts: facts(OOM, { ending: STOP, wasDeleted: true }),
    want: 'Stopped EarlyStopped',
    isFinal: true,
  },
  'our own deadline is a failure': {
    facts: facts({ exitCode: 10 }, { ending: LATE, wasDeleted: true }),
    want: 'Failed DeadlineExceeded',
    isFinal: true,
  },
  'out of memory failed for good': { facts: facts(OOM), want: 'Failed OOMKilled', isFinal: true },
  "an interrupted runner is nobody's fault": {
    facts: facts({ exitCode: 10, interrupted: true }),
    want: 'Interrupted Interrupted',
    isFinal: false,
  },
  'an eviction is a disruption whatever the code': {
    facts: facts({ exitCode: 1, disrupted: true }),
    want: 'Disrupted Disrupted',
    isFinal: false,
  },
  'a pod deleted by somebody else is a disruption': {
    facts: facts({ exitCode: 143 }, { wasDeleted: true }),
    want: 'Disrupted Disrupted',
    isFinal: false,
  },
  'exit 10 that nobody asked for is a disruption': {
    facts: facts({ exitCode: 10 }),
    want: 'Disrupted Disrupted',
    isFinal: false,
  },
  'a pod that never started is a disruption': {
    facts: facts({}),
    want: 'Disrupted Disrupted',
    isFinal: false,
  },
  'a pod that is gone is a disruption': {
    facts: facts('gone'),
    want: 'Disrupted Disrupted',
    isFinal: false,
  },
  'exit 1 is a program error': {
    facts: facts({ exitCode: 1 }),
    want: 'Failed ProgramError',
    isFinal: false,
  },
  'SIGKILL by nobody we know is a program error': {
    facts: facts({ exitCode: 137 }),
    want: 'Failed ProgramError',
    isFinal: false,
  },
};
for (const [name, tc] of Object.entries(cases)) {
  test(`F16 ${name}`, () => {
    const { outcome, reason, isFinal } = classifyEnd(tc.facts);
    assert.equal(`${outcome} ${reason}`, tc.want);
    assert.equal(isFinal, tc.isFinal);
  });
}

test('the checks stand in the order of the table', () => {
  assert.deepEqual(
    OUTCOME_CHECKS.map(({ name }) => name),
    [
      'done',
      'done without a value',
      'invalid parameters',
      'diverged',
      'configuration error',
      'ended by us',
      'out of memory',
      'interrupted',
      'disrupted',
      'program error',
    ],
  );
});

test('G3 exit codes 20, 21, 30 and OOM are never tried again, whatever else happened', () => {
  const anyFacts = fc.record({
    end: fc.record({
      atMs: fc.nat(),
      exitCode: fc.constantFrom(20, 21, 30, 137),
      oomKilled: fc.constant(true),
      disrupted: fc.boolean(),
      interrupted: fc.boolean(),
    }),
    wasDeleted: fc.boolean(),
    ending: fc.constantFrom(undefined, STOP, LATE),
    hasValue: fc.boolean(),
  });
  fc.assert(fc.property(anyFacts, (any) => assert.equal(classifyEnd(any).isFinal, true)));
});

test('what a trainer says is quoted and cut', () => {
  const message = `\u001b[31m"red"${'x'.repeat(5000)}`;
  const said = classifyEnd(facts({ exitCode: 1, message })).message;
  assert.ok(said.length < 700);
  assert.ok(!said.includes('\u001b'));
});
