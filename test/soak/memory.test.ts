import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemorySample, memoryTrend, sampleOf } from './memory.ts';

const MIB = 2 ** 20;

/** A sample every 2 seconds. */
function life(name: string, seconds: number, mibAt: (age: number) => number): MemorySample[] {
  return Array.from({ length: seconds / 2 }, (_, place) => ({
    life: name,
    atSeconds: 1_000 + place * 2,
    residentBytes: mibAt(place * 2) * MIB,
    heapBytes: (mibAt(place * 2) / 2) * MIB,
  }));
}

test('a process that grows by 2 MiB a minute is seen through kills and levels of others', () => {
  const trend = memoryTrend([
    ...life('a', 600, (age) => 100 + age / 30),
    ...life('b', 400, (age) => 180 + age / 30),
    ...life('a again', 500, (age) => 90 + age / 30),
  ]);
  assert.ok(Math.abs((trend.slope?.resident ?? 0) - 2) < 1e-9);
  assert.ok(Math.abs((trend.slope?.heap ?? 0) - 1) < 1e-9);
  assert.equal(trend.lives, 3);
  assert.equal(trend.seconds, 418 + 218 + 318);
  assert.ok(trend.maxMib > 193 && trend.maxMib < 194);
});

test('what the first three minutes take is no growth', () => {
  const trend = memoryTrend(life('a', 600, (age) => 60 + Math.min(age, 180)));
  assert.ok(Math.abs(trend.slope?.resident ?? 1) < 1e-9);
});

test('lives that are too short tell no slope', () => {
  const trend = memoryTrend(life('a', 200, (age) => 60 + age));
  assert.deepEqual([trend.lives, trend.slope], [0, undefined]);
  assert.equal(memoryTrend([]).maxMib, 0);
});

test('a page of metrics tells which process it is of, and a page that broke off nothing', () => {
  const page = `process_start_time_seconds 1000
process_resident_memory_bytes 2097152
nodejs_heap_size_used_bytes 1048576
espalier_leader 0
`;
  const sample = { life: 'c-1@1000', atSeconds: 1_005, residentBytes: 2 * MIB, heapBytes: MIB };
  assert.deepEqual(sampleOf('c-1', page, 1_005_000), sample);
  const leading = sampleOf('c-1', page.replace('leader 0', 'leader 1'), 1_005_000);
  assert.equal(leading?.life, 'c-1@1000 leads');
  assert.equal(sampleOf('c-1', page.slice(0, 40), 1_005_000), undefined);
});
