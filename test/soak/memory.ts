/** What one process takes at one time. */
export interface MemorySample {
  /** Names the process for good, and whether it leads: what a standby does not know, a leader has in memory. */
  readonly life: string;
  readonly atSeconds: number;
  readonly residentBytes: number;
  /** Of it, objects of the program and what no collection has removed yet. */
  readonly heapBytes: number;
}

export interface MemoryTrend {
  readonly lives: number;
  /** Time that is looked at, of all lives together. */
  readonly seconds: number;
  /** By how much a process grows, in MiB a minute; undefined = none lived long enough. */
  readonly slope: { readonly resident: number; readonly heap: number } | undefined;
  readonly maxMib: number;
}

/** Caches fill and code is compiled; after that nothing has a reason to grow. */
const WARM_UP_SECONDS = 180;
/** What is left of a life is looked at only if it is at least this long. */
const SHORTEST_SECONDS = 30;
const MIB = 2 ** 20;

/**
 * The common slope of all lives, from their fourth minute on, by least squares, each with a level of its own: a process that is killed and
 * starts small again is no fall, and a large one beside it no rise.
 */
export function memoryTrend(samples: readonly MemorySample[]): MemoryTrend {
  let [lives, seconds, squares, resident, heap] = [0, 0, 0, 0, 0];
  for (const all of Map.groupBy(samples, ({ life }) => life).values()) {
    const from = (all[0]?.atSeconds ?? 0) + WARM_UP_SECONDS;
    const life = all.filter(({ atSeconds }) => atSeconds >= from);
    const span = (life.at(-1)?.atSeconds ?? 0) - (life[0]?.atSeconds ?? 0);
    if (span < SHORTEST_SECONDS) continue;
    const mean = life.reduce((sum, { atSeconds }) => sum + atSeconds, 0) / life.length;
    for (const { atSeconds, residentBytes, heapBytes } of life) {
      // The level of a life falls out of the sums, since its times lie around their mean.
      resident += (atSeconds - mean) * residentBytes;
      heap += (atSeconds - mean) * heapBytes;
      squares += (atSeconds - mean) ** 2;
    }
    lives += 1;
    seconds += span;
  }
  const largest = samples.reduce((most, { residentBytes }) => Math.max(most, residentBytes), 0);
  const slope = (products: number): number => ((products / squares) * 60) / MIB;
  return {
    lives,
    seconds,
    slope: lives === 0 ? undefined : { resident: slope(resident), heap: slope(heap) },
    maxMib: largest / MIB,
  };
}

/** A page of metrics as a sample of the pod that it is from; undefined if it is not whole. */
export function sampleOf(pod: string, page: string, nowMs: number): MemorySample | undefined {
  const value = (family: string): number =>
    Number(new RegExp(`^${family} (\\S+)$`, 'm').exec(page)?.[1] ?? Number.NaN);
  const residentBytes = value('process_resident_memory_bytes');
  const heapBytes = value('nodejs_heap_size_used_bytes');
  const start = value('process_start_time_seconds');
  const leads = value('espalier_leader');
  if ([residentBytes, heapBytes, start, leads].some(Number.isNaN)) return undefined;
  const life = `${pod}@${start}${leads === 1 ? ' leads' : ''}`;
  return { life, atSeconds: nowMs / 1000, residentBytes, heapBytes };
}
