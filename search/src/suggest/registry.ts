import type { Algorithm, AlgorithmInfo } from './algorithm.ts';
import { auto } from './auto.ts';
import { cmaEs } from './cma-es/cma-es.ts';
import { gp } from './gp/gp.ts';
import { grid } from './grid.ts';
import { pbt } from './pbt.ts';
import { random } from './random.ts';
import { sobol } from './sobol.ts';
import { tpe } from './tpe/tpe.ts';

const REGISTRY: ReadonlyMap<string, Algorithm> = new Map(
  [auto, cmaEs, gp, grid, pbt, random, sobol, tpe].map((algorithm) => [algorithm.name, algorithm]),
);

/** Every algorithm, by name. */
export const ALGORITHMS: readonly AlgorithmInfo[] = [...REGISTRY.values()].map(infoOf);

export function algorithmInfo(name: string): AlgorithmInfo | undefined {
  const algorithm = REGISTRY.get(name);
  return algorithm && infoOf(algorithm);
}

export function findAlgorithm(name: string): Algorithm | undefined {
  return REGISTRY.get(name);
}

function infoOf({ check, propose, ...info }: Algorithm): AlgorithmInfo {
  return info;
}
