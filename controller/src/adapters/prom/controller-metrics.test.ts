import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControllerMetrics } from './controller-metrics.ts';

test('every number of the controller has its family, its help and its labels', async () => {
  const metrics = new ControllerMetrics();
  metrics.reconciled('trial', 'done', 0.02);
  metrics.queueDepth('trial', 3);
  metrics.queueWait('trial', 0.2);
  metrics.requested({ method: 'POST', resource: 'pods', status: 201, seconds: 0.004 });
  metrics.watchRestarted('pods', 'gone');
  metrics.leads(true);
  metrics.stored({ action: 's3:PutObject', outcome: 'done' });
  metrics.stored({ action: 's3:PutObject', outcome: 'failed' });
  const refused = { trial: 2, payload: 0 };
  metrics.watchStreams(() => ({
    isNatsConnected: true,
    isCaughtUp: false,
    feed: { folded: 7, refused, replays: 1 },
  }));
  await metrics.render(); // a second page must not add to the first
  refused.trial = 3;
  const page = await metrics.render();
  const lines = page.split('\n');
  const expected = [
    'espalier_reconcile_seconds_count{controller="trial",outcome="done"} 1',
    'espalier_reconcile_seconds_bucket{le="0.05",controller="trial",outcome="done"} 1',
    'espalier_queue_depth{controller="trial"} 3',
    'espalier_queue_wait_seconds_sum{controller="trial"} 0.2',
    'espalier_api_requests_total{method="POST",resource="pods",code="201"} 1',
    'espalier_api_request_seconds_sum{method="POST"} 0.004',
    'espalier_watch_restarts_total{resource="pods",reason="gone"} 1',
    'espalier_leader 1',
    'espalier_s3_requests_total{action="s3:PutObject",outcome="done"} 1',
    'espalier_s3_requests_total{action="s3:PutObject",outcome="failed"} 1',
    'espalier_s3_reachable 0',
    'espalier_nats_connected 1',
    'espalier_nats_caught_up 0',
    'espalier_reports_folded_total 7',
    'espalier_reports_refused_total{reason="trial"} 3',
    'espalier_reports_refused_total{reason="payload"} 0',
    'espalier_stream_replays_total 1',
  ];
  for (const line of expected) assert.ok(lines.includes(line), `${line}\n${page}`);
  for (const name of page.matchAll(/^(espalier_\w+?)(?:_bucket|_sum|_count)?[ {]/gm)) {
    assert.match(page, new RegExp(`^# HELP ${name[1]} \\S`, 'm'));
  }
});

test('the numbers of the process are there: memory, processor time, event loop', async () => {
  const page = await new ControllerMetrics().render();
  for (const family of [
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
    'nodejs_eventloop_lag_p99_seconds',
  ]) {
    assert.match(page, new RegExp(`^${family} [\\d.e+-]+$`, 'm'));
  }
});

test('what is not configured is not shown', async () => {
  const metrics = new ControllerMetrics();
  metrics.watchStreams(() => ({
    isNatsConnected: undefined,
    isCaughtUp: undefined,
    feed: undefined,
  }));
  const page = await metrics.render();
  assert.doesNotMatch(page, /nats|reports|s3_reachable/);
  metrics.stored({ action: 's3:HeadObject', outcome: 'refused' });
  assert.match(await metrics.render(), /^espalier_s3_reachable 1$/m);
});
