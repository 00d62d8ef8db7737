import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countRequests, difference, parseReadings, quantile } from './controller-metrics.ts';

const PAGE = `
# TYPE espalier_api_requests_total counter
espalier_api_requests_total{method="GET",resource="pods",code="200"} 2
espalier_api_requests_total{method="POST",resource="pods",code="201"} 10
espalier_api_requests_total{method="POST",resource="pods",code="409"} 1
espalier_api_requests_total{method="PUT",resource="leases",code="200"} 7
espalier_reconcile_seconds_bucket{le="0.01",controller="trial",outcome="done"} 50
espalier_reconcile_seconds_bucket{le="0.1",controller="trial",outcome="done"} 100
espalier_reconcile_seconds_bucket{le="+Inf",controller="trial",outcome="done"} 100
espalier_reconcile_seconds_bucket{le="0.01",controller="experiment",outcome="done"} 0
espalier_reconcile_seconds_bucket{le="0.1",controller="experiment",outcome="done"} 0
espalier_reconcile_seconds_bucket{le="+Inf",controller="experiment",outcome="done"} 0
`;

test('requests are counted over all answers, without the Lease', () => {
  assert.deepEqual(countRequests(parseReadings(PAGE)), { reads: 2, writes: 11 });
});

test('what was there before is not counted', () => {
  const readings = parseReadings(PAGE);
  assert.deepEqual(countRequests(difference(readings, readings)), { reads: 0, writes: 0 });
});

test('a quantile lies within its bucket in proportion', () => {
  const { reconciles } = parseReadings(PAGE);
  assert.equal(quantile(reconciles, 0.25).toFixed(4), '0.0050');
  assert.equal(quantile(reconciles, 0.5).toFixed(4), '0.0100');
  assert.equal(quantile(reconciles, 0.99).toFixed(4), '0.0982');
  assert.equal(quantile(new Map(), 0.99), 0);
});
