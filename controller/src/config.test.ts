import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Config, readConfig } from './config.ts';

function configOf(args: string[], env: Record<string, string> = {}): Config {
  const result = readConfig(args, env);
  assert.ok(result.kind === 'config', JSON.stringify(result));
  return result.config;
}

function problemsOf(args: string[], env: Record<string, string> = {}): readonly string[] {
  const result = readConfig(args, env);
  assert.ok(result.kind === 'problems', JSON.stringify(result));
  return result.problems;
}

test('without settings the defaults stand', () => {
  const config = configOf([]);
  assert.deepEqual(
    [config.namespaces, config.leaderElect, config.leaseDuration, config.httpPort, config.workers],
    [[], true, 15_000, 8080, 8],
  );
});

test('flags come before variables, variables before the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-config-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, 'workers: 2\nhttpPort: 1\nnamespaces: [a, b]\nleaderElect: false\n');
  try {
    const env = { ESPALIER_CONFIG: file, ESPALIER_WORKERS: '3', ESPALIER_HTTP_PORT: '2' };
    const config = configOf(['--http-port', '5', '--trainer-image=reg/t:1'], env);
    assert.deepEqual(
      [config.workers, config.httpPort, config.namespaces, config.leaderElect, config.trainerImage],
      [3, 5, ['a', 'b'], false, 'reg/t:1'],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('all problems are told at once, each with where it came from', () => {
  const problems = problemsOf(
    ['--workers=0', '--nope', '--lease-duration', '5s', 'stray', '--log-level=loud'],
    { ESPALIER_HTTP_PORT: '70000' },
  );
  const starts = [
    '--nope:',
    'unexpected argument "stray"',
    '--workers:',
    'ESPALIER_HTTP_PORT:',
    '--log-level:',
  ];
  for (const start of starts) {
    assert.ok(
      problems.some((problem) => problem.startsWith(start)),
      `${start}\n${problems.join('\n')}`,
    );
  }
});

test('times that would let two lead are refused', () => {
  assert.match(problemsOf(['--renew-deadline=20s']).join(), /less than leaseDuration/);
  assert.match(problemsOf(['--retry-period=12s']).join(), /less than renewDeadline/);
});

test('a file that is no mapping is a problem and not a crash', () => {
  assert.match(problemsOf(['--config=/nonexistent.yaml']).join(), /ENOENT/);
});

test('settings below __proto__ are not taken for settings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-config-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, '__proto__: { workers: 3 }\n');
  try {
    assert.match(problemsOf([`--config=${file}`]).join(), /^__proto__ in .*: no such setting$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a time that is none is told once, a setting that is none with its file', () => {
  assert.equal(problemsOf(['--retry-period=abc']).length, 1);
  const folder = mkdtempSync(join(tmpdir(), 'espalier-config-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, 'worker: 3\n');
  try {
    assert.deepEqual(problemsOf([`--config=${file}`]), [`worker in ${file}: no such setting`]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const STREAMS = ['--nats-servers=n:4222', '--nats-keys=/keys', '--courier-image=reg/courier:1'];

test('servers lose their scheme, sizes become bytes', () => {
  const more = ['--s3-bucket=artifacts', '--s3-attempt-quota=2Gi', '--s3-path-style=true'];
  const servers = '--nats-servers=nats://a.svc:4222, tls://10.0.0.1:1,[::1]:4222';
  const config = configOf([...STREAMS.slice(1), servers, ...more]);
  assert.deepEqual(
    [config.natsServers, config.s3AttemptQuota, config.s3PathStyle, config.s3Prefix],
    [['a.svc:4222', '10.0.0.1:1', '[::1]:4222'], 2 ** 31, true, ''],
  );
  assert.equal(configOf(STREAMS).s3AttemptQuota, 100 * 2 ** 30);
});

const refused: Record<string, { args: string[]; want: RegExp }> = {
  'servers without keys': {
    args: [STREAMS[0] ?? '', STREAMS[2] ?? ''],
    want: /^natsKeys: is needed/,
  },
  'servers without a courier': { args: STREAMS.slice(0, 2), want: /^courierImage: is needed/ },
  'a bucket without servers': { args: ['--s3-bucket=abc'], want: /^natsServers: are needed/ },
  'a server without a port': {
    args: [...STREAMS.slice(1), '--nats-servers=host'],
    want: /--nats-servers: must be host/,
  },
  'F28 credentials in the endpoint': {
    args: [...STREAMS, '--s3-endpoint=https://key:secret@host'],
    want: /^--s3-endpoint: must hold no credentials$/,
  },
  'F28 a password alone in the endpoint': {
    args: [...STREAMS, '--s3-endpoint=https://:secret@host'],
    want: /^--s3-endpoint: must hold no credentials$/,
  },
  'an endpoint that is no address': {
    args: [...STREAMS, '--s3-endpoint=8080'],
    want: /^--s3-endpoint: Invalid URL$/,
  },
  'a prefix that climbs': {
    args: ['--s3-prefix=../other'],
    want: /^--s3-prefix: must be folders/,
  },
  'a size that is none': {
    args: ['--s3-attempt-quota=many'],
    want: /^--s3-attempt-quota: must be a number of bytes/,
  },
};
for (const [name, { args, want }] of Object.entries(refused)) {
  test(`settings are refused with ${name}, told once`, () => {
    const problems = problemsOf(args);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', want);
  });
}

test('help names every flag', () => {
  const result = readConfig(['--help'], {});
  assert.ok(result.kind === 'help');
  assert.match(result.text, /--lease-duration +others take over/);
});
