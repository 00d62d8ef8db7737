import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RawObject, RawWatchEvent } from './raw-object.ts';
import {
  INITIAL,
  PAGE_SIZE,
  step,
  type WatchEffect,
  type WatchInput,
  type WatchMemory,
} from './watch-state.ts';

const object = (name: string, resourceVersion: string): RawObject => ({
  metadata: { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion },
});
const page = (resourceVersion: string, token?: string, ...objects: RawObject[]): WatchInput => ({
  kind: 'page',
  list: {
    metadata: { resourceVersion, ...(token === undefined ? {} : { continue: token }) },
    items: objects,
  },
});
const event = (type: RawWatchEvent['type'], resourceVersion: string): WatchInput => ({
  kind: 'event',
  event: { type, object: object('a', resourceVersion) },
});
const errorEvent = (code: number): WatchInput => ({
  kind: 'event',
  event: { type: 'ERROR', object: { code, metadata: {} } as unknown as RawObject },
});
const START: WatchInput = { kind: 'start' };
const SLEPT: WatchInput = { kind: 'slept' };
const GONE: WatchInput = { kind: 'failed', cause: 'gone' };
const RESET: WatchInput = { kind: 'failed', cause: 'other' };
const CLOSED: WatchInput = { kind: 'closed', openMs: 280_000, wasHeard: false };
const WATCHING = [START, page('100')];

function wordOf(effect: WatchEffect): string {
  switch (effect.kind) {
    case 'fetch':
      return `fetch ${effect.token ?? 'first'} ${effect.limit}`;
    case 'open':
      return `open ${effect.resourceVersion}`;
    case 'sleep':
      return `sleep ${effect.ms}`;
    case 'swap':
      return `swap ${effect.objects.length}${effect.isReset ? ' reset' : ''}`;
    case 'apply':
      return `apply${effect.isGone ? ' gone' : ''}`;
    case 'advance':
      return `advance ${effect.resourceVersion}`;
    case 'close':
      return 'close';
  }
}

/** The effects of the last input. */
function effectsAfter(...inputs: readonly WatchInput[]): string[] {
  let memory: WatchMemory = INITIAL;
  let words: string[] = [];
  for (const input of inputs) {
    const result = step(memory, input, 1);
    memory = result.memory;
    words = result.effects.map(wordOf);
  }
  return words;
}

