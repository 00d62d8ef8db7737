import type { Confusion } from './confusion.ts';
import { emptyTally, type Tally } from './tally.ts';

/** The best validation accuracy so far and when it was reached. */
interface BestEpoch {
  readonly step: number;
  readonly epoch: number;
  readonly value: number;
}

/**
 * All that a run must know to go on, besides the tensors: everything random is a function of the
 * seed and these counters. Stored as JSON, whose numbers come back bit for bit.
 */
export interface RunState {
  /** Optimiser steps done. */
  step: number;
  /** Epochs finished. */
  epoch: number;
  /** Batches of the current epoch done; as many as the epoch has if only its validation is missing. */
  position: number;
  train: Tally;
  gradNormSum: number;
  gradNormMax: number;
  /** Seconds spent on the current epoch; informative, not reproduced by a resumed run. */
  seconds: number;
  best: BestEpoch | null;
  /** Of the best epoch's validation; absent in checkpoints of versions that did not count it. */
  confusion?: Confusion;
  /** Epochs since the best one. */
  stale: number;
  /** Sequence number of the next point. */
  nextSeq: number;
}

export function freshState(): RunState {
  return {
    step: 0,
    epoch: 0,
    position: 0,
    train: emptyTally(),
    gradNormSum: 0,
    gradNormMax: 0,
    seconds: 0,
    best: null,
    stale: 0,
    nextSeq: 0,
  };
}

/** Begins the next epoch. */
export function turnEpoch(state: RunState): void {
  state.epoch += 1;
  state.position = 0;
  state.train = emptyTally();
  state.gradNormSum = 0;
  state.gradNormMax = 0;
  state.seconds = 0;
}

/**
 * Whether no epoch is left: all are done, or more than `patience` in a row were without a better
 * accuracy (with 5, the sixth ends the run).
 */
export function isOver(
  state: RunState,
  limits: { readonly epochs: number; readonly patience: number },
): boolean {
  return state.epoch >= limits.epochs || state.stale > limits.patience;
}

/**
 * Records an epoch's validation accuracy; the first one above 0 is the first best.
 *
 * @returns whether it is better than every one before.
 */
export function recordAccuracy(state: RunState, accuracy: number, confusion: Confusion): boolean {
  const isBest = accuracy > (state.best?.value ?? 0);
  if (isBest) {
    state.best = { step: state.step, epoch: state.epoch, value: accuracy };
    state.confusion = confusion;
    state.stale = 0;
  } else {
    state.stale += 1;
  }
  return isBest;
}
