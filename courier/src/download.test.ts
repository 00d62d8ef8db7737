import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrainerAnswer } from '@espalier/api';
import { download } from './download.ts';
import { GoneError, RefusedError } from './refused-error.ts';

const expected = { size: 3, sha256: 'a'.repeat(64) };
const replaced = { kind: 'read', url: 'http://localhost:1/x', headers: {} } as const;
const cases: Record<string, { answer: TrainerAnswer; want: typeof GoneError; say: RegExp }> = {
  'a checkpoint that is gone leaves the choice to the next attempt': {
    answer: { kind: 'refused', reason: 'CheckpointNotFound', message: 'of step 5' },
    want: GoneError,
    say: /CheckpointNotFound: of step 5/,
  },
  'a refusal is final': {
    answer: { kind: 'refused', reason: 'DataNotAllowed', message: 'of another namespace' },
    want: RefusedError,
    say: /DataNotAllowed/,
  },
  'what was replaced is not taken for spoiled': {
    answer: { ...replaced, size: 4, sha256: 'b'.repeat(64) },
    want: GoneError,
    say: /was replaced/,
  },
};
for (const [name, { answer, want, say }] of Object.entries(cases)) {
  test(`F15 ${name}`, async () => {
    let asked = 0;
    const ask = async () => {
      asked += 1;
      return answer as never;
    };
    const read = { kind: 'read', source: 'resume', path: 'manifest-5.json' } as const;
    const drain = async (bytes: AsyncIterable<Buffer>): Promise<void> => {
      for await (const _ of bytes) assert.fail('no byte can have come');
    };
    const options = { connection: { ask }, say: () => {}, signal: AbortSignal.timeout(60_000) };
    await assert.rejects(download(read, expected, drain, options), (error: Error) => {
      assert.ok(error instanceof want, String(error));
      return say.test(error.message);
    });
    assert.equal(asked, 1);
  });
}
