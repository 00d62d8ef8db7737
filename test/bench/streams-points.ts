import { encodeReportLine, type Point } from '@espalier/api';

/** Reported once in 20 steps. */
export const OBJECTIVE = 'valid_acc';
const STEPS_PER_EPOCH = 20;

/** The point with that number of a trial, as of an image classifier; another trial has other values. */
export function pointOf(trial: number, seq: number): Point {
  const noise = ((trial * 7919 + seq * 104_729) % 10_007) / 10_007;
  const loss = Math.LN10 / (1 + seq / 50) + noise / 10;
  const values: Record<string, number> = {
    loss,
    acc: 1 - loss / 2.5,
    lr: 0.001 * 0.9999 ** seq,
    grad_norm: 1 + noise,
  };
  const step = seq + 1;
  if (step % STEPS_PER_EPOCH === 0) values[OBJECTIVE] = 1 - loss / 3;
  return { seq, step, epoch: Math.floor(step / STEPS_PER_EPOCH), values, time: 1.8e12 + seq };
}

/** The message of `count` points from `first` on. */
export function batchOf(trial: number, first: number, count: number): string {
  const points = Array.from({ length: count }, (_, index) => pointOf(trial, first + index));
  return encodeReportLine({ kind: 'points', points });
}
