import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newestManifest } from '@espalier/api';
import { natsServers, readEnvironment, reportFileBeside } from './environment.ts';

const addresses: Record<string, string[]> = {
  'nats://nats.espalier.svc:4222': ['nats.espalier.svc:4222'],
  'nats://a,b:5222': ['a:4222', 'b:5222'],
  'tls://[fd00::1]:4222/': ['[fd00::1]:4222'],
};
for (const [address, want] of Object.entries(addresses)) {
  test(`${address} names servers`, () => assert.deepEqual(natsServers(address), want));
}

for (const wrong of ['file:/a', 'nats://', 'nats://a b', 'nats://user:secret@a', 'nats://a,,b']) {
  test(`${wrong} is refused`, () => assert.throws(() => natsServers(wrong), /must be nats:/));
}

test('the report lies beside the artifacts, not among them', () => {
  assert.equal(reportFileBeside('/espalier/out'), '/espalier/run/report.jsonl');
});

test('what is missing in the environment is named', () => {
  assert.throws(() => readEnvironment({}), /ESPALIER_TRIAL is not set/);
  assert.throws(() => readEnvironment({ ESPALIER_TRIAL: '{' }), /ESPALIER_TRIAL is not a task/);
});

test('the newest manifest is the one of the most steps, or the one that ends the attempt', () => {
  const names = ['manifest-9.json', 'manifest-10.json', 'manifest-010.json', 'manifest-x.json'];
  assert.equal(newestManifest(names), 'manifest-10.json');
  assert.equal(newestManifest([...names, 'manifest.json']), 'manifest.json');
  assert.equal(newestManifest(['metrics.csv']), undefined);
});
