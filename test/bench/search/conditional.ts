import type { Configuration, Dimension, ParameterValue, When } from '@espalier/search';
import { streamOf } from './random.ts';
import { type Instance, sampledMedian, type Task } from './task.ts';

/**
 * Six spaces as people write them, with parameters that only some branches have, up to three deep,
 * and one way to make a function of any of them. By seed:
 *
 * - each value of a choice but one costs an offset of 0.05 to 0.4;
 * - each number has a best value between 10 and 90 % of its range, and being off costs the square of
 *   the distance times 1 to 3, with a ripple of up to 0.05;
 * - the best value of a root differs with the first choice, as that of a learning rate does with the
 *   optimiser;
 * - neighbours that are both off in the same direction cost more, in opposite ones less.
 *
 * The optimum is 0, in one branch. A branch with more numbers is harder, not worse.
 */
const SPACES: Record<string, readonly Dimension[]> = {
  optimiser: [
    choice('optimiser', ['sgd', 'adam', 'rmsprop']),
    log('lr', 1e-5, 1),
    log('decay', 1e-7, 1e-1),
    { ...float('momentum', 0, 0.99), ...when('optimiser', 'sgd') },
    { ...flag('nesterov'), ...when('optimiser', 'sgd') },
    { ...float('beta1', 0.5, 0.99), ...when('optimiser', 'adam') },
    { ...log('beta2', 1e-4, 0.1), ...when('optimiser', 'adam') },
    { ...float('rho', 0.5, 0.99), ...when('optimiser', 'rmsprop') },
  ],
  layers: [
    int('depth', 1, 4),
    choice('activation', ['relu', 'tanh', 'gelu']),
    log('lr', 1e-5, 1e-1),
    ...[1, 2, 3, 4].flatMap((layer): Dimension[] => {
      const deepEnough = when('depth', ...[1, 2, 3, 4].filter((depth) => depth >= layer));
      return [
        { ...int(`width${layer}`, 8, 512, 'log'), ...deepEnough },
        { ...float(`dropout${layer}`, 0, 0.6), ...deepEnough },
      ];
    }),
  ],
  kernel: [
    choice('kernel', ['linear', 'rbf', 'poly', 'sigmoid']),
    log('c', 1e-3, 1e3),
    { ...log('gamma', 1e-4, 10), ...when('kernel', 'rbf', 'poly', 'sigmoid') },
    { ...int('degree', 2, 5), ...when('kernel', 'poly') },
    { ...float('coef0', -1, 1), ...when('kernel', 'poly', 'sigmoid') },
    flag('shrinking'),
  ],
  augment: [
    log('lr', 1e-5, 1e-1),
    flag('augment'),
    { ...choice('policy', ['flip', 'mix', 'cut']), ...when('augment', true) },
    { ...float('alpha', 0, 1), ...when('policy', 'mix') },
    { ...float('share', 0, 1), ...when('policy', 'mix', 'cut') },
    { ...int('holes', 1, 8), ...when('policy', 'cut') },
    { ...float('size', 0, 0.5), ...when('policy', 'cut') },
    { ...log('smoothing', 1e-3, 0.3), ...when('augment', false) },
  ],
  model: [
    choice('model', ['mlp', 'forest', 'boost', 'neighbours']),
    { ...int('width', 8, 1024, 'log'), ...when('model', 'mlp') },
    { ...log('lr', 1e-5, 1), ...when('model', 'mlp') },
    { ...float('dropout', 0, 0.8), ...when('model', 'mlp') },
    { ...int('trees', 10, 500, 'log'), ...when('model', 'forest', 'boost') },
    { ...int('leaf', 1, 20), ...when('model', 'forest') },
    { ...log('shrinkage', 1e-3, 1), ...when('model', 'boost') },
    { ...int('depth', 2, 10), ...when('model', 'boost') },
    { ...float('subsample', 0.3, 1), ...when('model', 'boost') },
    { ...int('k', 1, 50), ...when('model', 'neighbours') },
    { ...choice('metric', ['l1', 'l2', 'cosine']), ...when('model', 'neighbours') },
  ],
  schedule: [
    choice('schedule', ['constant', 'step', 'cosine', 'cyclic']),
    log('lr', 1e-5, 1),
    { ...int('drops', 1, 5), ...when('schedule', 'step') },
    { ...float('factor', 0.05, 0.9), ...when('schedule', 'step') },
    { ...flag('warmup'), ...when('schedule', 'cosine', 'cyclic') },
    { ...int('epochs', 1, 20), ...when('warmup', true) },
    { ...choice('ramp', ['linear', 'exponential']), ...when('warmup', true) },
    { ...float('start', 0, 1), ...when('ramp', 'linear') },
    { ...int('cycles', 1, 6), ...when('schedule', 'cyclic') },
  ],
};

