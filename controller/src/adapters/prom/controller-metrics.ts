import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Telemetry } from '../../ports/telemetry.ts';
import { addStreamMetrics, type StreamNumbers } from './stream-metrics.ts';

const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 30];

/** One answered request to the API server; status 0 = none came. */
export interface ApiRequest {
  readonly method: string;
  readonly resource: string;
  readonly status: number;
  readonly seconds: number;
}

/** One try of a request to the object store. */
interface StoreRequest {
  /** `s3:PutObject`, ... */
  readonly action: string;
  /** `refused`: the store said no to us; `failed`: no answer, or one that it is out of order. */
  readonly outcome: 'done' | 'refused' | 'failed';
}

/** The controller's own numbers, beside those of its process and of Node. */
export class ControllerMetrics implements Telemetry {
  readonly #registry = new Registry();
  readonly #reconciles = this.#histogram(
    'espalier_reconcile_seconds',
    'Duration of reconciles, by controller and outcome.',
    ['controller', 'outcome'],
  );
  readonly #queueWait = this.#histogram(
    'espalier_queue_wait_seconds',
    'Time between when a key could be worked on and when it was.',
    ['controller'],
  );
  readonly #queueDepth = this.#gauge('espalier_queue_depth', 'Keys that could be worked on now.', [
    'controller',
  ]);
  readonly #apiRequests = this.#counter(
    'espalier_api_requests_total',
    'Requests to the API server; code 0 = no answer.',
    ['method', 'resource', 'code'],
  );
  readonly #apiSeconds = this.#histogram(
    'espalier_api_request_seconds',
    'Duration of requests to the API server.',
    ['method'],
  );
  readonly #watchRestarts = this.#counter(
    'espalier_watch_restarts_total',
    'Watches that had to begin again: gone = with a new list, failed = where they were.',
    ['resource', 'reason'],
  );
  readonly #leader = this.#gauge('espalier_leader', 'Whether this replica may act: 1 or 0.', []);

  readonly #storeRequests = this.#counter(
    'espalier_s3_requests_total',
    'Tries of requests to the object store: done, refused by it, or failed.',
    ['action', 'outcome'],
  );
  #storeReachable: Gauge | undefined;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  reconciled(controller: string, outcome: string, seconds: number): void {
    this.#reconciles.observe({ controller, outcome }, seconds);
  }

  queueDepth(controller: string, depth: number): void {
    this.#queueDepth.set({ controller }, depth);
  }

  queueWait(controller: string, seconds: number): void {
    this.#queueWait.observe({ controller }, seconds);
  }

  requested({ method, resource, status, seconds }: ApiRequest): void {
    this.#apiRequests.inc({ method, resource, code: String(status) });
    this.#apiSeconds.observe({ method }, seconds);
  }

  watchRestarted(resource: string, reason: string): void {
    this.#watchRestarts.inc({ resource, reason });
  }

  leads(isLeader: boolean): void {
    this.#leader.set(isLeader ? 1 : 0);
  }

  stored({ action, outcome }: StoreRequest): void {
    this.#storeRequests.inc({ action, outcome });
    this.#storeReachable ??= this.#gauge(
      'espalier_s3_reachable',
      'Whether the latest request to the object store was answered: 1 or 0.',
      [],
    );
    this.#storeReachable.set(outcome === 'failed' ? 0 : 1);
  }

  /** Shows these numbers too, as they are whenever a page is made. */
  watchStreams(numbers: () => StreamNumbers): void {
    addStreamMetrics(this.#registry, numbers);
  }

  /** The page of `/metrics`, in the text format of Prometheus. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  #histogram<L extends string>(name: string, help: string, labelNames: L[]): Histogram<L> {
    return new Histogram({ name, help, labelNames, buckets: BUCKETS, registers: [this.#registry] });
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #gauge<L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }
}
