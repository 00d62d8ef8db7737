import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParameterValue } from '@espalier/api';
import { checkAgainstData, parseParameters } from './parse-parameters.ts';

test('without any parameter the recipe is trained', () => {
  const { seed, lr, batchSize, epochs, optimizer, weightDecay, maxGradNorm, patience, imageSize } =
    parseParameters([]);
  assert.deepEqual(
    { seed, lr, batchSize, epochs, optimizer, weightDecay, maxGradNorm, patience, imageSize },
    {
      seed: 6666,
      lr: 3e-4,
      batchSize: 64,
      epochs: 8,
      optimizer: 'adam',
      weightDecay: 1e-5,
      maxGradNorm: 10,
      patience: 5,
      imageSize: 128,
    },
  );
});

const refused: Record<string, { given: [string, ParameterValue]; want: RegExp }> = {
  'an unknown name': { given: ['learningrate', 1], want: /no parameter learningrate/ },
  'a name in the wrong case': { given: ['batchsize', 64], want: /did you mean batchSize\?/ },
  'an unknown optimiser': {
    given: ['optimizer', 'adm'],
    want: /sgd, momentum, adagrad, rmsprop, adam, adamw, got "adm"; did you mean adam\?/,
  },
  'an unknown schedule': { given: ['schedule', 'cosin'], want: /did you mean cosine\?/ },
  'a learning rate of 0': { given: ['lr', 0], want: /lr must be a number more than 0, got 0/ },
  'an image below 32 pixels': {
    given: ['imageSize', 31],
    want: /imageSize must be a whole number from 32/,
  },
  'half a batch': { given: ['batchSize', 1.5], want: /batchSize must be a whole number/ },
  'a text for a number': { given: ['lr', '0.1'], want: /lr must be a number/ },
  'a number for a flag': { given: ['deterministic', 1], want: /true or false/ },
  'a name of Object': { given: ['constructor', 1], want: /no parameter constructor/ },
  'R40 half precision': {
    given: ['fp16', true],
    want: /fp16 is refused: tfjs has no mixed precision/,
  },
  'an unknown augmentation': {
    given: ['augment', 'flip,rotat'],
    want: /augment must be none or some of flip, .*did you mean rotate\?/,
  },
  'R11 test-time augmentation without augmentation': {
    given: ['tta', 5],
    want: /tta needs augment/,
  },
  'R44 a layer that the stack does not have': {
    given: ['layer', 20],
    want: /layer must be .* 0 to 19/,
  },
};
for (const [name, { given, want }] of Object.entries(refused)) {
  test(`${name} is refused`, () => {
    assert.throws(() => parseParameters([given]), { exitCode: 20, message: want });
  });
}

test('every problem is named at once', () => {
  assert.throws(
    () =>
      parseParameters([
        ['lr', -1],
        ['epochs', 0],
      ]),
    /lr must[^\n]*\nepochs must/,
  );
});

test('a warm-up as long as the run is refused, but only where it is used', () => {
  const warmUp = (schedule: string) =>
    parseParameters([
      ['schedule', schedule],
      ['warmupSteps', 10],
    ]);
  assert.throws(() => checkAgainstData(warmUp('warmup-cosine'), 10), { exitCode: 20 });
  checkAgainstData(warmUp('warmup-cosine'), 11);
  checkAgainstData(warmUp('constant'), 10);
  for (const schedule of ['warmup', 'inverse-sqrt']) {
    assert.throws(() => checkAgainstData(warmUp(schedule), 10), { exitCode: 20 });
  }
});

test('R29 inverse-sqrt needs a warm-up, since its factor would be 0 without', () => {
  const parameters = parseParameters([['schedule', 'inverse-sqrt']]);
  assert.throws(() => checkAgainstData(parameters, 10), /warmupSteps must be at least 1/);
});
