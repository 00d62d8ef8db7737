import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { runCommand } from './commands.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-keys-'));
const out = join(folder, 'keys');
after(() => rmSync(folder, { recursive: true }));

/** The exit code, and what it complained about. */
async function run(context: TestContext, args: string[]): Promise<[number | undefined, string]> {
  const stderr = context.mock.method(process.stderr, 'write', () => true);
  const code = await runCommand(['keys', ...args]);
  stderr.mock.restore();
  return [code, stderr.mock.calls.map((call) => String(call.arguments[0])).join('')];
}

const cases: Record<string, { args: string[]; want: RegExp }> = {
  'without a host': { args: ['create', '--out', out], want: /--host is missing/ },
  'with a host that is none': {
    args: ['create', '--out', out, '--host', 'a b'],
    want: /--host a b is neither/,
  },
  'with a port that is none': {
    args: ['create', '--out', out, '--host', 'a', '--listen', 'a:99999'],
    want: /--listen must be/,
  },
  'with room that is none': {
    args: ['create', '--out', out, '--host', 'a', '--store-bytes', 'much'],
    want: /--store-bytes must be/,
  },
  'without a folder': { args: ['create', '--host', 'a'], want: /--out is missing/ },
  'to rotate nothing': { args: ['rotate'], want: /--dir is missing/ },
  'without a verb': { args: [], want: /name one of/ },
  'with an unknown flag': { args: ['create', '--nope'], want: /--nope/ },
};
for (const [name, { args, want }] of Object.entries(cases)) {
  test(`keys ${name}: told before anything is made`, async (context) => {
    const [code, complaint] = await run(context, args);
    assert.equal(code, 2);
    assert.match(complaint, want);
    assert.equal(existsSync(out), false);
  });
}

test('keys of a folder that is not there cannot be rotated', async (context) => {
  const [code, complaint] = await run(context, ['rotate', '--dir', join(folder, 'none')]);
  assert.equal(code, 1);
  assert.match(complaint, /cannot read .*none: ENOENT/);
});
