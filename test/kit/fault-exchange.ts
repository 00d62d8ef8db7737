import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Fault,
  type FaultPoint,
  isWatchFault,
  type RequestRecord,
  statusObject,
} from './fault-rules.ts';
import { type Answer, endToEndHeaders, readBody } from './http-relay.ts';
import { createWatchFilter, type WatchConnection } from './watch-faults.ts';

/** One request with what is needed to spoil it. */
export interface Exchange {
  readonly request: RequestRecord;
  readonly response: ServerResponse;
  /** Aborts when the client goes away. */
  readonly gone: AbortSignal;
  reset(): void;
}

/** Applies the faults of one point in order; true if there is nothing more to do for the request. */
export async function disturb(
  point: FaultPoint,
  faults: readonly Fault[],
  { request, response, gone, reset }: Exchange,
): Promise<boolean> {
  for (const fault of faults) {
    if (isWatchFault(fault) || ('point' in fault && fault.point !== point)) continue;
    switch (fault.kind) {
      case 'hold':
        await fault.gate.pass(gone);
        break;
      case 'delay':
        await sleep(fault.ms, undefined, { signal: gone });
        break;
      case 'act':
        await fault.run(request);
        break;
      case 'cut':
        reset();
        return true;
      case 'silence':
        return true;
      case 'answer': {
        if (point === 'after') break;
        const { status, retryAfterSeconds } = fault;
        response.writeHead(status, {
          'content-type': 'application/json',
          ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
        });
        response.end(fault.body ?? JSON.stringify(statusObject(status)));
        return true;
      }
      case 'duplicate':
      case 'rewrite':
      case 'truncate':
      case 'slow':
        break; // they change how the request or its answer is sent
    }
  }
  return gone.aborted;
}

export function needsWholeResponse(fault: Fault): boolean {
  if ('point' in fault) return fault.point === 'after';
  return ['duplicate', 'rewrite', 'slow', 'truncate'].includes(fault.kind);
}

export async function wholeAnswer(reply: IncomingMessage): Promise<Answer> {
  const headers = endToEndHeaders(reply);
  return { status: reply.statusCode ?? 502, headers, body: await readBody(reply) };
}

/** Sends an answer, at once or as its faults say. */
export async function sendAnswer(
  { status, headers, body }: Answer,
  { faults, exchange }: { readonly faults: readonly Fault[]; readonly exchange: Exchange },
): Promise<void> {
  const { request, response, gone, reset } = exchange;
  // The answer to HEAD tells the length of a body that it does not have.
  const length = request.method === 'HEAD' ? {} : { 'content-length': body.length };
  response.writeHead(status, { ...headers, ...length });
  const truncate = faults.find((fault) => fault.kind === 'truncate');
  const slow = faults.find((fault) => fault.kind === 'slow');
  if (truncate !== undefined) {
    const part = body.subarray(0, truncate.afterBytes);
    // Node never calls back for an empty write, such as of the answer to HEAD.
    if (part.length === 0) reset();
    else response.write(part, reset);
    return;
  }
  if (slow !== undefined) {
    const piece = Math.max(1, Math.floor(slow.bytesPerSecond / 20));
    for (let at = 0; at < body.length; at += piece) {
      response.write(body.subarray(at, at + piece));
      await sleep(50, undefined, { signal: gone });
    }
  }
  response.end(slow === undefined ? body : undefined);
}

/** Relays a watch: byte for byte without faults, else event by event. */
export async function relayWatch(
  reply: IncomingMessage,
  faults: readonly Fault[],
  { response, gone, reset }: Exchange,
  afterWrites: (count: number, signal?: AbortSignal) => Promise<void>,
): Promise<void> {
  response.writeHead(200, endToEndHeaders(reply));
  response.flushHeaders();
  const onEvents = faults.filter(isWatchFault);
  if (onEvents.length === 0) {
    await pipeline(reply, response);
    return;
  }
  const writesSoFar = new Map<number, Promise<void>>();
  const connection: WatchConnection = {
    client: response,
    gone,
    close: () => {
      response.end();
      reply.destroy();
    },
    reset,
    afterWrites: (count) => {
      const since = writesSoFar.get(count) ?? afterWrites(count, gone);
      writesSoFar.set(count, since);
      return since;
    },
  };
  // Counted from the start of the watch, not from its first event.
  for (const fault of onEvents) {
    if (fault.kind === 'hold-events') connection.afterWrites(fault.forWrites).catch(() => {});
  }
  const filter = createWatchFilter(onEvents, connection);
  try {
    for await (const chunk of reply) await filter.take(chunk as Buffer);
  } catch (error) {
    if (gone.aborted) return;
    throw error;
  }
  await filter.end();
}
