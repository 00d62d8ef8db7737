import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { CASES, TOTAL } from './cases.ts';
import { fuzz, type Target } from './fuzzing.ts';
import { hostileBytes } from './hostile-bytes.ts';
import { hostileText } from './hostile-text.ts';
import { hostileJson, MARK } from './hostile-values.ts';

/** Readers with one fault each, which the harness must find. */
const FAULTS: Readonly<
  Record<
    string,
    { read: (text: string) => unknown; declared?: Target<string>['declared']; says: RegExp }
  >
> = {
  'an error that was not declared': {
    read: (text) => (JSON.parse(text) as { a: { b: unknown } }).a.b,
    declared: [SyntaxError],
    says: /TypeError/,
  },
  'a TypeError where Error is declared': {
    read: () => {
      throw new TypeError('a fault');
    },
    declared: [Error],
    says: /TypeError: a fault/,
  },
  'a field written to the prototype of all objects': {
    read: (text) => {
      const { prototype } = (JSON.parse(text) as { constructor: { prototype?: object } })
        .constructor;
      if (Object.hasOwn(prototype ?? {}, MARK)) Object.assign(Object.prototype, prototype);
    },
    declared: [SyntaxError, TypeError],
    says: /Object\.prototype was changed/,
  },
  'a result that inherits from the input': {
    read: (text) => {
      const copy: Record<string, unknown> = {};
      for (const [key, value] of Object.entries(JSON.parse(text) as object)) copy[key] = value;
      return copy;
    },
    declared: [SyntaxError, TypeError],
    says: /came out of the input/,
  },
};

for (const [fault, { read, declared = [], says }] of Object.entries(FAULTS)) {
  test(`the harness finds ${fault}`, async (t) => {
    const input = hostileJson([{ a: { b: 1 }, c: [1, 2] }]);
    await assert.rejects(fuzz(quiet(t), { input, cases: 3_000, read, declared }), says);
  });
}

test('the harness finds a reader that takes too long, by its own time', async (t) => {
  const read = () => {
    for (let start = process.threadCpuUsage(); process.threadCpuUsage(start).user < 50_000; );
  };
  const input = fc.constant(0);
  const planted = { input, cases: 1, read, maxMicros: 20_000 };
  await assert.rejects(fuzz(quiet(t), planted), /it took \d+ us/);
});

test('the harness finds a reader that fills the memory', async (t) => {
  const read = (size: number) => Buffer.alloc(size, 1).length;
  const input = fc.constant(300 * 2 ** 20);
  await assert.rejects(fuzz(quiet(t), { input, cases: 1, read, maxMib: 100 }), /the memory grew/);
});

test('the numbers of cases add up to 10^5, and with ESPALIER_TEST_ALL=1 to 10^6', () => {
  const sum = Object.values(CASES).reduce((total, count) => total + count, 0);
  assert.equal(sum, TOTAL);
});

test('hostile cases differ, and some are what they were made from', () => {
  const sample = { kind: 'a', list: [1, 2, { deep: true }] };
  const json = fc.sample(hostileJson([sample]), { numRuns: 2_000, seed: 1 });
  assert.ok(new Set(json).size > 800, `${new Set(json).size}`);
  assert.ok(json.includes(JSON.stringify(sample)));
  assert.ok(json.some((text) => text.includes('"__proto__":')));
  const texts = fc.sample(hostileText(['name: x\n']), { numRuns: 2_000, seed: 1 });
  assert.ok(
    texts.some((text) => text.includes('\0')) && texts.some((text) => /[\ud800-\udfff]/.test(text)),
  );
  const bytes = fc.sample(hostileBytes([Buffer.alloc(600, 7)]), { numRuns: 2_000, seed: 1 });
  assert.ok(new Set(bytes.map((each) => each.toString('hex'))).size > 1_000);
});

/** A test whose diagnostics would count planted faults among the cases. */
function quiet(t: TestContext): TestContext {
  return Object.assign(Object.create(t) as TestContext, { diagnostic: () => {} });
}
