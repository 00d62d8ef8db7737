import { createHash } from 'node:crypto';
import { API_VERSION } from '@espalier/api';
import type { Clock, EventSink, Logger, ObjectEvent } from '../../ports/telemetry.ts';
import { isForbidden, isNotFound } from './api-error.ts';
import { EventBudget } from './event-budget.ts';
import { microTime } from './lease-store.ts';
import type { ObjectClient } from './object-client.ts';
import { EVENTS } from './resources.ts';

export interface EventRecorderOptions {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Who reports: the controller's name and this process. */
  readonly controller: string;
  readonly instance: string;
  /** The same event within so long becomes one with a count. Default 6 min, as in client-go. */
  readonly seriesMs?: number;
  /** A growing count is written at most so often. Default 30 s. */
  readonly countEveryMs?: number;
}

interface Series {
  readonly event: ObjectEvent;
  readonly name: string;
  count: number;
  writtenCount: number;
  lastMs: number;
  writtenMs: number;
}

const MAX_SERIES = 4096;
const MAX_QUEUE = 1000;
const MAX_NOTE = 1024;
const OBJECT_BURST = 25;
const OBJECT_PER_SECOND = 1 / 60;
/** Of all objects together. */
const TRIAL_NEWS = { burst: 25, perSecond: 0.2 };
const EVERYTHING_ELSE = { burst: 100, perSecond: 10 };

/**
 * Tells people what happened, as Events of the API server, and never holds anybody up.
 *
 * The same text about the same object is one Event with a count. Each object may say 25 things at
 * once and one a minute; all together a hundred at once and ten a second. Trials that went well have
 * 25 and one in five seconds, or every sweep would write an Event with each trial. What exceeds that,
 * or cannot be written, is lost and counted: Events are news, the status is the record.
 */
export class EventRecorder implements EventSink {
  readonly #options: EventRecorderOptions;
  readonly #series = new Map<string, Series>();
  readonly #budgets = new Map<string, EventBudget>();
  readonly #trialNews: EventBudget;
  readonly #everythingElse: EventBudget;
  readonly #queue = new Set<Series>();
  #worker: Promise<void> | undefined;
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    const nowMs = options.clock.monotonic();
    this.#trialNews = new EventBudget(TRIAL_NEWS.burst, TRIAL_NEWS.perSecond, nowMs);
    this.#everythingElse = new EventBudget(EVERYTHING_ELSE.burst, EVERYTHING_ELSE.perSecond, nowMs);
  }

  get dropped(): number {
    return this.#dropped;
  }

  emit(event: ObjectEvent): void {
    const nowMs = this.#options.clock.monotonic();
    const id = [event.uid, event.type, event.reason, event.message].join('\n');
    const known = this.#series.get(id);
    if (known !== undefined && nowMs - known.lastMs < (this.#options.seriesMs ?? 360_000)) {
      known.count++;
      known.lastMs = nowMs;
      if (nowMs - known.writtenMs >= (this.#options.countEveryMs ?? 30_000)) this.#enqueue(known);
      return;
    }
    const isTrialNews = event.kind === 'Trial' && event.type === 'Normal';
    const total = isTrialNews ? this.#trialNews : this.#everythingElse;
    if (!this.#budgetOf(event.uid, nowMs).take(nowMs) || !total.take(nowMs)) {
      this.#dropped++;
      return;
    }
    const name = `${event.name.slice(0, 200)}.${suffix(id, this.#options.clock.now())}`;
    const series = { event, name, count: 1, writtenCount: 0, lastMs: nowMs, writtenMs: nowMs };
    this.#series.delete(id);
    this.#series.set(id, series);
    dropOldest(this.#series, MAX_SERIES);
    this.#enqueue(series);
  }

  /** Resolves once what was emitted is written, or given up. */
  async flush(): Promise<void> {
    await this.#worker;
  }

  #budgetOf(uid: string, nowMs: number): EventBudget {
    let budget = this.#budgets.get(uid);
    if (budget === undefined) {
      budget = new EventBudget(OBJECT_BURST, OBJECT_PER_SECOND, nowMs);
      this.#budgets.set(uid, budget);
      dropOldest(this.#budgets, MAX_SERIES);
    }
    return budget;
  }

  #enqueue(series: Series): void {
    if (this.#queue.size >= MAX_QUEUE) {
      this.#dropped++;
      return;
    }
    series.writtenMs = this.#options.clock.monotonic();
    this.#queue.add(series);
    this.#worker ??= this.#work().finally(() => {
      this.#worker = undefined;
    });
  }

  async #work(): Promise<void> {
    for (const series of this.#queue) {
      this.#queue.delete(series);
      try {
        await this.#write(series);
      } catch (error) {
        this.#dropped++;
        // Of a namespace that is going away there is nothing to tell.
        const isExpected = isForbidden(error) || isNotFound(error);
        if (!isExpected) this.#options.log.warn('event not written', { error: String(error) });
      }
    }
  }

  async #write(series: Series): Promise<void> {
    const { client, clock } = this.#options;
    const { event, name, count } = series;
    const { namespace } = event;
    const call = { signal: AbortSignal.timeout(30_000) };
    const observed = { count, lastObservedTime: microTime(clock.now()) };
    if (series.writtenCount === 0) await client.create(EVENTS, namespace, this.#body(series), call);
    else await client.mergePatch(EVENTS, { namespace, name }, { series: observed }, call);
    series.writtenCount = count;
  }

  #body({ event, name }: Series): object {
    const { controller, instance, clock } = this.#options;
    return {
      apiVersion: EVENTS.apiVersion,
      kind: EVENTS.kind,
      metadata: { name, namespace: event.namespace },
      eventTime: microTime(clock.now()),
      reportingController: controller,
      reportingInstance: instance.slice(0, 128),
      action: event.reason,
      reason: event.reason,
      type: event.type,
      note: event.message.slice(0, MAX_NOTE),
      regarding: {
        apiVersion: API_VERSION,
        kind: event.kind,
        namespace: event.namespace,
        name: event.name,
        uid: event.uid,
      },
    };
  }
}

/** The same event at another time is another object. */
function suffix(id: string, nowMs: number): string {
  return createHash('sha256').update(`${nowMs}\n${id}`).digest('hex').slice(0, 16);
}

function dropOldest<T>(map: Map<string, T>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}
