import { randomUUID } from 'node:crypto';
import type { Experiment, Point, Trial } from '@espalier/api';
import { HealthServer } from '../../../controller/src/adapters/http/health-server.ts';
import { ControllerMetrics } from '../../../controller/src/adapters/prom/controller-metrics.ts';
import { LastViews } from '../../../controller/src/adapters/prom/last-views.ts';
import {
  TrialMetrics,
  type TrialMetricsOptions,
} from '../../../controller/src/adapters/prom/trial-metrics.ts';
import {
  experiment,
  type Mod,
  running,
  type SpecInput,
  trial,
} from '../../../controller/src/domain/testing/builders.ts';
import {
  emptyFold,
  type FeedFold,
  foldLine,
} from '../../../controller/src/domain/trial/feed-fold.ts';
import { viewOf } from '../../../controller/src/domain/trial/feed-trajectory.ts';
import type { FeedView } from '../../../controller/src/domain/trial/feed-view.ts';
import type { MetricsFeed } from '../../../controller/src/ports/metrics-feed.ts';

export interface StageOptions
  extends Partial<Pick<TrialMetricsOptions, 'maxSeries' | 'maxSeriesPerExperiment'>> {
  readonly graceMs?: number;
}

/**
 * What of a controller Prometheus sees, without a cluster and without NATS: objects and reports by hand,
 * the real fold, the real page over HTTP. Time for the grace stands still unless it is moved.
 */
export class Stage implements MetricsFeed {
  readonly experiments: Experiment[] = [];
  readonly telemetry = new ControllerMetrics();
  readonly metrics: TrialMetrics;
  readonly lastViews: LastViews;
  graceClockMs = 0;
  readonly #trials = new Map<string, Trial[]>();
  readonly #folds = new Map<string, FeedFold>();
  #server: HealthServer | undefined;

  constructor({
    graceMs = 60_000,
    maxSeries = 100_000,
    maxSeriesPerExperiment,
  }: StageOptions = {}) {
    const clock = {
      now: () => Date.now(),
      monotonic: () => this.graceClockMs,
      sleep: async () => {},
    };
    this.lastViews = new LastViews(this, clock, graceMs);
    this.metrics = new TrialMetrics({
      source: {
        experiments: () => this.experiments,
        trialsOf: (uid) => this.#trials.get(uid) ?? [],
        viewOf: (uid) => this.lastViews.viewOrLast(uid),
      },
      clock,
      maxSeries,
      maxSeriesPerExperiment: maxSeriesPerExperiment ?? maxSeries,
      parameters: true,
    });
    this.leads(true);
  }

  /** `host:port` of its page. */
  async listen(): Promise<string> {
    this.#server = await HealthServer.listen({
      host: '127.0.0.1',
      port: 0,
      whyNotReady: () => undefined,
      metrics: () => this.page(),
    });
    return `127.0.0.1:${this.#server.port}`;
  }

  async page(): Promise<string> {
    return (await this.telemetry.render()) + (await this.metrics.render());
  }

  leads(isLeader: boolean): void {
    this.metrics.leads(isLeader);
    this.telemetry.leads(isLeader);
  }

  addExperiment(
    namespace: string,
    name: string,
    spec: SpecInput = {},
    ...mods: Mod<Experiment>[]
  ): Experiment {
    const made = experiment(
      spec,
      (object) => ({
        ...object,
        metadata: { ...object.metadata, namespace, name, uid: randomUUID() },
      }),
      ...mods,
    );
    this.experiments.push(made);
    return made;
  }

  addTrial({ metadata }: Experiment, index: number): Trial {
    const { namespace, uid } = metadata;
    const name = `${metadata.name}-${String(index).padStart(5, '0')}`;
    const made = trial(name, running(), (object) => ({
      ...object,
      metadata: { ...object.metadata, namespace, uid: randomUUID() },
    }));
    this.#trials.set(uid, [...(this.#trials.get(uid) ?? []), made]);
    const interest = {
      metric: 'acc',
      goal: 'maximize',
      resource: 'epoch',
      milestones: [],
    } as const;
    this.#folds.set(made.metadata.uid, emptyFold(interest));
    return made;
  }

  report(
    { metadata }: Trial,
    seq: number,
    values: Record<string, number>,
    nowMs = Date.now(),
  ): void {
    const fold = this.#folds.get(metadata.uid);
    if (fold === undefined) throw new Error(`${metadata.name} has ended`);
    const point: Point = { seq, step: 10 * seq, epoch: seq, values, time: 0 };
    foldLine(fold, 0, { kind: 'points', points: [point] }, nowMs);
  }

  follow(): void {}
  onChange(): void {}

  view(trialUid: string): FeedView | undefined {
    const fold = this.#folds.get(trialUid);
    return fold && viewOf(fold, 0);
  }

  forget(trialUid: string): void {
    this.#folds.delete(trialUid);
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }
}
