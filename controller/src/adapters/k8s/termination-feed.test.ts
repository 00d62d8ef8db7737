import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodView } from '../../domain/trial/pod-view.ts';
import type { FeedInterest } from '../../ports/metrics-feed.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { TerminationFeed } from './termination-feed.ts';

const interest: FeedInterest = {
  experimentUid: 'e',
  trialUid: 't',
  namespace: 'ns',
  trialName: 'e-00000',
  metric: 'acc',
  goal: 'maximize',
  resource: 'epoch',
  milestones: [],
};

function pod(attempt: number, message?: string): PodView {
  return {
    namespace: 'ns',
    name: `e-00000-a${attempt}`,
    uid: `p${attempt}`,
    trialUid: 't',
    attempt,
    createdMs: 1,
    startedMs: 5,
    held: true,
    ...(message === undefined
      ? {}
      : {
          end: {
            atMs: 9,
            exitCode: 0,
            oomKilled: false,
            disrupted: false,
            interrupted: false,
            message,
          },
        }),
  };
}

const point = (value: unknown): string =>
  JSON.stringify({ seq: 3, step: 30, epoch: 4, values: { acc: value }, time: 1, message: 'bye' });

function feed(...pods: PodView[]) {
  const made = new TerminationFeed({ podsOf: () => pods }, new FakeClock(1_000));
  made.follow(interest);
  return made;
}

test('the last observation of an ended pod is the result', () => {
  const view = feed(pod(0, point(0.75))).view('t');
  assert.deepEqual(view?.best, { value: 0.75, step: 30, epoch: 4 });
  assert.ok(view?.complete);
  assert.equal(view?.lastReportMs, 9);
});

test('a pod that runs counts as reporting, and is not complete', () => {
  const view = feed(pod(0)).view('t');
  assert.deepEqual([view?.firstReportMs, view?.lastReportMs, view?.complete], [5, 1_000, false]);
  assert.equal(view?.best, undefined);
});

test('K7 NaN is no result', () => {
  assert.equal(feed(pod(0, point('NaN'))).view('t')?.best, undefined);
});

const nothing: Record<string, string> = {
  'an empty message': '',
  'no JSON': 'Killed',
  'another document': '{"acc": 1}',
  'a value that is a text': point('0.9'),
  'half a document': '{"seq": 3, "step":',
  'a huge number of points': JSON.stringify([point(1), point(2)]),
};
for (const [name, message] of Object.entries(nothing)) {
  test(`G12 ${name} is no observation and no crash`, () => {
    const view = feed(pod(0, message)).view('t');
    assert.equal(view?.points, 0);
    assert.ok(view?.complete);
  });
}

test('what is not followed has no view', () => {
  const made = feed(pod(0, point(1)));
  made.forget('t');
  assert.equal(made.view('t'), undefined);
});
