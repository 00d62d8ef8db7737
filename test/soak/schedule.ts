import { createRandom } from '../kit/random.ts';

/** What is killed. */
export const VICTIMS = ['controller', 'nats', 'store', 'kubelet', 'trainer'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Fault {
  /** Since the fault before. */
  readonly afterMs: number;
  readonly victim: Victim;
  /**
   * `kill`: SIGKILL, and the kubelet starts the container again, later and later; `replace`: its pod goes too,
   * a trainer's without SIGKILL. A kubelet is always killed and started again.
   */
  readonly way: 'kill' | 'replace';
  /** Which of several, from 0 to less than 1. */
  readonly choice: number;
}

const SHORTEST_MS = 20_000;
const LONGEST_MS = 40_000;

/** Faults without end. A seed always gives the same ones; of five in a row from the first on, each kills another. */
export function* schedule(seed: number): Generator<Fault, never> {
  const random = createRandom(seed);
  for (let bag: Victim[] = []; ; ) {
    if (bag.length === 0) bag = [...VICTIMS];
    const afterMs = SHORTEST_MS + Math.floor(random() * (LONGEST_MS - SHORTEST_MS));
    const [victim] = bag.splice(Math.floor(random() * bag.length), 1);
    const way = random() < 0.5 ? 'kill' : 'replace';
    yield { afterMs, victim: victim as Victim, way, choice: random() };
  }
}
