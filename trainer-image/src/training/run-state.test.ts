import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshState, isOver, recordAccuracy, turnEpoch } from './run-state.ts';
import { addBatch, emptyTally, meansOf } from './tally.ts';

const cases: Record<string, { accuracies: number[]; wantEpochs: number; wantBest: number | null }> =
  {
    'R37 training ends after the sixth epoch in a row without improvement': {
      accuracies: [0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.9],
      wantEpochs: 7,
      wantBest: 1,
    },
    'R35 R36 an equal accuracy is no improvement': {
      accuracies: [0.5, 0.5],
      wantEpochs: 2,
      wantBest: 1,
    },
    'R37 an improvement begins the count anew': {
      accuracies: [0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.6, 0.1],
      wantEpochs: 8,
      wantBest: 7,
    },
    'R38 an accuracy of 0 throughout has no best': {
      accuracies: [0, 0],
      wantEpochs: 2,
      wantBest: null,
    },
  };
for (const [name, { accuracies, wantEpochs, wantBest }] of Object.entries(cases)) {
  test(name, () => {
    const state = freshState();
    while (!isOver(state, { epochs: accuracies.length, patience: 5 })) {
      const accuracy = accuracies[state.epoch] ?? 0;
      turnEpoch(state);
      recordAccuracy(state, accuracy, [[0, 0, state.epoch]]);
    }
    assert.equal(state.epoch, wantEpochs);
    assert.equal(state.best?.epoch ?? null, wantBest);
    // Of that epoch and no other.
    assert.equal(state.confusion?.[0]?.[2] ?? null, wantBest);
  });
}

test('R33 means are those of the batches, the weighted ones those of the images', () => {
  const tally = emptyTally();
  addBatch(tally, { images: 3, loss: 1, accuracy: 1 });
  addBatch(tally, { images: 1, loss: 2, accuracy: 0 });
  assert.deepEqual(meansOf(tally), {
    loss: 1.5,
    accuracy: 0.5,
    weightedLoss: 1.25,
    weightedAccuracy: 0.75,
  });
});
