import type { Gate } from './wait.ts';

/** A request as rules and tests see it. */
export interface SeenRequest {
  /** 1 for the first request through the proxy. */
  readonly number: number;
  /** 1 for the first write (POST, PUT, PATCH, DELETE); undefined for a read. */
  readonly write: number | undefined;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly isWatch: boolean;
  readonly userAgent: string;
  /** Of a write, if the proxy keeps bodies; else empty. */
  readonly body: string;
  /** When it came, on the clock of `performance.now()`. */
  readonly atMs: number;
  /** Names of the rules that acted on it. */
  readonly faults: readonly string[];
  /** What the server answered; undefined until then, or if it was never asked. */
  readonly serverStatus: number | undefined;
  /** What the client got; undefined until then, or if it got nothing. */
  readonly clientStatus: number | undefined;
  /** The proxy has seen the client's connection end before the answer was complete. */
  readonly clientGone: boolean;
}

/** A request while the proxy deals with it. */
export type RequestRecord = { -readonly [K in keyof SeenRequest]: SeenRequest[K] } & {
  readonly faults: string[];
};

/** Which requests a rule is about; every given field must fit. */
export interface RequestMatch {
  readonly methods?: readonly string[];
  /** Tested on the path with its query. */
  readonly path?: RegExp;
  /** true: only writes; false: only reads. */
  readonly write?: boolean;
  readonly watch?: boolean;
  /** Only the write with this number. */
  readonly writeNumber?: number;
  readonly body?: RegExp;
  /** What the fields above cannot say. */
  readonly where?: (request: SeenRequest) => boolean;
}

/** `before`: nothing has been forwarded; `after`: the server has applied and answered. */
export type FaultPoint = 'before' | 'after';

/** What happens to one request. */
export type RequestFault =
  /** Waits at the gate; if the client goes away while it waits before, nothing is forwarded. */
  | { readonly kind: 'hold'; readonly point: FaultPoint; readonly gate: Gate }
  | { readonly kind: 'delay'; readonly point: FaultPoint; readonly ms: number }
  /** Resets the connection: `before` is a request that never arrived, `after` a lost response. */
  | { readonly kind: 'cut'; readonly point: FaultPoint }
  /** Half-open: no answer ever comes, and the connection stays. */
  | { readonly kind: 'silence'; readonly point: FaultPoint }
  /** The proxy answers in the server's place. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly retryAfterSeconds?: number;
      /** @default a Kubernetes Status with the matching reason */
      readonly body?: string;
    }
  /** Forwards it twice, one after the other; the client gets one of the two answers. */
  | { readonly kind: 'duplicate'; readonly answer: 'first' | 'second' }
  /** Changes what is sent or what comes back; needs whole bodies, so not for watches. */
  | {
      readonly kind: 'rewrite';
      readonly path?: (path: string) => string;
      readonly request?: (body: string) => string;
      readonly response?: (body: string) => string;
    }
  /** Sends this many bytes of the response's body, then resets the connection. */
  | { readonly kind: 'truncate'; readonly afterBytes: number }
  /** Sends the response in small pieces at this rate. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Runs something at this point, such as another client's write between a read and a write. */
  | {
      readonly kind: 'act';
      readonly point: FaultPoint;
      readonly run: (request: SeenRequest) => Promise<void>;
    };

/** What happens to the events of one watch. */
export type WatchFault =
  /** Ends the stream after some events: in order, by a reset, or in the middle of the next line. */
  | {
      readonly kind: 'end-watch';
      readonly how: 'close' | 'reset' | 'mid-line';
      readonly afterEvents: number;
    }
  /** Passes nothing on after some events, though the connection stays. */
  | { readonly kind: 'mute-watch'; readonly afterEvents: number }
  /** Adds an event after some others, such as `goneEvent()`, and then closes if told so. */
  | {
      readonly kind: 'inject-event';
      readonly afterEvents: number;
      readonly event: object;
      readonly close: boolean;
    }
  /** Passes matching events on more than once. */
  | { readonly kind: 'repeat-event'; readonly match: EventMatch; readonly times: number }
  /** Loses matching events. */
  | { readonly kind: 'swallow-event'; readonly match: EventMatch }
  /** Keeps events back until the proxy has forwarded this many more writes since the watch began. */
  | { readonly kind: 'hold-events'; readonly forWrites: number }
  /** Keeps events back until the gate is open. */
  | { readonly kind: 'gate-events'; readonly gate: Gate };

/** Which watch events a rule is about. */
export interface EventMatch {
  readonly types?: readonly ('ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR')[];
  readonly name?: RegExp;
}

export type Fault = RequestFault | WatchFault;

/** Applies a fault to some of the requests that match. */
export interface FaultRule {
  /** For the log of a request. @default the fault's kind */
  readonly name?: string;
  readonly match: RequestMatch;
  readonly fault: Fault;
  /** Lets this many matching requests pass first. @default 0 */
  readonly skip?: number;
  /** Acts on this many, then no more. @default no bound */
  readonly times?: number;
  /** Acts on a matching request with this chance, by the proxy's seeded generator. @default 1 */
  readonly chance?: number;
}

const WATCH_KINDS: ReadonlySet<string> = new Set<WatchFault['kind']>([
  'end-watch',
  'mute-watch',
  'inject-event',
  'repeat-event',
  'swallow-event',
  'hold-events',
  'gate-events',
]);

/** A watch fault is about a stream's events; all others are about a request. */
export function isWatchFault(fault: Fault): fault is WatchFault {
  return WATCH_KINDS.has(fault.kind);
}

/** Whether a rule's match fits a request. */
export function matches(match: RequestMatch, request: SeenRequest): boolean {
  const { methods, path, write, watch, writeNumber, body, where } = match;
  return (
    (methods === undefined || methods.includes(request.method)) &&
    (path === undefined || path.test(request.path)) &&
    (write === undefined || write === (request.write !== undefined)) &&
    (watch === undefined || watch === request.isWatch) &&
    (writeNumber === undefined || writeNumber === request.write) &&
    (body === undefined || body.test(request.body)) &&
    (where === undefined || where(request))
  );
}

const REASONS: Readonly<Record<number, string>> = {
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** The body with which an API server refuses. */
export function statusObject(code: number, message = 'injected by the fault proxy'): object {
  const reason = REASONS[code] ?? 'Unknown';
  return {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
  };
}

/** The event with which an API server ends a watch whose resourceVersion it has forgotten. */
export function goneEvent(): object {
  return { type: 'ERROR', object: statusObject(410, 'too old resource version (injected)') };
}
