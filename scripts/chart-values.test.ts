import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readValues, valuesSchema, valuesTable } from './chart-values.ts';

const VALUES = `# About the file.

# How many.
# @ minimum: 1
replicas: 2

group:
  # What it is called; a | b.
  name: ""
  # How long.
  # @ $ref: "#/$defs/duration"
  time: 15s
  # Anything.
  # @ items: { type: string }
  list: []
`;

test('each value has the schema of its default, its description and what @ adds', () => {
  const { properties, additionalProperties } = valuesSchema(readValues(VALUES)) as {
    properties: Record<string, Record<string, unknown>>;
    additionalProperties: boolean;
  };
  assert.equal(additionalProperties, false);
  const replicas = { description: 'How many.', type: 'integer', default: 2, minimum: 1 };
  assert.deepEqual(properties['replicas'], replicas);
  assert.deepEqual(properties['group'], {
    type: 'object',
    additionalProperties: false,
    properties: {
      name: { description: 'What it is called; a | b.', type: 'string', default: '' },
      time: { description: 'How long.', allOf: [{ $ref: '#/$defs/duration' }], default: '15s' },
      list: { description: 'Anything.', type: 'array', default: [], items: { type: 'string' } },
    },
  });
});

test('the table has a row for each value, and bars do not break it', () => {
  const rows = valuesTable(readValues(VALUES)).trim().split('\n').slice(2);
  assert.deepEqual(rows, [
    '| `replicas` | `2` | How many. |',
    '| `group.name` | `""` | What it is called; a \\| b. |',
    '| `group.time` | `"15s"` | How long. |',
    '| `group.list` | `[]` | Anything. |',
  ]);
});

test('a value that nothing describes is named', () => {
  assert.throws(() => readValues('a:\n  # What.\n  b: 1\n  c: 2\n'), /nothing describes a\.c/);
});
