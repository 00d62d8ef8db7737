import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Credentials, kubeconfigAccess, podAccess } from './access.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-access-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A kubeconfig with one context of that user. */
function kubeconfig(name: string, user: object, cluster: object = {}): string {
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'team' } }],
    clusters: [{ name: 'k', cluster: { server: 'https://10.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user }],
  };
  return file(name, JSON.stringify(config));
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const open: Credentials = { rejectUnauthorized: true, headers: {} };

const cases: Record<string, { user: object; cluster?: object; want: Credentials }> = {
  'a client certificate': {
    user: { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') },
    cluster: { 'certificate-authority-data': base64('CA') },
    want: { ...open, ca: 'CA', cert: 'CERT', key: 'KEY' },
  },
  'a token': {
    user: { token: 'secret' },
    want: { ...open, headers: { Authorization: 'Bearer secret' } },
  },
  'a name and a password': {
    user: { username: 'me', password: 'p' },
    want: { ...open, headers: { Authorization: `Basic ${base64('me:p')}` } },
  },
  'an exec plugin': {
    user: {
      exec: {
        command: 'sh',
        args: ['-c', `echo '{"status":{"token":"from-plugin"}}'`],
      },
    },
    want: { ...open, headers: { Authorization: 'Bearer from-plugin' } },
  },
  'another server name, unverified': {
    user: {},
    cluster: { 'tls-server-name': 'kube', 'insecure-skip-tls-verify': true },
    want: { headers: {}, servername: 'kube', rejectUnauthorized: false },
  },
};
for (const [name, { user, cluster, want }] of Object.entries(cases)) {
  test(`a kubeconfig with ${name}`, async () => {
    const access = kubeconfigAccess([kubeconfig('config', user, cluster)]);
    assert.equal(access.server.href, 'https://10.0.0.1:6443/');
    assert.equal(access.namespace, 'team');
    assert.deepEqual(await access.credentials(), want);
  });
}

test('F28 a token file beside the kubeconfig is read again each time, before a token', async () => {
  file('token', 'one\n');
  const access = kubeconfigAccess([kubeconfig('config', { tokenFile: 'token', token: 'old' })]);
  assert.deepEqual((await access.credentials()).headers, { Authorization: 'Bearer one' });
  file('token', 'two\n');
  assert.deepEqual((await access.credentials()).headers, { Authorization: 'Bearer two' });
});

test('F28 a CA file beside the kubeconfig is read again each time', async () => {
  file('ca.crt', 'ONE');
  const access = kubeconfigAccess([
    kubeconfig('config', {}, { 'certificate-authority': 'ca.crt' }),
  ]);
  assert.equal((await access.credentials()).ca, 'ONE');
  file('ca.crt', 'TWO');
  assert.equal((await access.credentials()).ca, 'TWO');
});

test('of several files the first to name something wins', async () => {
  const first = file('first', 'current-context: c\n');
  const access = kubeconfigAccess([first, kubeconfig('second', { token: 't' })]);
  assert.deepEqual((await access.credentials()).headers, { Authorization: 'Bearer t' });
});

test('a context that is not there is named, with those that are', () => {
  const paths = [kubeconfig('config', {})];
  assert.throws(() => kubeconfigAccess(paths, 'other'), /no context "other" in .*; there are c$/);
  const two = [file('two', 'contexts: [{name: staging, context: {cluster: c, user: u}}]\n')];
  assert.throws(() => kubeconfigAccess(two, 'stagign'), /did you mean "staging"\?/);
});

test("F28 in a pod the service account's token is read again each time", async () => {
  file('namespace', 'espalier-system\n');
  file('token', 'one\n');
  file('ca.crt', 'CA');
  const access = podAccess('fd00::1', '443', folder);
  assert.equal(access.server.hostname, '[fd00::1]');
  assert.equal(access.namespace, 'espalier-system');
  file('token', 'two\n');
  assert.deepEqual((await access.credentials()).headers, { Authorization: 'Bearer two' });
});

const BROKEN: Readonly<Record<string, { text: string; want: RegExp }>> = {
  'no text in it': { text: '', want: /no current-context in .*broken$/ },
  'a list': { text: '[1]', want: /broken is no kubeconfig/ },
  'a sentence': { text: 'hello', want: /broken is no kubeconfig/ },
  'no YAML': { text: '{ [ : \n  x', want: /cannot read .*broken: Flow sequence.* column \d+$/ },
  'users that are no list': { text: 'users: {}', want: /broken: users is no list/ },
  'a name that is a list': {
    text: 'contexts: [{name: [a], context: {cluster: c, user: u}}]',
    want: /broken: name of contexts\[0\] is no text$/,
  },
  'F28 a token that is a number, which is not told': {
    text: 'users: [{name: a, user: {token: 4242}}]',
    want: /broken: token of users\[0\] is no text$/,
  },
  'a cluster without a server': {
    text: 'clusters: [{name: c, cluster: {}}]',
    want: /broken: clusters\[0\]\.cluster\.server is missing/,
  },
  'a server that is no address': {
    text: `
current-context: c
contexts: [{name: c, context: {cluster: k}}]
clusters: [{name: k, cluster: {server: nowhere}}]`,
    want: /the server of cluster "k" is no address: "nowhere"/,
  },
  'a user that there is not': {
    text: `
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: 'https://x'}}]`,
    want: /no user "u"/,
  },
};

for (const [name, { text, want }] of Object.entries(BROKEN)) {
  test(`U a kubeconfig with ${name} is refused with its name and what is wrong`, () => {
    assert.throws(() => kubeconfigAccess([file('broken', text)]), {
      code: 'InvalidSpec',
      message: want,
    });
  });
}

test('a kubeconfig that cannot be read is told by its name', () => {
  assert.throws(() => kubeconfigAccess(['/nonexistent']), /ENOENT.*\/nonexistent/);
  assert.throws(() => kubeconfigAccess([folder]), new RegExp(`cannot read ${folder}: EISDIR`));
});

test('U a credential that cannot be had is told with its context', async () => {
  const users = {
    'such file': { tokenFile: '/no/such/token' },
    'please log in$': {
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'sh',
        args: ['-c', 'echo please log in >&2; exit 3'],
        interactiveMode: 'Never',
      },
    },
  };
  for (const [want, user] of Object.entries(users)) {
    const access = kubeconfigAccess([kubeconfig('config', user)]);
    const message = new RegExp(`the credential of context "c" cannot be had: .*${want}`);
    await assert.rejects(access.credentials(), { code: 'InvalidSpec', message });
  }
});
