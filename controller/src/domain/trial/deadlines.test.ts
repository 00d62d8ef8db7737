import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiment, feed, MINUTE, NOW, pod } from '../testing/builders.ts';
import { deadlineText, type LivePod, nextDeadline } from './deadlines.ts';

const { spec } = experiment({ deadlines: { queue: '1h', run: '2h' } });

function unscheduled() {
  const { scheduledMs, startedMs, ...rest } = pod();
  return rest;
}
function unstarted() {
  const { startedMs, ...rest } = pod();
  return rest;
}

const cases: Record<string, { live: Partial<LivePod>; want: [string, number] }> = {
  'an unscheduled pod has until queue': { live: { pod: unscheduled() }, want: ['queue', 60] },
  'a scheduled pod has until pending': { live: { pod: unstarted() }, want: ['pending', 15] },
  'a started pod has until startup': { live: {}, want: ['startup', 45] },
  'a pod that reported has until stall': {
    live: { feed: feed({ lastReportMs: NOW + 10 * MINUTE }) },
    want: ['stall', 70],
  },
  'run passes before stall if it is nearer': {
    live: { feed: feed({ lastReportMs: NOW + 100 * MINUTE }) },
    want: ['run', 120],
  },
  'silence counts from when this process began to listen': {
    live: { followedSinceMs: NOW + 30 * MINUTE },
    want: ['startup', 75],
  },
  'a pod that was told to end has its grace period and termination': {
    live: { pod: pod({ deletingSinceMs: NOW }) },
    want: ['termination', 7],
  },
};
for (const [name, { live, want }] of Object.entries(cases)) {
  test(`G5 ${name}`, () => {
    const deadline = nextDeadline(
      { pod: pod(), feed: undefined, followedSinceMs: undefined, ...live },
      spec,
    );
    assert.deepEqual([deadline?.name, ((deadline?.atMs ?? 0) - NOW) / MINUTE], want);
    assert.match(deadline === undefined ? '' : deadlineText(deadline), /deadlines\./);
  });
}

test('without queue an unscheduled pod waits: a full cluster is no failure', () => {
  const live = { pod: unscheduled(), feed: undefined, followedSinceMs: undefined };
  assert.equal(nextDeadline(live, experiment().spec), undefined);
});