export const CONDITIONAL_TASKS: readonly Task[] = Object.entries(SPACES).map(
  ([name, dimensions]) => ({
    ...{ family: 'conditional', name, isSmooth: false, dimensions },
    instanceOf: (seed) => instanceFrom(name, dimensions, seed),
  }),
);

function instanceFrom(name: string, dimensions: readonly Dimension[], seed: number): Instance {
  const terms = termsOf(name, dimensions, seed);
  const objective = (configuration: Configuration) => {
    let loss = 0;
    let before = 0;
    for (const term of terms) {
      const value = configuration[term.name];
      if (value === undefined) continue;
      if (term.kind === 'choice') {
        loss += term.costs.get(value) ?? 0;
        continue;
      }
      const context = String(term.context === undefined ? '' : configuration[term.context]);
      const off = term.unitOf(Number(value)) - (term.best.get(context) as number);
      loss +=
        term.weight * off * off + 0.025 * (1 - Math.cos(6 * Math.PI * off)) + 0.8 * before * off;
      before = off;
    }
    return loss;
  };
  return { objective, optimum: 0, median: sampledMedian(dimensions, seed, objective) };
}

type Term =
  | { readonly kind: 'choice'; readonly name: string; readonly costs: Map<ParameterValue, number> }
  | {
      readonly kind: 'number';
      readonly name: string;
      readonly weight: number;
      /** The choice whose value says where the best place is. */
      readonly context: string | undefined;
      readonly best: Map<string, number>;
      readonly unitOf: (value: number) => number;
    };

function termsOf(name: string, dimensions: readonly Dimension[], seed: number): readonly Term[] {
  const first = dimensions.find(({ kind, when: condition }) => {
    return kind === 'categorical' && condition === undefined;
  });
  return dimensions.map((dimension): Term => {
    const next = streamOf(`${name} ${dimension.name} ${seed}`);
    if (dimension.kind === 'categorical') {
      const good = Math.floor(next() * dimension.values.length);
      const costs = dimension.values.map((value, i) => {
        const cost = 0.05 + 0.35 * next();
        return [value, i === good ? 0 : cost] as const;
      });
      return { kind: 'choice', name: dimension.name, costs: new Map(costs) };
    }
    if (dimension.kind !== 'float' && dimension.kind !== 'int') throw new Error(dimension.kind);
    const { min, max, scale } = dimension;
    const [low, high] = scale === 'log' ? [Math.log(min), Math.log(max)] : [min, max];
    const unitOf = (value: number) =>
      ((scale === 'log' ? Math.log(value) : value) - low) / (high - low);
    const isShared = dimension.when === undefined && first?.kind === 'categorical';
    const contexts = isShared ? first.values.map(String) : [''];
    const best = contexts.map((context) => {
      const at = low + (0.1 + 0.8 * next()) * (high - low);
      const value = scale === 'log' ? Math.exp(at) : at;
      // So that an integer can have it.
      return [context, unitOf(dimension.kind === 'int' ? Math.round(value) : value)] as const;
    });
    const context = isShared ? first.name : undefined;
    const weight = 1 + 2 * next();
    return {
      kind: 'number',
      ...{ name: dimension.name, weight, context, best: new Map(best), unitOf },
    };
  });
}

function when(parent: string, ...values: ParameterValue[]): { readonly when: When } {
  return { when: { parent, in: values } };
}

function choice(name: string, values: readonly string[]): Dimension {
  return { name, kind: 'categorical', type: 'string', values };
}

function flag(name: string): Dimension {
  return { name, kind: 'categorical', type: 'bool', values: [false, true] };
}

function float(name: string, min: number, max: number): Dimension {
  return { name, kind: 'float', min, max, scale: 'linear' };
}

function log(name: string, min: number, max: number): Dimension {
  return { name, kind: 'float', min, max, scale: 'log' };
}

function int(
  name: string,
  min: number,
  max: number,
  scale: 'linear' | 'log' = 'linear',
): Dimension {
  return { name, kind: 'int', min, max, scale };
}
