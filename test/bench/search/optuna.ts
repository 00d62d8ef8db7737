import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Configuration, Dimension } from '@espalier/search';
import type { Searcher } from './clock.ts';

const SCRIPT = join(import.meta.dirname, '../../../scripts/search/study.py');

export interface OptunaProcess {
  readonly version: string;
  /** A new study; it ends the one before. */
  begin(
    sampler: 'tpe' | 'tpe-group',
    dimensions: readonly Dimension[],
    seed: number,
    first: readonly Configuration[],
  ): Searcher;
  end(): void;
}

/** Optuna in a process of its own, on one thread. */
export async function startOptuna(python: string): Promise<OptunaProcess> {
  const child = spawn(python, [SCRIPT], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1', PYTHONWARNINGS: 'ignore' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('Optuna ended');
    return JSON.parse(value);
  };
  const write = (message: unknown) => child.stdin.write(`${JSON.stringify(message)}\n`);
  const { optuna } = await read();
  return {
    version: optuna,
    begin(sampler, dimensions, seed, first) {
      write({ space: dimensions.map(describe), sampler, seed, first });
      return {
        async ask(results) {
          write({ tell: results.map(({ index, value }) => [index, value]) });
          const [index, configuration] = await read();
          return { index, configuration };
        },
      };
    },
    end: () => child.stdin.end(),
  };
}

function describe(dimension: Dimension): unknown {
  const { name, when } = dimension;
  const condition = [when?.parent ?? null, when?.in ?? []];
  switch (dimension.kind) {
    case 'categorical':
      return [name, 'choice', dimension.values, ...condition];
    case 'int':
    case 'float': {
      const { kind, min, max, scale } = dimension;
      return [name, kind, [min, max, scale === 'log'], ...condition];
    }
    default:
      throw new Error(`no bench has a dimension of kind ${dimension.kind}`);
  }
}
