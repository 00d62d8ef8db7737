import { trialOwner } from '@espalier/api';
import type { ObjectKey } from '../../ports/key.ts';
import type { EventRecord } from '../../ports/telemetry.ts';
import type { RawObject } from './raw-object.ts';

/** As `events.k8s.io/v1` and the older API write it; whoever may write events may write anything. */
interface RawEvent {
  readonly regarding?: { readonly kind?: unknown; readonly name?: unknown; readonly uid?: unknown };
  readonly type?: unknown;
  readonly reason?: unknown;
  readonly note?: unknown;
  readonly eventTime?: unknown;
  readonly deprecatedFirstTimestamp?: unknown;
  readonly deprecatedLastTimestamp?: unknown;
  readonly deprecatedCount?: unknown;
  readonly series?: { readonly count?: unknown; readonly lastObservedTime?: unknown };
}

/** Reads an event of that Experiment or of one of its Trials; undefined if it is about something else. */
export function eventOf(item: RawObject, experiment: ObjectKey): EventRecord | undefined {
  const raw = item as RawObject & RawEvent;
  const { kind, name, uid } = raw.regarding ?? {};
  if ((kind !== 'Experiment' && kind !== 'Trial') || typeof name !== 'string') return undefined;
  const owner = kind === 'Trial' ? trialOwner(name) : name;
  if (owner !== experiment.name) return undefined;
  const firstMs = timeOf(
    raw.eventTime,
    raw.deprecatedFirstTimestamp,
    item.metadata.creationTimestamp,
  );
  const lastMs = timeOf(raw.series?.lastObservedTime, raw.deprecatedLastTimestamp, raw.eventTime);
  const count = Number(raw.series?.count ?? raw.deprecatedCount ?? 1);
  return {
    kind,
    name,
    namespace: experiment.namespace,
    uid: textOf(uid),
    type: raw.type === 'Warning' ? 'Warning' : 'Normal',
    reason: textOf(raw.reason),
    message: textOf(raw.note),
    firstMs,
    lastMs: Number.isNaN(lastMs) ? firstMs : lastMs,
    count: Number.isSafeInteger(count) && count > 0 ? count : 1,
  };
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

/** Of the first that is a time. */
function timeOf(...values: readonly unknown[]): number {
  const times = values.map((value) => (typeof value === 'string' ? Date.parse(value) : Number.NaN));
  return times.find((time) => !Number.isNaN(time)) ?? Number.NaN;
}
