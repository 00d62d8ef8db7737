import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventMatch, WatchFault } from './fault-rules.ts';

/** How the filter acts on the connection it serves. */
export interface WatchConnection {
  readonly client: Writable;
  /** Aborts when the client goes away. */
  readonly gone: AbortSignal;
  /** Ends the response in order. */
  close(): void;
  /** Resets the connection. */
  reset(): void;
  /** Resolves once the proxy has forwarded this many writes after the watch began. */
  afterWrites(count: number): Promise<void>;
}

/** Takes the bytes of a watch and passes on what its faults leave of them. */
export interface WatchFilter {
  /** Resolves when the bytes have been dealt with, so that a slow client slows the server. */
  take(chunk: Buffer): Promise<void>;
  /** The server has ended the stream. */
  end(): Promise<void>;
}

const RESET_DELAY_MS = 20;

interface EventHead {
  readonly type: string;
  readonly object?: { readonly metadata?: { readonly name?: string } };
}

/**
 * Creates a filter for one watch stream. It splits at newlines only, so a character that is cut by
 * a chunk's end stays whole; without faults a line passes byte for byte.
 */
export function createWatchFilter(
  faults: readonly WatchFault[],
  connection: WatchConnection,
): WatchFilter {
  let pending = Buffer.alloc(0);
  const done = new Set<WatchFault>();
  let passed = 0;
  let over = false;
  let muted = false;

  const write = async (data: Buffer): Promise<void> => {
    if (over || muted) return;
    const { client } = connection;
    if (client.destroyed || client.write(data)) return;
    await new Promise<void>((resolve) => {
      client.once('drain', resolve);
      client.once('close', resolve);
    });
  };
  const finish = (end: () => void): void => {
    over = true;
    end();
  };

  /** Faults that act once `passed` events have gone through, before the next. */
  const atCount = async (next: Buffer | undefined): Promise<void> => {
    for (const fault of faults) {
      if (over) return;
      if (!('afterEvents' in fault) || fault.afterEvents !== passed || done.has(fault)) continue;
      // The line that is cut in two is the next event's, so it has to be there.
      if (fault.kind === 'end-watch' && fault.how === 'mid-line' && next === undefined) continue;
      done.add(fault);
      switch (fault.kind) {
        case 'mute-watch':
          muted = true;
          break;
        case 'inject-event':
          await write(Buffer.from(`${JSON.stringify(fault.event)}\n`));
          if (fault.close) finish(connection.close);
          break;
        case 'end-watch':
          if (fault.how === 'mid-line' && next !== undefined) {
            await write(next.subarray(0, Math.floor(next.length / 2)));
          }
          if (fault.how === 'reset') {
            // A reset throws away what the client's kernel holds, so give it time to be read.
            await sleep(RESET_DELAY_MS);
            finish(connection.reset);
          } else finish(connection.close);
          break;
      }
    }
  };

  const passEvent = async (line: Buffer): Promise<void> => {
    await atCount(line);
    if (over) return;
    let copies = 1;
    const event = JSON.parse(line.toString('utf8')) as EventHead;
    for (const fault of faults) {
      if (fault.kind === 'swallow-event' && fits(fault.match, event)) copies = 0;
      if (fault.kind === 'repeat-event' && fits(fault.match, event)) copies = fault.times;
      if (fault.kind === 'hold-events') await connection.afterWrites(fault.forWrites);
      if (fault.kind === 'gate-events') await fault.gate.pass(connection.gone);
    }
    for (let copy = 0; copy < copies; copy++) await write(line);
    passed += 1;
    // A later event may never come, so what follows the last one acts now.
    await atCount(undefined);
  };

  const begun = atCount(undefined); // what must happen before the first event

  return {
    take: async (chunk) => {
      await begun;
      pending = Buffer.concat([pending, chunk]);
      for (;;) {
        const end = pending.indexOf(0x0a);
        if (end < 0 || over) return;
        const line = pending.subarray(0, end + 1);
        pending = pending.subarray(end + 1);
        await passEvent(line);
      }
    },
    end: async () => {
      await begun;
      if (over || muted) return;
      await write(pending);
      finish(connection.close);
    },
  };
}

function fits({ types, name }: EventMatch, event: EventHead): boolean {
  return (
    (types === undefined || (types as readonly string[]).includes(event.type)) &&
    (name === undefined || name.test(event.object?.metadata?.name ?? ''))
  );
}
