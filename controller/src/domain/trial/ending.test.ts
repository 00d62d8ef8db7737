import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rung } from '@espalier/api';
import { inPhase, rungs, running, trial, trialSnapshot } from '../testing/builders.ts';
import { endingOf } from './ending.ts';
import { trialEvents } from './trial-events.ts';

const rung = (change: Partial<Rung>): Rung => ({
  ...{ step: 4, value: 0.1, order: 3, verdict: 'stop' },
  ...change,
});

// A rung is in the unit of the rule, so the messages name the rung and no epoch or step.
const cases: Record<string, { rung: Rung; member?: boolean; want: string }> = {
  'a stop': { rung: rung({}), want: 'Stopped EarlyStopped: stopped at rung 4 with 0.1' },
  'a value that is no number': {
    rung: rung({ value: 'NaN' }),
    want: 'Stopped Diverged: its value at rung 4 was NaN',
  },
  'a member that is replaced': {
    rung: rung({}),
    member: true,
    want: 'Stopped Exploited: gave its place to a better member at rung 4 with 0.1',
  },
  'a pause': { rung: rung({ verdict: 'pause' }), want: 'Paused Paused: waits at rung 4 with 0.1' },
};
for (const [name, { rung: last, member = false, want }] of Object.entries(cases)) {
  test(`what a Trial says of its end: ${name}`, () => {
    const snapshot = trialSnapshot({
      trial: trial('a-00000', running(), rungs(last)),
      population: member ? { entries: [], hasRoom: true } : undefined,
    });
    const { phase, reason, message } = endingOf(snapshot) ?? {};
    assert.equal(`${phase} ${reason}: ${message}`, want);
  });
}

test('a Trial that was at no rung ends for none', () => {
  assert.equal(endingOf(trialSnapshot({ trial: trial('a-00000', running()) })), undefined);
});

test('events of a verdict and of a promotion name the rung', () => {
  const before = trial('a-00000', running()).status;
  const stopped = trial('a-00000', running(), rungs(rung({}))).status;
  const paused = trial('a-00000', inPhase('Paused'), rungs(rung({ verdict: 'pause' }))).status;
  const promoted = trial(
    'a-00000',
    running(),
    rungs(rung({ verdict: 'pause', promoted: 3 })),
  ).status;
  assert.ok(stopped !== undefined && promoted !== undefined);
  const [stopping] = trialEvents(before, stopped);
  assert.equal(stopping?.message, 'not good enough at rung 4: 0.1');
  const [goesOn] = trialEvents(paused, promoted);
  assert.equal(goesOn?.message, 'goes on from rung 4, where 0.1 is among the best of 3');
});
