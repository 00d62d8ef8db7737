import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Account, decode, fromSeed } from '@nats-io/jwt';
import { InstallationFolder } from './installation-folder.ts';
import { createdKeys, retiredKeys, rotatedKeys } from './key-changes.ts';
import type { KeyFileText } from './key-files.ts';

const LAYOUT = {
  host: '0.0.0.0',
  port: 4222,
  certificateFile: '/etc/nats/server.crt',
  keyFile: '/etc/nats/server.key',
  storeFolder: '/data',
  maxFileBytes: 2 ** 30,
};

type Files = Readonly<Record<string, string>>;
const folder = mkdtempSync(join(tmpdir(), 'espalier-keys-'));
let created: KeyFileText[];

before(async () => {
  created = await createdKeys(['nats.svc'], LAYOUT);
});
after(() => rmSync(folder, { recursive: true }));

/** The keys that may sign trainers' users, as the configuration of the server says. */
function signersIn(files: Files): string[] {
  const account = files['account.id']?.trim() ?? '';
  const jwt = new RegExp(`${account}: (\\S+)`).exec(files['accounts.conf'] ?? '')?.[1] ?? '';
  const { nats } = decode<Account>(jwt);
  return (nats.signing_keys ?? []).flatMap((key) => (typeof key === 'string' ? [] : [key.key]));
}

const signerOf = (files: Files) =>
  fromSeed(Buffer.from(files['trainer.seed']?.trim() ?? '')).getPublicKey();

const applied = (files: Files, changes: readonly KeyFileText[], count: number): Files => ({
  ...files,
  ...Object.fromEntries(changes.slice(0, count)),
});

test('F28 whatever of a rotation is on disk, the server knows the key that signs', async () => {
  const files: Files = Object.fromEntries(created);
  const changes = await rotatedKeys(files);
  assert.deepEqual(
    changes.map(([file]) => file),
    ['account.jwt', 'accounts.conf', 'trainer.seed'],
  );
  for (let count = 0; count <= changes.length; count++) {
    const left = applied(files, changes, count);
    assert.ok(signersIn(left).includes(signerOf(left)), `after ${count} files`);
    // And whoever tries again gets there.
    const again = await rotatedKeys(left);
    const whole = applied(left, again, again.length);
    assert.notEqual(signerOf(whole), signerOf(files));
    assert.ok(signersIn(whole).includes(signerOf(whole)));
    assert.ok(signersIn(whole).includes(signerOf(files)), 'the old one goes on');
  }
});

test('F28 whatever of a retirement is on disk, the current key stays', async () => {
  const first: Files = Object.fromEntries(created);
  const rotated = applied(first, await rotatedKeys(first), 3);
  const changes = await retiredKeys(rotated);
  for (let count = 0; count <= changes.length; count++) {
    const left = applied(rotated, changes, count);
    assert.ok(signersIn(left).includes(signerOf(left)), `after ${count} files`);
  }
  assert.deepEqual(signersIn(applied(rotated, changes, 2)), [signerOf(rotated)]);
});

test('F28 a folder of keys comes whole, once, for its owner only', async () => {
  const place = new InstallationFolder(join(folder, 'once', 'keys'));
  const left = join(folder, 'once', '.keys.unfinished-dead');
  const dead = new InstallationFolder(left);
  await dead.create([['operator.seed', 'of a run that died']]);
  assert.equal(await place.create(created), 'created');
  assert.deepEqual(await place.read(), Object.fromEntries(created));
  assert.deepEqual(readdirSync(join(folder, 'once')), ['keys']);
  for (const [file] of created) {
    assert.equal(statSync(join(place.path, file)).mode & 0o777, 0o600);
  }
  assert.equal(statSync(place.path).mode & 0o777, 0o700);
  assert.equal(await place.create(await createdKeys(['other'], LAYOUT)), 'exists');
  assert.deepEqual(await place.read(), Object.fromEntries(created));
});

test('of two that create at once, one does', async () => {
  const path = join(folder, 'race');
  const outcomes = await Promise.allSettled([
    new InstallationFolder(path).create(created),
    new InstallationFolder(path).create(created),
  ]);
  const done = outcomes.filter((one) => one.status === 'fulfilled' && one.value === 'created');
  assert.equal(done.length, 1);
  assert.deepEqual(await new InstallationFolder(path).read(), Object.fromEntries(created));
});

test('a file replaced after a crash in the middle of it is whole', async () => {
  const place = new InstallationFolder(join(folder, 'again'));
  await place.create([['a', 'old']]);
  writeFileSync(join(place.path, '.a.new'), 'ha');
  await place.replace([['a', 'new']]);
  assert.deepEqual(await place.read(), { a: 'new' });
  assert.deepEqual(readdirSync(place.path), ['a']);
});
