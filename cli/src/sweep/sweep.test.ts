import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkExperiment, experimentSchema, readManifests } from '@espalier/api';
import fc from 'fast-check';
import { parseDomain } from './domain.ts';
import { buildSweep } from './manifest.ts';
import { readWords, trainerName } from './parameter-words.ts';
import { parseMetric, parseRule } from './settings.ts';
import { writeYaml } from './write-yaml.ts';

const searched = (text: string) => {
  const parsed = parseDomain('--x', text);
  assert.equal(parsed.kind, 'searched');
  return parsed.kind === 'searched' ? parsed.domain : undefined;
};

const domains: Record<string, object> = {
  '1e-5..1e-2:log': { float: { min: 1e-5, max: 1e-2, scale: 'log' } },
  '0..1': { int: { min: 0, max: 1 } },
  '0.0..1': { float: { min: 0, max: 1 } },
  '16..256:log': { int: { min: 16, max: 256, scale: 'log' } },
  '0..10:step=2': { int: { min: 0, max: 10, step: 2 } },
  '0..1:step=0.25': { float: { min: 0, max: 1, step: 0.25 } },
  '-0.5..0.5': { float: { min: -0.5, max: 0.5 } },
  '.1...5': { float: { min: 0.1, max: 0.5 } },
  '32,64,128': { int: { values: [32, 64, 128] } },
  '0.1,1': { float: { values: [0.1, 1] } },
  '-0': { int: { value: 0 } },
  'true,false': { bool: { values: [true, false] } },
  true: { bool: { value: true } },
  'constant,cosine': { string: { values: ['constant', 'cosine'] } },
  cosine: { string: { value: 'cosine' } },
  'registry:5000/data:log': { string: { value: 'registry:5000/data:log' } },
  '1,a': { string: { values: ['1', 'a'] } },
};
for (const [text, want] of Object.entries(domains)) {
  test(`the values ${text} are ${JSON.stringify(want)}`, () =>
    assert.deepEqual(searched(text), want));
}

test('replicates are a list or a range of whole numbers', () => {
  assert.deepEqual(parseDomain('--seed', '1,2,3:replicates'), {
    kind: 'replicates',
    values: [1, 2, 3],
  });
  assert.deepEqual(parseDomain('--seed', '3..5:replicates'), {
    kind: 'replicates',
    values: [3, 4, 5],
  });
});

const badDomains: Record<string, RegExp> = {
  '1..2:lag': /there is no :lag; did you mean :log\?/,
  '2..1': /first bound must be below/,
  '1..1': /first bound must be below/,
  '1,2:log': /:log needs a range/,
  '5:step=1': /:step needs a range/,
  '1..9:step': /:step needs a number/,
  '1..9:step=x': /:step needs a number/,
  '1..9:log=2': /:log takes no value/,
  '1..9:log:log': /:log stands twice/,
  '1,,2': /a value is missing/,
  '1..': /is no range of two numbers/,
  '1e999': /too large/,
  '1..9007199254740993': /too large/,
  '0.5,1:replicates': /replicates are whole numbers/,
  '1..100:replicates': /at most 64 replicates/,
  '1..9:log:replicates': /stands alone/,
};
for (const [text, want] of Object.entries(badDomains)) {
  test(`the values ${text} are refused: ${want.source}`, () => {
    assert.throws(() => parseDomain('--x', text), { name: 'Failure', message: want });
  });
}

test('a flag is the name that the trainer knows', () => {
  assert.equal(trainerName('--batch-size'), 'batchSize');
  assert.equal(trainerName('--lr'), 'lr');
  assert.equal(trainerName('--weight_decay'), 'weight_decay');
  assert.equal(trainerName('--model.depth'), 'model.depth');
});

const OWN = ['trials', 'metric', 'dir', 'name'];
const badWords: Record<string, { words: string[]; given?: string[]; want: RegExp }> = {
  'a slip of one of our flags': { words: ['--trails', '3'], want: /did you mean --trials\?/ },
  'a flag without a value': { words: ['--lr'], want: /--lr needs a value/ },
  'a flag before another one': { words: ['--lr', '--wd', '1'], want: /--lr needs a value/ },
  'a stray word': { words: ['lr', '1'], want: /lr belongs to no flag/ },
  'a name given twice': {
    words: ['--batch-size', '1', '--batchSize', '2'],
    want: /batchSize is given twice/,
  },
  'an exact name without values': { words: [], given: ['dim'], want: /a name and its values/ },
};
for (const [name, { words, given = [], want }] of Object.entries(badWords)) {
  test(`${name} is refused`, () => {
    assert.throws(() => readWords(words, given, OWN), { name: 'Failure', message: want });
  });
}

