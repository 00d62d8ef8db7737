import type { Parameter } from '@espalier/api';
import { algorithmInfo } from '@espalier/search';
import type { SpecInput } from './builders.ts';

/** Numbers in [0, 1) from a seed: one source of every choice of a simulated sweep. */
export type Chance = () => number;

/** A generator (mulberry32) that is good enough for tests. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(chance: Chance, list: readonly T[]): T {
  return list[Math.floor(chance() * list.length)] as T;
}

const CONTINUOUS: readonly Parameter[] = [
  { name: 'lr', float: { min: 1e-5, max: 1e-1, scale: 'log' } },
  { name: 'momentum', float: { min: -1, max: 1 } },
];
const DISCRETE: readonly Parameter[] = [
  { name: 'width', int: { min: 1, max: 64, scale: 'log' } },
  { name: 'decay', float: { min: 0, max: 0.5, step: 0.1 } },
  { name: 'batch', int: { values: [32, 64, 128] } },
  { name: 'fixed', string: { value: 'x' } },
];
const UNORDERED: readonly Parameter[] = [
  { name: 'schedule', string: { values: ['constant', 'step', 'cosine'] } },
  { name: 'nesterov', bool: { values: [false, true] } },
];
/** Three deep. */
const CONDITIONAL: readonly Parameter[] = [
  { name: 'warmup', int: { min: 0, max: 9 }, when: { parameter: 'schedule', in: ['cosine'] } },
  { name: 'ramp', bool: { values: [false, true] }, when: { parameter: 'warmup', in: [3, 4, 5] } },
  {
    name: 'from',
    float: { min: 0, max: 1, step: 0.25 },
    when: { parameter: 'ramp', in: ['true'] },
  },
];

/** A spec with a space that the algorithm takes, a stopping rule or replicates. */
export function randomSpec(chance: Chance, algorithm: string, max: number): SpecInput {
  const some = <T>(list: readonly T[]) => list.filter(() => chance() < 0.7);
  const parameters = [
    ...(algorithm === 'grid' ? [] : some(CONTINUOUS)),
    ...some(DISCRETE),
    ...(algorithm === 'cma-es' ? [] : [...UNORDERED, ...some([CONDITIONAL]).flat()]),
  ];
  if (parameters.length === 0) parameters.push(DISCRETE[0] as Parameter);
  const asha = { algorithm: 'asha', min: 1, max: 8, eta: 2, minRungSize: 2 } as const;
  const median = { algorithm: 'median', min: 1, max: 8, interval: 2 } as const;
  const threshold = { algorithm: 'threshold', min: 2, lower: -1 } as const;
  const extras: readonly SpecInput[] = [
    {},
    { replicates: { parameter: 'seed', values: [11, 12, 13] } },
    ...[asha, median, threshold].map((earlyStopping) => ({ earlyStopping })),
  ];
  return {
    objective: { metric: 'acc', goal: pick(chance, ['maximize', 'minimize']) },
    search: { algorithm, seed: Math.floor(chance() * 1e9) },
    parameters,
    trials: { max, parallel: 1 + Math.floor(chance() * 6), maxFailed: max },
    ...pick(chance, extras),
    ...(algorithm === 'pbt' || chance() < 0.6 ? {} : demands(chance, algorithm, parameters)),
  };
}

/** More than one objective asks for, as far as the algorithm takes it. */
function demands(chance: Chance, algorithm: string, parameters: readonly Parameter[]): SpecInput {
  const info = algorithmInfo(algorithm);
  const isFree = info?.usesHistory !== true;
  const asks: { -readonly [K in keyof SpecInput]: SpecInput[K] } = {};
  const first = pick(chance, parameters);
  const enqueue = parameters
    .filter(({ name, when }) => name === 'batch' && when === undefined)
    .map(({ name }) => ({ parameters: [{ name, int: 64 }] }));
  if (enqueue.length > 0) asks.enqueue = enqueue;
  if (isFree || info.takesConstraints === true) {
    asks.constraints = [{ metric: 'mb', max: 0.7, min: 0.1 }];
  }
  if (first.float?.max !== undefined) {
    asks.parameterConstraints = [
      { sum: [{ parameter: first.name, weight: 2 }], max: first.float.max },
    ];
  }
  return asks;
}

/** Two objectives in the place of one, where nothing compares trials by one. */
export function withTwoObjectives(spec: SpecInput): SpecInput {
  const { objective: _, earlyStopping: __, ...others } = spec;
  return {
    ...others,
    objective: undefined,
    objectives: [
      { metric: 'acc', goal: 'maximize', report: 'best' },
      { metric: 'ms', goal: 'minimize', report: 'last' },
    ],
  };
}
