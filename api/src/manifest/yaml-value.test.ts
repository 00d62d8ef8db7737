import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifests } from './read-manifests.ts';

const AROUND = 'apiVersion: espalier.dev/v1alpha1\nkind: Experiment\nmetadata: { name: a }\n';

/** The problems of a manifest whose spec is `spec`, as `path: message`. */
function problemsOf(text: string): string[] {
  return readManifests(text, 'a.yaml').problems.map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
}

/** Nine levels of nine aliases: 3.9e8 values. */
const BOMB = ['l0: &l0 [x, x]']
  .concat(Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`))
  .join('\n');

const hostile: Record<string, { text: string; want: RegExp }> = {
  'a bomb of aliases': { text: BOMB, want: /^l\d.*: has more than 100000 values/ },
  'an alias inside what it repeats': { text: 'a: &a [*a]', want: /stands inside what it repeats/ },
  'an alias without an anchor': { text: 'a: *b', want: /no anchor "b" before this alias/ },
  'nesting of 70 levels': {
    text: `a: ${'['.repeat(70)}${']'.repeat(70)}`,
    want: /nested more than 64 deep/,
  },
  'nesting that no stack holds': {
    text: `a: ${'['.repeat(50_000)}${']'.repeat(50_000)}`,
    want: /is nested too deep/,
  },
  'a tag of another language': { text: 'a: !!python/object:os.system x', want: /the tag .*python/ },
  'a tag on a mapping': { text: 'a: !!set { x }', want: /the tag .*set/ },
  'a tag on a field name': { text: '!!binary a: 1', want: /the tag .*binary/ },
  'binary data': { text: 'a: !!binary AAAA', want: /the tag .*binary/ },
  'a field set twice': { text: 'a: 1\nb: 2\na: 3', want: /^a: the field is set twice/ },
  'a prototype as a field': { text: '__proto__: { x: 1 }', want: /^__proto__: unknown field/ },
  'a mapping as a field name': {
    text: '? { a: 1 }\n: 2',
    want: /a field name must be a plain text/,
  },
  'a merge key': { text: 'a: &a { b: 1 }\nc: { <<: *a }', want: /merge keys are not supported/ },
  'a number beyond every double': { text: 'a: 1e400', want: /the number "1e400" is too large/ },
  'an integer beyond every double': {
    text: `a: ${'9'.repeat(400)}`,
    want: /the number "9{60}\.\.\." is too large/,
  },
  'not a number': { text: 'a: .nan', want: /must be a finite number, found \.nan/ },
  infinity: { text: 'a: -.inf', want: /must be a finite number, found -\.inf/ },
  'a word that kubectl takes for true': {
    text: 'a: yes',
    want: /"yes" means something else to kubectl/,
  },
  'a word that kubectl takes for false': { text: 'a: [off]', want: /"off" means something else/ },
  'an octal number of YAML 1.1': { text: 'a: 010', want: /"010" means something else/ },
  'a number with underscores': { text: 'a: 1_000', want: /"1_000" means something else/ },
  'a NUL character': { text: 'a: "x\\0y"', want: /must not contain the character NUL/ },
  'YAML 1.1 by directive': { text: '%YAML 1.1\n---\na: 1', want: /YAML 1.1 is not supported/ },
};
for (const [name, tc] of Object.entries(hostile)) {
  test(`hostile YAML: ${name}`, () => {
    const problems = problemsOf(tc.text);
    assert.match(problems[0] ?? 'no problem', tc.want);
    assert.ok(problems.length <= 50 && problems.every((problem) => problem.length < 400));
  });
}

test('hostile YAML: no text changes the prototype of anything', () => {
  for (const key of ['__proto__', 'constructor', '"__proto__"']) {
    problemsOf(
      `${AROUND}spec: { ${key}: { polluted: true }, data: { ${key}: { polluted: true } } }`,
    );
  }
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

test('the whole number 2^60 is refused without rounding it', () => {
  const spec =
    'spec: { objective: { metric: m, goal: minimize }, parameters: [{ name: x, int: { value: 1152921504606846976 } }] }';
  assert.deepEqual(problemsOf(AROUND + spec), [
    'spec.parameters.0.int.value: must be a whole number within 2^53-1, found the number 1152921504606846976',
  ]);
});

test('anchors, quoted words and core numbers are plain YAML', () => {
  const spec = `spec:
  objective: { metric: m, goal: minimize }
  parameters:
    - { name: a, string: &form { values: ["yes", "010", !!str off] } }
    - { name: b, string: *form }
    - { name: c, float: { values: [1e-3, .5, -2, 0x10] } }
`;
  const { experiments, problems } = readManifests(AROUND + spec, 'a.yaml');
  assert.deepEqual(problems, []);
  const [a, b, c] = experiments[0]?.spec.parameters ?? [];
  assert.deepEqual(a?.string?.values, ['yes', '010', 'off']);
  assert.deepEqual(b?.string, a.string);
  assert.deepEqual(c?.float?.values, [0.001, 0.5, -2, 16]);
});
