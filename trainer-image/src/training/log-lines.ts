import type { Point } from '@espalier/api';
import { isEpochPoint } from '../report/tables.ts';
import { fixed } from './rounding.ts';

interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

export interface EpochResult {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly train: Score;
  readonly valid: Score;
  readonly isBest: boolean;
}

/** `[ Train | 001/008 ] loss = 2.39790, acc = 0.09091` and the same for Valid, as the recipe has them. */
export function passLines({ epoch, epochs, train, valid, isBest }: EpochResult): [string, string] {
  const place = `${threeDigits(epoch)}/${threeDigits(epochs)}`;
  return [
    `[ Train | ${place} ] ${scoreText(train)}`,
    `[ Valid | ${place} ] ${scoreText(valid)}${isBest ? ' -> best' : ''}`,
  ];
}

/** The lines of all epochs among `points`: each attempt's log is whole by itself. */
export function epochLines(points: readonly Point[], epochs: number): string[] {
  let best = 0;
  return points.filter(isEpochPoint).flatMap(({ epoch, values }) => {
    const score = (pass: string): Score => ({
      loss: values[`${pass}_loss`] ?? Number.NaN,
      accuracy: values[`${pass}_acc`] ?? Number.NaN,
    });
    const valid = score('valid');
    const isBest = valid.accuracy > best;
    if (isBest) best = valid.accuracy;
    return passLines({ epoch, epochs, train: score('train'), valid, isBest });
  });
}

function scoreText({ loss, accuracy }: Score): string {
  return `loss = ${fixed(loss, 5)}, acc = ${fixed(accuracy, 5)}`;
}

function threeDigits(value: number): string {
  return String(value).padStart(3, '0');
}
