import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FULL_MANIFEST } from '../testing/specs.ts';
import { problemSentence } from './problem.ts';
import { MAX_MANIFEST_BYTES, readManifests } from './read-manifests.ts';

const SMALL = `apiVersion: espalier.dev/v1alpha1
kind: Experiment
metadata: { name: a }
spec:
  objective: { metric: acc, goal: maximize }
  parameters:
    - { name: lr, float: { value: 0.1 } }
`;

/** `SMALL` with the only place of `from` replaced. */
function small(from: string, to: string): string {
  assert.equal(SMALL.split(from).length, 2, from);
  return SMALL.replace(from, () => to);
}

/** Each problem as `line:column path: sentence`. */
function problemsOf(text: string): string[] {
  return readManifests(text, 'a.yaml').problems.map(
    (problem) =>
      `${problem.line}:${problem.column} ${problem.path.join('.')}: ${problemSentence(problem)}`,
  );
}

test('the smallest manifest gets every default', () => {
  const { experiments, sources, problems } = readManifests(SMALL, 'a.yaml');
  assert.deepEqual(problems, []);
  assert.equal(sources.length, 1);
  const [experiment] = experiments;
  assert.equal(experiment?.metadata.namespace, 'default');
  assert.equal(experiment.metadata.uid, '');
  assert.deepEqual(experiment.spec.trials, { max: 1, parallel: 1, maxFailed: 3 });
  assert.equal(experiment.spec.deadlines.pending, '15m');
  assert.equal(experiment.spec.search.algorithm, 'random');
  assert.equal(experiment.spec.desiredState, 'Run');
});

test('what was written is kept without defaults, and without what the server wrote', () => {
  const { written } = readManifests(SMALL, 'a.yaml');
  assert.deepEqual(written, [
    {
      apiVersion: 'espalier.dev/v1alpha1',
      kind: 'Experiment',
      metadata: { name: 'a' },
      spec: {
        objective: { metric: 'acc', goal: 'maximize' },
        parameters: [{ name: 'lr', float: { value: 0.1 } }],
      },
    },
  ]);
  const printed = small('{ name: a }', '{ name: a, namespace: team, uid: u, managedFields: [] }');
  const again = readManifests(`${printed}status: { phase: Running }\n`, 'a.yaml').written;
  assert.deepEqual(again, [{ ...written[0], metadata: { name: 'a', namespace: 'team' } }]);
});

test('a manifest that uses every field is sound, and nothing of it is lost', () => {
  const { experiments, problems } = readManifests(FULL_MANIFEST, 'a.yaml');
  assert.deepEqual(problems, []);
  const [experiment] = experiments;
  assert.deepEqual(experiment?.metadata.labels, { team: 'a' });
  assert.equal(experiment.spec.parameters.length, 10);
  assert.equal(experiment.spec.data?.s3?.key, 'sets/digits.tar');
  assert.deepEqual(experiment.spec.parameters[8]?.when?.in, [32, '64']);
});

test('what kubectl get prints is read again, without what the server wrote', () => {
  const text = small(
    '{ name: a }',
    '{ name: a, uid: u, resourceVersion: "7", generation: 3, managedFields: [{}], finalizers: [f] }',
  );
  const { experiments, problems } = readManifests(`${text}status: { phase: Running }\n`, 'a.yaml');
  assert.deepEqual(problems, []);
  assert.equal(experiments[0]?.metadata.uid, '');
  assert.equal(experiments[0].metadata.finalizers, undefined);
  assert.equal(experiments[0].status, undefined);
});

test('several documents, comments and empty ones between them', () => {
  const profile =
    'apiVersion: espalier.dev/v1alpha1\nkind: TrainerProfile\nmetadata: {name: gpu}\nspec: {image: i}\n';
  const text = `# first\n---\n${SMALL}---\n---\n# nothing\n---\n${profile}---\n${small('name: a', 'name: b')}`;
  const { experiments, profiles, problems } = readManifests(text, 'a.yaml');
  assert.deepEqual(problems, []);
  assert.deepEqual(
    experiments.map(({ metadata }) => metadata.name),
    ['a', 'b'],
  );
  assert.equal(profiles[0]?.spec.gpuResourceName, 'nvidia.com/gpu');
});

test('a sound document is returned although another one is not', () => {
  const { experiments, sources, problems } = readManifests(`${SMALL}---\nkind: Pod\n`, 'a.yaml');
  assert.equal(experiments.length, 1);
  assert.equal(sources.length, 1);
  assert.equal(problems.length, 1);
});

