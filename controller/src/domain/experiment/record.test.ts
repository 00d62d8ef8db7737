import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiment, experimentStatus } from '../testing/builders.ts';
import { parseRecord, recordText } from './record.ts';

const warmStart = {
  configurations: [
    {
      experiment: 'earlier',
      configuration: 3,
      values: [{ metric: 'acc', value: 0.1 + 0.2 }],
      violation: 0.25,
      parameters: [{ name: 'lr', float: 0.01 }],
    },
  ],
};

test('G15 U24 the record in the store has what a warm start took, and nothing else of the status', () => {
  const object = experiment({}, experimentStatus({ phase: 'Running', reason: 'x', warmStart }));
  const { experiment: read } = parseRecord(recordText(object, []));
  assert.deepEqual(read.status?.warmStart, warmStart);
  assert.equal(read.status?.reason, undefined);
  assert.equal(parseRecord(recordText(experiment(), [])).experiment.status, undefined);
});

test('a record of a spec without an objective is refused, as the API server refuses such a spec', () => {
  const { objective: _, ...spec } = experiment().spec;
  const text = recordText({ ...experiment(), spec }, []);
  assert.throws(() => parseRecord(text), /objective/);
});
