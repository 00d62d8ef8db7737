import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EspalierError } from '../../ports/errors.ts';
import { outcomeOf, type StoreOutcome } from './store-error.ts';

function failure(name: string, status?: number): Error {
  const error = new Error(name);
  error.name = name;
  return status === undefined
    ? error
    : Object.assign(error, { $metadata: { httpStatusCode: status } });
}

const cases: Record<string, { error: Error; want: StoreOutcome }> = {
  'nobody answers': { error: failure('ECONNREFUSED'), want: 'failed' },
  'the store is overloaded': { error: failure('SlowDown', 503), want: 'failed' },
  'our clock is wrong': { error: failure('RequestTimeTooSkewed', 403), want: 'failed' },
  'a role that may not': { error: failure('AccessDenied', 403), want: 'refused' },
  'a bucket that is missing': { error: failure('NoSuchBucket', 404), want: 'refused' },
  'no credentials at all': { error: failure('CredentialsProviderError'), want: 'refused' },
  'another write was under way': {
    error: failure('ConditionalRequestConflict', 409),
    want: 'done',
  },
  'a condition did not hold': { error: failure('PreconditionFailed', 412), want: 'done' },
  'an object that is too large for us': { error: new EspalierError('Storage', ''), want: 'done' },
};
for (const [title, { error, want }] of Object.entries(cases)) {
  test(`what a failed request says about the store: ${title}`, () => {
    assert.equal(outcomeOf(error), want);
  });
}
