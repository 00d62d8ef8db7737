import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyFold } from '../../domain/trial/feed-fold.ts';
import { viewOf } from '../../domain/trial/feed-trajectory.ts';
import type { FeedView } from '../../domain/trial/feed-view.ts';
import type { FeedInterest, MetricsFeed } from '../../ports/metrics-feed.ts';
import { LastViews } from './last-views.ts';

const GRACE_MS = 1_000;

const NOTHING = viewOf(
  emptyFold({ metric: 'acc', goal: 'maximize', resource: 'epoch', milestones: [] }),
  0,
);
const withAcc = (acc: number): FeedView => ({ ...NOTHING, points: 1, latest: { acc } });

test('F26 the last values of a trial stay for the grace after it is forgotten, and then go', () => {
  let nowMs = 0;
  const views: Record<string, FeedView> = { t: withAcc(0.5), u: withAcc(1) };
  const feed: MetricsFeed = {
    follow: () => {},
    view: (uid) => views[uid],
    forget: (uid) => {
      delete views[uid];
    },
    onChange: () => {},
  };
  const clock = { now: () => 0, monotonic: () => nowMs, sleep: async () => {} };
  const last = new LastViews(feed, clock, GRACE_MS);
  const accOf = (uid: string) => last.viewOrLast(uid)?.latest['acc'];

  assert.equal(accOf('t'), 0.5);
  views['t'] = withAcc(0.9);
  last.forget('t');
  assert.equal(last.view('t'), undefined, 'the planner sees that it is forgotten');
  assert.equal(accOf('t'), 0.9);

  nowMs = 999;
  last.forget('t'); // every reconcile of an ended Trial says it again, and that adds no time
  last.forget('u');
  assert.equal(accOf('t'), 0.9);
  nowMs = 1_000;
  assert.equal(accOf('t'), undefined);
  assert.equal(accOf('u'), 1);

  last.follow({ trialUid: 'u' } as FeedInterest);
  assert.equal(accOf('u'), undefined, 'what is followed anew begins anew');
});