const bad: Record<string, { text: string; want: string[] }> = {
  'an unknown field': {
    text: `${SMALL}  trials: { maxx: 3 }\n`,
    want: ['8:13 spec.trials.maxx: unknown field; did you mean "max"?'],
  },
  'an unknown field that resembles nothing': {
    text: `${SMALL}  banana: 3\n`,
    want: ['8:3 spec.banana: unknown field'],
  },
  'an unknown field inside a list': {
    text: small('float:', 'flaot:'),
    want: ['7:19 spec.parameters.0.flaot: unknown field; did you mean "float"?'],
  },
  'a text for a number': {
    text: small('value: 0.1', 'value: fast'),
    want: ['7:35 spec.parameters.0.float.value: must be a number, found the text "fast"'],
  },
  'a quoted number for a number': {
    text: small('value: 0.1', 'value: "0.1"'),
    want: [
      '7:35 spec.parameters.0.float.value: must be a number, found the text "0.1"; remove the quotes',
    ],
  },
  'a number for a text': {
    text: `${SMALL}  trainer: { resources: { cpu: 4 } }\n`,
    want: ['8:32 spec.trainer.resources.cpu: must be a text, found the number 4; put it in quotes'],
  },
  'a fraction for a whole number': {
    text: `${SMALL}  trials: { max: 1.5 }\n`,
    want: ['8:18 spec.trials.max: must be a whole number, found the number 1.5'],
  },
  'a list for a mapping': {
    text: `${SMALL}  trials: [3]\n`,
    want: ['8:11 spec.trials: must be a mapping, found a list'],
  },
  'a mapping for a list': {
    text: `${SMALL}  trainer: { args: { a: 1 } }\n`,
    want: ['8:20 spec.trainer.args: must be a list, found a mapping'],
  },
  'nothing for a value': {
    text: `${SMALL}  trials: { max: }\n`,
    want: ['8:13 spec.trials.max: must be a number, found nothing'],
  },
  'a text for a truth value': {
    text: `${SMALL}  attempts: { replaceLost: "yes" }\n`,
    want: ['8:28 spec.attempts.replaceLost: must be true or false, found the text "yes"'],
  },
  'a word that is not one of the choices': {
    text: small('maximize', 'maximise'),
    want: [
      '5:35 spec.objective.goal: must be maximize or minimize, found the text "maximise"; did you mean "maximize"?',
    ],
  },
  'an unquoted truth value in when': {
    text: small('value: 0.1 }', 'value: 0.1 }, when: { parameter: b, in: [true] }'),
    want: [
      '7:69 spec.parameters.0.when.in.0: must be a whole number or a text, found true; put it in quotes',
    ],
  },
  '0 trials': {
    text: `${SMALL}  trials: { max: 0 }\n`,
    want: ['8:18 spec.trials.max: must be at least 1, found the number 0'],
  },
  'a step of 0': {
    text: small('value: 0.1', 'min: 1, max: 2, step: 0'),
    want: ['7:50 spec.parameters.0.float.step: must be more than 0, found the number 0'],
  },
  'no parameter at all': {
    text: small('\n    - { name: lr, float: { value: 0.1 } }', ' []'),
    want: ['6:15 spec.parameters: must have at least 1 item, has 0'],
  },
  'a name with a line end': {
    text: small('name: lr', 'name: "lr\\n"'),
    want: [
      '7:15 spec.parameters.0.name: must begin with a letter or _ and hold only letters, digits, _, . and -, found the text "lr\\u{a}"',
    ],
  },
  'a metric of nothing': {
    text: small('metric: acc', 'metric: ""'),
    want: [
      '5:24 spec.objective.metric: must not be empty',
      '5:24 spec.objective.metric: must begin with a letter or _ and hold only letters, digits, _, ., / and -, found the text ""',
    ],
  },
  'a missing field': {
    text: small('metric: acc, ', ''),
    want: ['5:3 spec.objective.metric: is required'],
  },
  'min above max, with the place of min': {
    text: small('value: 0.1', 'min: 2, max: 1'),
    want: ['7:33 spec.parameters.0.float.min: min must be less than max'],
  },
  'a data key that leaves its folder': {
    text: `${SMALL}  data: { s3: { key: ../../etc/passwd } }\n`,
    want: [
      '8:22 spec.data.s3.key: must be a relative path of letters, digits, _, . and -, no part of which begins with a dot, found the text "../../etc/passwd"',
    ],
  },
  'an unknown kind': {
    text: small('kind: Experiment', 'kind: Experimnt'),
    want: [
      '2:7 kind: must be Experiment or TrainerProfile, found the text "Experimnt"; did you mean "Experiment"?',
    ],
  },
  'a Trial': {
    text: small('kind: Experiment', 'kind: Trial'),
    want: [
      '2:7 kind: must be Experiment or TrainerProfile, found the text "Trial"; Trials are made by the controller',
    ],
  },
  'another version': {
    text: small('espalier.dev/v1alpha1', 'espalier.dev/v1'),
    want: [
      '1:13 apiVersion: must be espalier.dev/v1alpha1, found the text "espalier.dev/v1"; did you mean "espalier.dev/v1alpha1"?',
    ],
  },
  'no kind': {
    text: small('kind: Experiment\n', ''),
    want: ['1:1 kind: is required: Experiment or TrainerProfile'],
  },
  'a list of objects': {
    text: '- a\n',
    want: ['1:1 : must be an Experiment, found a list'],
  },
  'a name twice in the file': {
    text: `${SMALL}---\n${SMALL}`,
    want: ['11:19 metadata.name: another Experiment of this file has the same name'],
  },
  'an empty file': { text: '', want: ['1:1 : the file holds no Experiment'] },
  'comments only': { text: '# a\n# b\n', want: ['1:1 : the file holds no Experiment'] },
  'broken YAML': {
    text: 'a: [1\nb: 2\n',
    want: [
      '2:1 : is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  },
};
for (const [name, tc] of Object.entries(bad)) {
  test(`bad input: ${name}`, () => assert.deepEqual(problemsOf(tc.text), tc.want));
}

const names: Record<string, { name: string; isGood: boolean }> = {
  '40 characters': { name: 'a'.repeat(40), isGood: true },
  '41 characters': { name: 'a'.repeat(41), isGood: false },
  'a digit in front': { name: '0a', isGood: true },
  'a dash at the end': { name: 'a-', isGood: false },
  'upper case': { name: 'A', isGood: false },
  'a dot': { name: 'a.b', isGood: false },
  'a line end after a good name': { name: 'a\\n', isGood: false },
  'a second line': { name: 'a\\nb', isGood: false },
  'letters of another alphabet': { name: '\u0430bc', isGood: false },
  nothing: { name: '', isGood: false },
};
for (const [name, tc] of Object.entries(names)) {
  test(`K13 F23 a name of an Experiment: ${name}`, () => {
    const problems = problemsOf(small('name: a }', `name: "${tc.name}" }`));
    assert.equal(problems.length === 0, tc.isGood, problems.join('\n'));
    assert.ok(problems.every((problem) => problem.includes('metadata.name: must')));
  });
}

test('a file of more than 1 MiB is refused unread, also if only its bytes are too many', () => {
  for (const text of ['#'.repeat(MAX_MANIFEST_BYTES + 1), `# ${'\u20ac'.repeat(400_000)}`]) {
    assert.deepEqual(problemsOf(text), ['1:1 : the file is longer than 1048576 bytes']);
  }
});

test('a file of too many documents or problems says so in little', () => {
  assert.match(problemsOf('---\na: 1\n'.repeat(101))[0] ?? '', /more than 100 documents/);
  const fields = Array.from({ length: 500 }, (_, i) => `  unknown${i}: 1\n`).join('');
  assert.equal(problemsOf(SMALL + fields).length, 50);
});

test('whatever the text, reading ends with objects or problems, and each problem has a place in it', () => {
  const line = fc.constantFrom(...FULL_MANIFEST.split('\n'));
  const noise = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom(
      '{',
      '[',
      '*a',
      '&a',
      '? ',
      '!!x ',
      '"',
      '|',
      '\t',
      '%YAML 1.1',
      '---',
      '<<: *a',
    ),
  );
  const text = fc
    .tuple(
      fc.array(line, { maxLength: 12 }),
      fc.array(fc.tuple(fc.nat(200), noise), { maxLength: 3 }),
    )
    .map(([lines, cuts]) =>
      cuts.reduce((all, [at, extra]) => all.slice(0, at) + extra + all.slice(at), lines.join('\n')),
    );
  fc.assert(
    fc.property(text, (manifest) => {
      const { experiments, profiles, problems } = readManifests(manifest, 'a.yaml');
      assert.ok(experiments.length + profiles.length + problems.length > 0);
      const lines = manifest.split('\n');
      for (const problem of problems) {
        const source = lines[problem.line - 1];
        assert.ok(source !== undefined && problem.length >= 1);
        assert.ok(problem.column >= 1 && problem.column <= Array.from(source).length + 1);
      }
    }),
    { numRuns: 200 },
  );
});

test('a text that is nested deeper than the stack is refused, wherever the parser gives up', () => {
  for (const open of ['- ', '? ', '[', '{"a":']) {
    const { problems } = readManifests(`${open.repeat(20_000)}\na: b\n`, 'a.yaml');
    assert.match(problems[0]?.message ?? '', /nested too deep|not valid YAML/, open);
  }
});
