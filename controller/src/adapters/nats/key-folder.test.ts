import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createInstallation, type Installation } from './installation.ts';
import { installationFrom, keyFiles } from './key-files.ts';
import { KeyFolder } from './key-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-keys-'));
let installation: Installation;
let other: Installation;

function write(from: Installation): void {
  for (const [name, text] of Object.entries(keyFiles(from)))
    writeFileSync(join(folder, name), text);
}

before(async () => {
  [installation, other] = [await createInstallation(['a']), await createInstallation(['a'])];
});
after(() => rmSync(folder, { recursive: true }));

test('an installation comes back from its files as it was', () => {
  const files = new Map(Object.entries(keyFiles(installation)));
  assert.deepEqual(
    installationFrom((name) => files.get(name) ?? assert.fail(name)),
    installation,
  );
});

test('F28 keys that were replaced are used from the next use on', async () => {
  write(installation);
  const keys = await KeyFolder.open(folder);
  const before = keys.credentials();
  assert.match(before, /BEGIN NATS USER JWT/);
  assert.deepEqual(keys.signer(), {
    account: installation.account,
    trainerSeed: installation.trainerSeed,
  });
  write(other);
  assert.equal(keys.signer().trainerSeed, other.trainerSeed);
  assert.equal(keys.ca(), other.ca.certificate);
  assert.equal(keys.credentials(), before);
  while (keys.credentials() === before) await new Promise((resolve) => setImmediate(resolve));
});

test('F28 files in the middle of a change keep the old credentials', async () => {
  write(installation);
  const keys = await KeyFolder.open(folder);
  const before = keys.credentials();
  writeFileSync(join(folder, 'controller.seed'), installation.controllerSeed.slice(0, 20));
  assert.equal(keys.credentials(), before);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(keys.credentials(), before);
});

for (const file of ['account.id', 'trainer.seed', 'controller.seed', 'ca.crt']) {
  test(`F28 a wrong ${file} is named, and nothing of it is told`, async () => {
    write(installation);
    const wrong = file.endsWith('.seed') ? installation.operatorSeed : 'not-a-key';
    writeFileSync(join(folder, file), wrong);
    await assert.rejects(KeyFolder.open(folder), (error: Error) => {
      assert.ok(error.message.includes(join(folder, file)), error.message);
      assert.equal(error.message.includes(wrong), false);
      return true;
    });
    rmSync(join(folder, file));
    await assert.rejects(KeyFolder.open(folder), /ENOENT/);
  });
}
