/** What pictures are drawn from: an Experiment and its Trials, whatever place they were read from. */
export interface Sweep {
  readonly name: string;
  /** The first one decides what is best; pictures of one metric show it. */
  readonly objectives: readonly PlottedObjective[];
  /** Those that differ between trials, in the order of the manifest. */
  readonly parameters: readonly PlottedParameter[];
  /** By ascending index. */
  readonly trials: readonly PlottedTrial[];
  /**
   * The configurations that no other beats by the means of their replicates, as status names them; absent
   * where each runs once, and every trial stands for itself.
   */
  readonly front?: readonly FrontMean[];
  /** Share of each parameter, the most important first; empty where too little is known. */
  readonly importance: readonly { readonly name: string; readonly importance: number }[];
}

export interface PlottedObjective {
  readonly metric: string;
  readonly goal: 'maximize' | 'minimize';
}

/** A parameter as an axis: numbers in their range, or choices side by side. */
export type PlottedParameter =
  | { readonly name: string; readonly kind: 'number'; readonly isLog: boolean }
  | { readonly name: string; readonly kind: 'choice'; readonly choices: readonly string[] };

export type TrialEnd = 'succeeded' | 'stopped' | 'failed' | 'running';

export interface PlottedTrial {
  readonly name: string;
  readonly index: number;
  readonly end: TrialEnd;
  /** Phase or reason, for people. */
  readonly state: string;
  /** Absent where a condition (`when`) does not hold. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /** One per objective; undefined where none is known. */
  readonly values: readonly (number | undefined)[];
  /** Whether it misses a constraint: then it is neither the best nor on the front. */
  readonly isInfeasible: boolean;
  readonly attempts: readonly PlottedAttempt[];
  readonly points: readonly PlottedPoint[];
  /** Where people find more: URIs as the record names them. */
  readonly links: { readonly log?: string; readonly checkpoint?: string };
}

/** The mean of a configuration in each objective. */
export interface FrontMean {
  readonly configuration: number;
  readonly values: readonly number[];
}

export interface PlottedAttempt {
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  /** That of the last look while it runs. */
  readonly endMs: number;
  readonly outcome: string;
}

/** What the trainer reported after one optimiser step. */
export interface PlottedPoint {
  readonly step: number;
  readonly epoch: number;
  readonly values: Readonly<Record<string, number>>;
}

/** The objective that decides what is best. */
export function mainObjective({ objectives }: Sweep): PlottedObjective {
  const [first] = objectives;
  if (first === undefined) throw new Error('a sweep has at least one objective');
  return first;
}

/** The value that counts, or undefined. */
export function mainValue({ values }: PlottedTrial): number | undefined {
  return values[0];
}

/** Whether `a` is better than `b`. */
export function isBetter(goal: PlottedObjective['goal'], a: number, b: number): boolean {
  return goal === 'maximize' ? a > b : a < b;
}
