import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SCHEDULES, type ScheduleName } from './schedule.ts';

const SETTINGS = { warmupSteps: 10, decayFactor: 0.5, stepEpochs: 2, minLrFactor: 0.1 };

const cases: Record<string, { name: ScheduleName; step: number; want: number }> = {
  'R29 constant stays': { name: 'constant', step: 77, want: 1 },
  'R29 decay begins at 1': { name: 'decay', step: 0, want: 1 },
  'R29 decay falls on a line that would reach 0 after the last step': {
    name: 'decay',
    step: 75,
    want: 0.25,
  },
  'R29 warmup rises from the first step': { name: 'warmup', step: 0, want: 0.1 },
  'R29 warmup is at 1 before it falls': { name: 'warmup', step: 10, want: 1 },
  'R29 warmup falls over the rest': { name: 'warmup', step: 55, want: 0.5 },
  'R29 exponential falls every epoch': { name: 'exponential', step: 60, want: 0.125 },
  'R29 exponential holds within an epoch': { name: 'exponential', step: 19, want: 1 },
  'R29 inverse-sqrt rises on a line': { name: 'inverse-sqrt', step: 4, want: 0.5 },
  'R29 inverse-sqrt is at 1 when the warm-up ends': { name: 'inverse-sqrt', step: 9, want: 1 },
  'R29 inverse-sqrt falls with the root': { name: 'inverse-sqrt', step: 39, want: 0.5 },
  'R29 step holds through its epochs': { name: 'step', step: 39, want: 1 },
  'R29 step falls after stepEpochs epochs': { name: 'step', step: 40, want: 0.5 },
  'R29 step falls again': { name: 'step', step: 80, want: 0.25 },
  'R29 cosine begins at 1': { name: 'cosine', step: 0, want: 1 },
  'R29 cosine is half way down to its floor in the middle': {
    name: 'cosine',
    step: 50,
    want: 0.55,
  },
  'R29 cosine would reach its floor after the last step': { name: 'cosine', step: 100, want: 0.1 },
  'R29 warm-up begins above 0': { name: 'warmup-cosine', step: 0, want: 0.1 },
  'R29 warm-up ends at 1': { name: 'warmup-cosine', step: 9, want: 1 },
  'R29 after the warm-up the cosine begins at 1': { name: 'warmup-cosine', step: 10, want: 1 },
  'R29 after the warm-up the cosine spans the rest': {
    name: 'warmup-cosine',
    step: 55,
    want: 0.55,
  },
};
for (const [title, { name, step, want }] of Object.entries(cases)) {
  test(title, () => {
    const progress = { step, totalSteps: 100, stepsPerEpoch: 20 };
    const got = SCHEDULES[name](progress, SETTINGS);
    assert.ok(Math.abs(got - want) < 1e-12, `${got}, not ${want}`);
  });
}
