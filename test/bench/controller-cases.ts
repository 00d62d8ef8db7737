/** One line of the benchmark. */
export interface Case {
  readonly name: string;
  readonly experiments: number;
  readonly trials: number;
  readonly parallel: number;
  readonly runFor: string;
  /** Bare pods for the floor; 0 = none. */
  readonly floor: number;
  /** All pods run until they are all there; then the Experiments are cancelled. */
  readonly cancelAtPeak?: boolean;
}

export const CASES: readonly Case[] = [
  { name: 'throughput', experiments: 1, trials: 500, parallel: 100, runFor: '0s', floor: 500 },
  { name: 'throughput', experiments: 20, trials: 25, parallel: 5, runFor: '0s', floor: 500 },
  { name: 'throughput', experiments: 100, trials: 30, parallel: 1, runFor: '0s', floor: 1000 },
  { name: 'turnaround', experiments: 1, trials: 80, parallel: 4, runFor: '2s', floor: 0 },
  { name: 'large', experiments: 1, trials: 10_000, parallel: 100, runFor: '0s', floor: 1000 },
  {
    name: 'wide',
    experiments: 120,
    trials: 30,
    parallel: 30,
    runFor: 'never',
    floor: 0,
    cancelAtPeak: true,
  },
];

/** The same with fewer or more trials. */
export function scaled(one: Case, scale: number): Case {
  const times = (count: number) => Math.max(1, Math.round(count * scale));
  const many = one.experiments > 1;
  return {
    ...one,
    experiments: many ? times(one.experiments) : 1,
    trials: many ? one.trials : times(one.trials),
    floor: Math.round(one.floor * scale),
  };
}
