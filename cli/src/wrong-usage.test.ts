import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { espalier, type Ran } from './testing/command-line.ts';
import { FakeEngine } from './testing/fake-engine.ts';
import { endedTrial, experiment } from './testing/objects.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-wrong-'));
  writeFileSync(join(dir, 'afile'), '');
  mkdirSync(join(dir, 'afolder'));
});
after(() => rmSync(dir, { recursive: true }));

/** In a folder with the Experiment `digits` and one Trial; `afile` and `afolder` lie beside. */
function run(words: readonly string[], env: object = {}): Promise<Ran> {
  const engine = new FakeEngine().add(experiment({}), [endedTrial(0, 0.9)]);
  return espalier(words, engine, { cwd: dir, env: { ESPALIER_DIR: 'afolder', ...env } });
}

type Case = readonly [words: readonly string[], exitCode: number, stderr: RegExp];

const CASES: Readonly<Record<string, Case>> = {
  'a file in the place of the folder': [
    ['list', '--dir', 'afile'],
    2,
    /afile is a file and not a folder\n.*--dir DIR .*-f\n$/,
  ],
  'a folder below a file': [['trials', 'digits', '--dir', 'afile/x'], 2, /afile is a file and not/],
  'an empty folder name': [['list', '--dir', ''], 2, /'--dir <folder>' argument '' .*It is empty/],
  'a folder and a cluster at once': [
    ['delete', 'digits', '--yes', '--dir', 'afolder', '--context', 'lab'],
    2,
    /'--dir <folder>' cannot be used with option '--context <name>'/,
  ],
  'a namespace that cannot be': [
    ['list', '-n', 'A B'],
    2,
    /'A B' is invalid\. A namespace has .*\nsee: espalier list --help/,
  ],
  'an empty namespace': [['get', 'digits', '-n', ''], 2, /A namespace has at most 63/],
  'a namespace of an installation that cannot be': [['install', '-n', 'Ä'], 2, /A namespace has/],
  'a namespace of data that cannot be': [['data', 'list', '-n', '../x'], 2, /A namespace has/],
  'an empty name': [['get', ''], 2, /the name is empty\n.*espalier list -o name/],
  'an empty name of a kind': [['delete', 'experiment/', '--yes'], 2, /the name is empty/],
  'a Trial in the place of an Experiment': [
    ['pause', 'digits-00000'],
    3,
    /no Experiment digits-00000 .*\n.*name of a Trial; its Experiment is digits\n/,
  ],
  'a Trial that there is not': [
    ['logs', 'digits-00009'],
    3,
    /no Experiment or Trial digits-00009 .*\n.*espalier trials digits lists/,
  ],
  'a kind of picture that there is not': [
    ['plot', 'histori', 'digits'],
    2,
    /there is no kind "histori"\n +did you mean history\?\n +there are history, curves/,
  ],
  'a form of output that there is not': [
    ['get', 'digits', '-o', 'jsn'],
    2,
    /--output: there is no format "jsn"\n +did you mean json\?\n +there are table, wide/,
  ],
  'an order that there is not': [
    ['trials', 'digits', '--sort', 'valeu'],
    2,
    /did you mean value\?/,
  ],
  'a theme that there is not': [['report', 'digits', '--theme', 'drak'], 2, /did you mean dark\?/],
  'a shell that there is not': [['completion', 'zhs'], 2, /no shell "zhs"\n +did you mean zsh\?/],
  'a form of export that there is not': [
    ['export', 'digits', '--format', 'parquet'],
    2,
    /--format: there is no format "parquet"\n +there are csv, json, jsonl/,
  ],
  'a file whose name says no form': [
    ['export', 'digits', '-o', 'x.foo'],
    2,
    /cannot tell from x\.foo what to write\n.*\.csv, \.json, \.jsonl, or --format/,
  ],
  'help of a verb that there is not': [
    ['help', 'trails'],
    2,
    /there is no verb "trails"\n +did you mean trials\?/,
  ],
  'no columns': [['trials', 'digits', '--columns', ','], 2, /It names nothing/],
  'no state': [['trials', 'digits', '--state', ''], 2, /It names nothing/],
  'no name': [['get'], 2, /missing required argument 'name'\nsee: espalier get --help/],
  'no folder of data': [['data', 'push'], 2, /see: espalier data push --help/],
  'a context without a name': [['list', '--context', ''], 2, /'--context <name>' .*It is empty/],
  'a manifest in a folder that there is not': [
    ['init', 'nowhere/sweep.yaml'],
    3,
    /there is no folder .*nowhere\n/,
  ],
  'a folder in the place of a manifest': [['init', 'afolder'], 2, /afolder is a folder/],
  'a folder in the place of a manifest, by force': [
    ['init', '--force', 'afolder'],
    2,
    /afolder is a folder\n.*name the file/,
  ],
  'an endpoint that is no address': [
    ['data', 'list', '--bucket', 'b', '--endpoint', 'not a url'],
    2,
    /"not a url" is no address of a store\n.*https:/,
  ],
};

for (const [name, [words, exitCode, stderr]] of Object.entries(CASES)) {
  test(`U wrong usage: ${name} is told, with what to do, and nothing goes to stdout`, async () => {
    const ran = await run(words);
    assert.match(ran.stderr, stderr);
    assert.deepEqual([ran.exitCode, ran.stdout], [exitCode, '']);
  });
}

test('U a variable that is empty is one that is not set', async () => {
  const ran = await run(['list'], { ESPALIER_DIR: '' });
  assert.match(ran.stderr, /no Experiments in .*\.espalier, namespace default/);
});

test('U what a terminal would obey is shown, wherever a message has it from', async () => {
  const red = '\u001b[31m';
  const lines = [[`${red}x`], ['get', 'digits', `--${red}`], ['plot', red, 'digits']];
  for (const words of [...lines, ['list', '--kubeconfig', `/no/${red}`]]) {
    const ran = await run(words);
    assert.equal(ran.exitCode, 2);
    assert.match(ran.stderr, /\\x1b\[31m/);
    assert.ok(!ran.stderr.includes('\u001b'), JSON.stringify(ran.stderr));
  }
});

test('U an export is named as one likes if its form is told', async () => {
  const named = await run(['export', 'digits', '-o', join(dir, 'x.foo'), '--format', 'json']);
  assert.equal(named.exitCode, 0, named.stderr);
  const bare = await run(['export', 'digits', '-o', join(dir, 'table')]);
  assert.equal(bare.exitCode, 0, bare.stderr);
});