test('--param takes a name as it is, also one near a flag of ours', () => {
  const { parameters, command } = readWords(
    ['--lr=1e-3..1e-1', '--', 'train', '--dim', '3'],
    ['dim=64,128', 'eq=a=b'],
    OWN,
  );
  assert.deepEqual(
    parameters.map(({ name, text }) => [name, text]),
    [
      ['dim', '64,128'],
      ['eq', 'a=b'],
      ['lr', '1e-3..1e-1'],
    ],
  );
  assert.deepEqual(command, ['train', '--dim', '3']);
});

test('metrics and rules are read with their settings, and slips are told', () => {
  assert.deepEqual(parseMetric('valid_acc:max'), { metric: 'valid_acc', goal: 'maximize' });
  assert.deepEqual(parseMetric('loss:min:target=0.1'), {
    metric: 'loss',
    goal: 'minimize',
    target: 0.1,
  });
  assert.deepEqual(parseRule('asha:max=9:eta=3'), { algorithm: 'asha', max: 9, eta: 3 });
  assert.deepEqual(parseRule('median:resource=step'), { algorithm: 'median', resource: 'step' });
  for (const [act, want] of [
    [() => parseMetric('loss'), /which values are better/],
    [() => parseMetric(':max'), /which values are better/],
    [() => parseMetric('a:max:target=x'), /target must be a number, got x/],
    [() => parseRule('asha:ete=3'), /there is no ete; did you mean eta\?/],
    [() => parseRule('asha:eta'), /eta needs a value/],
    [() => parseRule('asha:eta=3:eta=4'), /eta is set twice/],
  ] as const) {
    assert.throws(act, { name: 'Failure', message: want });
  }
});

test('the same question has the same name, however many trials answer it', () => {
  const words = readWords(['--lr', '1e-4..1e-1'], [], OWN);
  const name = (trials: number, metric: string) =>
    buildSweep({ trials, metric: [metric] }, words).metadata.name;
  assert.equal(name(5, 'a:max'), name(50, 'a:max'));
  assert.notEqual(name(5, 'a:max'), name(5, 'a:min'));
});

test('as many trials as there are configurations, if those are fewer than usual', () => {
  const trials = (...typed: string[]) =>
    buildSweep({ metric: ['a:max'] }, readWords(typed, [], OWN)).spec.trials.max;
  assert.equal(trials('--a', '1,2,3', '--b', 'x,y', '--c', 'fixed'), 6);
  assert.equal(trials('--a', '1..3'), 20);
});

/** A number as people type it, in a range that zod takes. */
const number = fc.oneof(
  fc.integer({ min: -1e6, max: 1e6 }).map(String),
  fc.double({ min: 1e-9, max: 1e9, noNaN: true }).map(String),
);
const text = fc.oneof(
  fc.constantFrom(
    'yes',
    'null',
    '~',
    '0o7',
    '1:30',
    '#c',
    'a: b',
    '"',
    "'",
    '{',
    '=',
    '<<',
    '\u2028',
  ),
  fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
);
const parameterName = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/);
const values = fc
  .oneof(
    fc.uniqueArray(fc.integer({ min: -100, max: 100 }).map(String), { minLength: 1, maxLength: 5 }),
    fc.uniqueArray(text, { minLength: 1, maxLength: 4 }),
  )
  .map((list) => list.join(','));
const range = fc
  .tuple(number, number, fc.constantFrom('', ':log', ':step=1'))
  .map(([low, high, suffix]) => `${low}..${high}${suffix}`);

test('what is printed is read as the same manifest, by the way that files take', () => {
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(parameterName, fc.oneof(values, range)), {
        minLength: 1,
        maxLength: 4,
        selector: ([name]) => name,
      }),
      fc.array(text, { maxLength: 3 }),
      fc.record({ parallel: fc.integer({ min: 1, max: 9 }), searchSeed: fc.nat() }),
      (parameters, command, flags) => {
        let manifest: ReturnType<typeof buildSweep>;
        try {
          const given = parameters.map(([name, domain]) => `${name}=${domain}`);
          const words = readWords(['--', ...command], given, OWN);
          manifest = buildSweep({ metric: ['loss:min'], ...flags }, words);
        } catch (error) {
          assert.equal((error as Error).name, 'Failure');
          return;
        }
        const { experiments, written, problems } = readManifests(writeYaml(manifest, 'x\ny'), 'f');
        const { apiVersion, kind, metadata, spec } = manifest;
        const direct = experimentSchema.safeParse({
          apiVersion,
          kind,
          metadata: { ...metadata, namespace: 'default' },
          spec,
        });
        if (!direct.success || checkExperiment(direct.data.spec).length > 0) {
          assert.notEqual(problems.length, 0);
          return;
        }
        assert.deepEqual(problems, []);
        accepted += 1;
        assert.deepEqual(written[0]?.spec, spec);
        assert.deepEqual(experiments[0]?.spec, direct.data.spec);
      },
    ),
    { numRuns: 500 },
  );
  assert.ok(accepted > 100, `${accepted} of 500 were sound`);
});
