/** Where a step stands in the run. */
export interface Progress {
  /** Optimiser steps done before this one. */
  readonly step: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
}

interface ScheduleSettings {
  readonly warmupSteps: number;
  /** `step`: factor applied every `stepEpochs` epochs. */
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

  step: ({ step, stepsPerEpoch }, { decayFactor, stepEpochs }) =>
    decayFactor ** Math.floor(Math.floor(step / stepsPerEpoch) / stepEpochs),

  cosine: ({ step, totalSteps }, { minLrFactor }) => cosine(step / totalSteps, minLrFactor),

  'warmup-cosine': ({ step, totalSteps }, { warmupSteps, minLrFactor }) =>
    step < warmupSteps
      ? (step + 1) / warmupSteps
      : cosine((step - warmupSteps) / (totalSteps - warmupSteps), minLrFactor),
} as const satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof SCHEDULES;

/** Falls from 1 at 0 to `floor` at 1 along half a cosine. */
function cosine(part: number, floor: number): number {
  return floor + ((1 - floor) * (1 + Math.cos(Math.PI * part))) / 2;
}
