import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { SEED } from './cases.ts';
import { MARK } from './hostile-values.ts';

type ErrorClass = abstract new (...args: never[]) => Error;

/** One input of the product, and what reads it. */
export interface Target<T> {
  readonly input: fc.Arbitrary<T>;
  readonly cases: number;
  /** What it returns is searched for traces of the input that must not be there. */
  readonly read: (input: T) => unknown;
  /** What it says that it throws. `Error` stands for that class alone, not for a TypeError. */
  readonly declared?: readonly ErrorClass[];
  /** Processor time of this thread for one case, so that a busy machine changes nothing. @default 5_000_000 */
  readonly maxMicros?: number;
  /** By which the most memory that this process ever had may grow over all cases. @default 768 */
  readonly maxMib?: number;
}

const PROTOTYPES = [Object, Array, Function, String, Number, RegExp, Promise, Error, Map, Set].map(
  ({ prototype }) => ({ prototype: prototype as object, size: Reflect.ownKeys(prototype).length }),
);

/**
 * Reads every case and finds nothing but values and declared errors, within bounded time and memory,
 * with the prototypes of the language as they were.
 *
 * @throws {AssertionError} with the smallest case that still fails, and the seed.
 */
export async function fuzz<T>(t: TestContext, target: Target<T>): Promise<void> {
  const before = process.resourceUsage().maxRSS;
  const counts = { values: 0, refused: 0 };
  const longest = await readAll(target, counts);
  const grownMib = Math.round((process.resourceUsage().maxRSS - before) / 1024);
  assert.ok(grownMib < (target.maxMib ?? 768), `the memory grew by ${grownMib} MiB`);
  const { values, refused } = counts;
  assert.equal(values + refused, target.cases);
  t.diagnostic(
    `${target.cases} cases: ${values} read, ${refused} refused, 0 crashes; longest ${longest} us of ` +
      `processor time, memory +${grownMib} MiB, seed ${SEED}`,
  );
}

async function readAll<T>(
  { input, cases, read, declared = [], maxMicros = 5_000_000 }: Target<T>,
  counts: { values: number; refused: number },
): Promise<number> {
  let longest = 0;
  const property = fc.asyncProperty(input, async (one) => {
    const start = process.threadCpuUsage();
    try {
      requireOwn(await read(one));
      counts.values += 1;
    } catch (error) {
      if (!isDeclared(error, declared)) throw error;
      counts.refused += 1;
    }
    const { user, system } = process.threadCpuUsage(start);
    longest = Math.max(longest, user + system);
    assert.ok(user + system < maxMicros, `it took ${user + system} us`);
    requireSoundPrototypes();
  });
  try {
    await fc.assert(property, { numRuns: cases, seed: SEED });
  } catch (error) {
    // The report names the smallest case and leaves to the cause what went wrong with it.
    const { message, cause } = error as Error;
    throw new Error(`${String(cause)}\n${message}`, { cause: error });
  }
  return longest;
}

function isDeclared(error: unknown, declared: readonly ErrorClass[]): boolean {
  return declared.some((type) =>
    type === Error ? error?.constructor === Error : error instanceof type,
  );
}

function requireSoundPrototypes(): void {
  for (const { prototype, size } of PROTOTYPES) {
    if (Reflect.ownKeys(prototype).length === size && !(MARK in prototype)) continue;
    for (const key of [MARK, 'toJSON']) Reflect.deleteProperty(prototype, key);
    assert.fail(`${prototype.constructor.name}.prototype was changed`);
  }
}

/** No object may inherit from the input: what looks like a field of it would be nobody's. */
function requireOwn(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null || depth > 8) return;
  if (MARK in value && !Object.hasOwn(value, MARK)) {
    assert.fail('the prototype of a result came out of the input');
  }
  if (ArrayBuffer.isView(value)) return;
  const inner = value instanceof Map ? value.values() : Object.values(value).slice(0, 50);
  for (const each of inner) requireOwn(each, depth + 1);
}
