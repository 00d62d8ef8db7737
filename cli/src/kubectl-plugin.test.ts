import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { asCalled } from './kubectl-plugin.ts';
import { version } from './program-version.ts';
import { espalier } from './testing/command-line.ts';
import { FakeEngine } from './testing/fake-engine.ts';
import { experiment } from './testing/objects.ts';

const ROOT = new URL('../../', import.meta.url);

const called: Record<string, string> = {
  'go on with: espalier run -f a.yaml': 'go on with: kubectl espalier run -f a.yaml',
  'see: espalier --help': 'see: kubectl espalier --help',
  'Usage: espalier <verb> [options]': 'Usage: kubectl espalier <verb> [options]',
  'kubectl espalier list': 'kubectl espalier list',
  'experiment.espalier.dev/espalier created': 'experiment.espalier.dev/espalier created',
  'cli/bin/espalier list': 'cli/bin/espalier list',
  '/etc/espalier is there': '/etc/espalier is there',
};
for (const [text, want] of Object.entries(called)) {
  test(`as kubectl's plugin it says: ${want}`, () => assert.equal(asCalled(text), want));
}

test("the plugin's help and errors name it as it is called", async () => {
  const plugin = { isPlugin: true };
  const help = await espalier(['trials', '--help'], new FakeEngine(), plugin);
  assert.match(help.stdout, /^Usage: kubectl espalier trials /);
  assert.match(help.stdout, /Examples:\n {2}kubectl espalier trials /);
  const whole = await espalier(['--help'], new FakeEngine(), plugin);
  assert.doesNotMatch(whole.stdout, /(?<!kubectl )espalier (?:[a-z]+ -|--help|<)/);
  const wrong = await espalier(['trails'], new FakeEngine(), plugin);
  assert.match(wrong.stderr, /see: kubectl espalier --help/);
});

test('the plugin looks at the cluster unless a folder is named', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-plugin-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const engine = new FakeEngine().add(experiment());
  const env = { KUBECONFIG: join(dir, 'no-such-file') };
  const cluster = await espalier(['list'], engine, { isPlugin: true, env, cwd: dir });
  assert.notEqual(cluster.exitCode, 0);
  assert.match(cluster.stderr, /no-such-file/);
  const retry = ['retry', 'digits', '--print'];
  const printed = await espalier(retry, engine, { isPlugin: true, env, cwd: dir });
  assert.match(printed.stderr, /no-such-file/);
  const folder = await espalier(['list', '--dir', '.'], engine, { isPlugin: true, env, cwd: dir });
  assert.equal(folder.exitCode, 0, folder.stderr);
  assert.match(folder.stdout, /digits/);
});

// The fields and rules of krew.sigs.k8s.io/docs/developer-guide/plugin-manifest.
test("krew's manifest has the fields that krew documents, and names what is there", () => {
  const path = new URL('plugins/espalier.yaml', ROOT);
  const manifest = parse(readFileSync(path, 'utf8'));
  assert.deepEqual(Object.keys(manifest), ['apiVersion', 'kind', 'metadata', 'spec']);
  assert.equal(manifest.apiVersion, 'krew.googlecontainertools.github.com/v1alpha2');
  assert.equal(manifest.kind, 'Plugin');
  assert.equal(manifest.metadata.name, 'espalier', 'the name of the file');
  const { spec } = manifest;
  assert.equal(spec.version, `v${version()}`);
  assert.match(spec.homepage, /^https:\/\//);
  assert.ok(spec.shortDescription.length <= 50 && !spec.shortDescription.endsWith('.'));
  assert.doesNotMatch(spec.shortDescription, /kubectl|plugin/i);
  for (const line of [...spec.description.split('\n'), ...spec.caveats.split('\n')]) {
    assert.ok(line.length <= 80, line);
  }
  for (const platform of spec.platforms) {
    const { selector, uri, sha256, bin } = platform;
    assert.deepEqual(selector, { matchLabels: { os: 'linux', arch: 'amd64' } });
    assert.match(uri, /^https:\/\/\S+\.(?:tar\.gz|zip)$/);
    assert.match(sha256, /^[0-9a-f]{64}$/);
    assert.ok(existsSync(new URL(bin, ROOT)), bin);
  }
});
