import { type DesiredState, desiredStateSchema, encodeMetricValue } from '@espalier/api';
import { type ErrorCode, EspalierError } from '../../ports/errors.ts';
import type { ObjectKey } from '../../ports/key.ts';
import type { LiveTrial, TrialView } from './engine.ts';
import { isSafeName } from './layout.ts';

/**
 * What a command asks a live runner over its socket: one JSON line, one JSON line back, one request
 * per connection. Both ends are of one version, so the answer is trusted and the question is not.
 */
export type SocketRequest =
  | { readonly method: 'experiments' }
  | {
      readonly method: 'experiment' | 'trials' | 'events' | 'deleteExperiment';
      readonly key: ObjectKey;
    }
  | { readonly method: 'setDesiredState'; readonly key: ObjectKey; readonly state: DesiredState };

export type SocketResponse =
  | { readonly ok: true; readonly result?: unknown }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

export const MAX_REQUEST_BYTES = 2 ** 16;
/** 100,000 Trials come to far less. */
export const MAX_RESPONSE_BYTES = 2 ** 28;

const WITH_KEY = ['experiment', 'trials', 'events', 'deleteExperiment'] as const;

/** @throws EspalierError InvalidSpec for whatever is no request. */
export function parseRequest(line: string): SocketRequest {
  const read = parseJson(line);
  const { method, key, state } = read;
  if (method === 'experiments') return { method };
  const parsedKey = parseObjectKey(key);
  if (parsedKey !== undefined) {
    const withKey = WITH_KEY.find((name) => name === method);
    if (withKey !== undefined) return { method: withKey, key: parsedKey };
    const parsedState = desiredStateSchema.safeParse(state);
    if (method === 'setDesiredState' && parsedState.success) {
      return { method, key: parsedKey, state: parsedState.data };
    }
  }
  throw new EspalierError('InvalidSpec', 'this is no request');
}

function parseJson(line: string): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(line);
    if (typeof read === 'object' && read !== null) return read as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new EspalierError('InvalidSpec', 'a request is a JSON object');
}

function parseObjectKey(key: unknown): ObjectKey | undefined {
  if (typeof key !== 'object' || key === null) return undefined;
  const { namespace, name } = key as Record<string, unknown>;
  if (typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  return isSafeName(namespace) && isSafeName(name) ? { namespace, name } : undefined;
}

type WireMetrics = Readonly<Record<string, number | string>>;
export interface WireTrialView {
  readonly trial: TrialView['trial'];
  readonly live?: Omit<LiveTrial, 'metrics'> & { readonly metrics: WireMetrics };
}

/** JSON has no NaN and no infinity, and a metric may be either. */
export function encodeTrialView({ trial, live }: TrialView): WireTrialView {
  if (live === undefined) return { trial };
  const metrics = mapValues(live.metrics, encodeMetricValue);
  return { trial, live: { ...live, metrics } };
}

export function decodeTrialView({ trial, live }: WireTrialView): TrialView {
  if (live === undefined) return { trial };
  return { trial, live: { ...live, metrics: mapValues(live.metrics, Number) } };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