const cases: Record<string, { inputs: WatchInput[]; want: string[] }> = {
  'it begins with the first page': { inputs: [START], want: [`fetch first ${PAGE_SIZE}`] },
  'pages are followed before anything is shown': {
    inputs: [START, page('100', 'next', object('a', '5'))],
    want: [`fetch next ${PAGE_SIZE}`],
  },
  'the last page shows all of them at once and watches from there': {
    inputs: [START, page('100', 'next', object('a', '5')), page('100', '', object('b', '6'))],
    want: ['swap 2', 'open 100'],
  },
  'an event is applied': {
    inputs: [...WATCHING, event('ADDED', '101')],
    want: ['apply', 'advance 101'],
  },
  'a deletion is applied': {
    inputs: [...WATCHING, event('DELETED', '101')],
    want: ['apply gone', 'advance 101'],
  },
  'a bookmark only moves the place to go on from': {
    inputs: [...WATCHING, event('BOOKMARK', '150')],
    want: ['advance 150'],
  },
  'a clean close goes on from the last event at once': {
    inputs: [...WATCHING, event('ADDED', '101'), CLOSED],
    want: ['open 101'],
  },
  'a repeated old event does not move the place back': {
    inputs: [...WATCHING, event('ADDED', '120'), event('ADDED', '90'), CLOSED],
    want: ['open 120'],
  },
  'a reset goes on from the last event after a pause': {
    inputs: [...WATCHING, event('ADDED', '101'), RESET, SLEPT],
    want: ['open 101'],
  },
  'the pause is the first one again after an event': {
    inputs: [...WATCHING, RESET, SLEPT, RESET, SLEPT, event('ADDED', '101'), RESET],
    want: ['sleep 800'],
  },
  'pauses double': {
    inputs: [...WATCHING, RESET, SLEPT, RESET, SLEPT, RESET],
    want: ['sleep 3200'],
  },
  'a long watch that breaks forgets the failures before it': {
    inputs: [...WATCHING, RESET, SLEPT, { kind: 'failed', cause: 'other', openMs: 60_000 }],
    want: ['sleep 800'],
  },
  'the server may ask for more patience': {
    inputs: [START, { kind: 'failed', cause: 'other', retryAfterMs: 7_000 }],
    want: ['sleep 7000'],
  },
  'watches that close at once without a word are slowed down': {
    inputs: [...WATCHING, { kind: 'closed', openMs: 3, wasHeard: false }],
    want: ['sleep 800'],
  },
  '410 on open lists again at once': { inputs: [...WATCHING, GONE], want: ['fetch first 500'] },
  '410 as an ERROR event closes and lists again': {
    inputs: [...WATCHING, errorEvent(410)],
    want: ['close', 'fetch first 500'],
  },
  'a second 410 right after the list is given time': {
    inputs: [...WATCHING, GONE, page('200'), GONE],
    want: ['sleep 1600'],
  },
  'another ERROR event goes on from the last event after a pause': {
    inputs: [...WATCHING, errorEvent(500)],
    want: ['close', 'sleep 800'],
  },
  'an expired token starts over in one piece': {
    inputs: [START, page('100', 'next', object('a', '5')), GONE],
    want: ['fetch first 0'],
  },
  'a list that failed is made again after a pause': {
    inputs: [START, RESET, SLEPT],
    want: ['fetch first 500'],
  },
  'a list older than what was seen is not believed': {
    inputs: [...WATCHING, GONE, page('60')],
    want: ['sleep 1600'],
  },
  'but in the end the server is believed: a restored backup': {
    inputs: [
      ...WATCHING,
      GONE,
      ...Array.from({ length: 4 }, () => [page('60'), SLEPT]).flat(),
      page('60'),
    ],
    want: ['swap 0 reset', 'open 60'],
  },
  'refresh lists again in the middle of a watch': {
    inputs: [...WATCHING, { kind: 'refresh' }],
    want: ['close', 'fetch first 500'],
  },
  'what comes late from the watch before is ignored': {
    inputs: [...WATCHING, GONE, event('ADDED', '101')],
    want: [],
  },
};
for (const [name, { inputs, want }] of Object.entries(cases)) {
  test(`F6 watch: ${name}`, () => assert.deepEqual(effectsAfter(...inputs), want));
}

test('F6 watch: after any history one activity is under way, and pauses stay within their bounds', () => {
  const input = fc.oneof(
    fc.constantFrom(START, SLEPT, GONE, RESET, CLOSED, errorEvent(410), errorEvent(500)),
    fc.constantFrom<WatchInput>(
      { kind: 'refresh' },
      { kind: 'closed', openMs: 1, wasHeard: false },
    ),
    fc.nat(300).map((version) => event('MODIFIED', String(version))),
    fc.tuple(fc.nat(300), fc.boolean()).map(([v, more]) => page(String(v), more ? 't' : undefined)),
  );
  fc.assert(
    fc.property(
      fc.array(input, { maxLength: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (inputs, random) => {
        let memory = step(INITIAL, START, random).memory;
        let activity = 'fetch';
        for (const one of inputs) {
          const result = step(memory, one, random);
          memory = result.memory;
          for (const effect of result.effects) {
            if (effect.kind === 'sleep') assert.ok(effect.ms >= 400 && effect.ms <= 30_000);
            if (['fetch', 'open', 'sleep'].includes(effect.kind)) activity = effect.kind;
          }
          const want = { listing: 'fetch', watching: 'open', waiting: 'sleep' }[memory.state.kind];
          assert.equal(activity, want);
        }
      },
    ),
  );
});
