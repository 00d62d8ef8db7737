/** Where a step stands in the run. */
export interface Progress {
  /** Optimiser steps done before this one. */
  readonly step: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
}

interface ScheduleSettings {
  readonly warmupSteps: number;
  /** `step`: factor applied every `stepEpochs` epochs; `exponential`: every epoch. */
  readonly decayFactor: number;
  readonly stepEpochs: number;
  /** `cosine`, `warmup-cosine`: the factor at the very end. */
  readonly minLrFactor: number;
}

/** The factor on the learning rate for the step that begins at `progress`. */
export type Schedule = (progress: Progress, settings: ScheduleSettings) => number;

/** Every schedule by the name that the parameter `schedule` gives it. */
export const SCHEDULES = {
  constant: () => 1,

  /** Falls with time. */
  decay: ({ step, totalSteps }) => 1 - step / totalSteps,

  /** Rises, then falls, both on a line. */
  warmup: ({ step, totalSteps }, { warmupSteps }) =>
    step < warmupSteps
      ? (step + 1) / warmupSteps
      : (totalSteps - step) / (totalSteps - warmupSteps),

  step: ({ step, stepsPerEpoch }, { decayFactor, stepEpochs }) =>
    decayFactor ** Math.floor(Math.floor(step / stepsPerEpoch) / stepEpochs),

  exponential: ({ step, stepsPerEpoch }, { decayFactor }) =>
    decayFactor ** Math.floor(step / stepsPerEpoch),

  cosine: ({ step, totalSteps }, { minLrFactor }) => cosine(step / totalSteps, minLrFactor),

  'warmup-cosine': ({ step, totalSteps }, { warmupSteps, minLrFactor }) =>
    step < warmupSteps
      ? (step + 1) / warmupSteps
      : cosine((step - warmupSteps) / (totalSteps - warmupSteps), minLrFactor),

  /** Rises on a line to 1, then falls with the root of the step. */
  'inverse-sqrt': ({ step }, { warmupSteps }) =>
    Math.min((step + 1) / warmupSteps, Math.sqrt(warmupSteps / (step + 1))),
} as const satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof SCHEDULES;

/** The schedules that use `warmupSteps`, and the fewest that they need. */
export const WARM_UPS: Partial<Record<ScheduleName, number>> = {
  warmup: 0,
  'warmup-cosine': 0,
  // With 0 steps its factor would be 0 throughout.
  'inverse-sqrt': 1,
};

/** Falls from 1 at 0 to `floor` at 1 along half a cosine. */
function cosine(part: number, floor: number): number {
  return floor + ((1 - floor) * (1 + Math.cos(Math.PI * part))) / 2;
}
