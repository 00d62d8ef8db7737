import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ARTIFACT } from './artifacts.ts';
import { EXIT_CODE, TRAINER_ENV, trainerTaskSchema } from './trainer-contract.ts';
import { ARTIFACT_TEXT, EXIT_CODE_TEXT, TRAINER_ENV_TEXT } from './trainer-contract-text.ts';
import { CONDITION, EXPERIMENT_REASON, TRIAL_REASON } from './v1alpha1/conditions.ts';
import {
  CONDITION_TEXT,
  EXPERIMENT_REASON_TEXT,
  TRIAL_REASON_TEXT,
} from './v1alpha1/reason-text.ts';

const tables: Record<
  string,
  { words: readonly string[]; texts: Readonly<Record<string, unknown>> }
> = {
  condition: { words: Object.values(CONDITION), texts: CONDITION_TEXT },
  'reason of an Experiment': {
    words: Object.values(EXPERIMENT_REASON),
    texts: EXPERIMENT_REASON_TEXT,
  },
  'reason of a Trial': { words: Object.values(TRIAL_REASON), texts: TRIAL_REASON_TEXT },
  'exit code': { words: Object.keys(EXIT_CODE), texts: EXIT_CODE_TEXT },
  'environment variable': { words: Object.keys(TRAINER_ENV), texts: TRAINER_ENV_TEXT },
  artifact: { words: Object.keys(ARTIFACT), texts: ARTIFACT_TEXT },
};
for (const [name, { words, texts }] of Object.entries(tables)) {
  test(`every ${name} is explained, and nothing else is`, () => {
    assert.deepEqual(Object.keys(texts).toSorted(), words.toSorted());
  });
}

test('reasons and conditions are CamelCase words', () => {
  for (const word of [CONDITION, EXPERIMENT_REASON, TRIAL_REASON].flatMap((all) =>
    Object.values<string>(all),
  )) {
    assert.match(word, /^[A-Z][A-Za-z]{2,62}$/);
  }
});

test('K10 parameters reach the trainer byte by byte', () => {
  const string = '\'"\n$(rm -rf /) \u{1f600}';
  const task = trainerTaskSchema.parse(
    JSON.parse(
      JSON.stringify({
        namespace: 'a',
        experiment: 'b',
        trial: 'c',
        uid: 'd',
        attempt: 0,
        parameters: [{ name: 'x', string }],
        objective: { metric: 'm', goal: 'minimize' },
        checkpoint: { everyEpochs: 1 },
      }),
    ),
  );
  assert.equal(task.parameters[0]?.string, string);
});
