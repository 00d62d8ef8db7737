import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fault, schedule, VICTIMS } from './schedule.ts';

function first(count: number, seed: number): Fault[] {
  const faults = schedule(seed);
  return Array.from({ length: count }, () => faults.next().value);
}

test('the same seed gives the same faults, another one others', () => {
  assert.deepEqual(first(50, 7), first(50, 7));
  assert.notDeepEqual(first(50, 7), first(50, 8));
});

test('a fault comes 20 to 40 seconds after the one before, and all are as likely', () => {
  const faults = first(500, 1);
  for (const { afterMs } of faults) assert.ok(afterMs >= 20_000 && afterMs < 40_000);
  for (const victim of VICTIMS) {
    const ways = faults.filter((fault) => fault.victim === victim).map(({ way }) => way);
    assert.equal(ways.length, 100);
    assert.deepEqual(new Set(ways), new Set(['kill', 'replace']));
  }
});

test('five faults in a row kill everything once', () => {
  for (let seed = 0; seed < 100; seed++) {
    const victims = first(5, seed).map(({ victim }) => victim);
    assert.deepEqual(new Set(victims), new Set(VICTIMS));
  }
});
