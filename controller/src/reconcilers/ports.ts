import type { ArtifactStore, ReportRecovery } from '../ports/artifact-store.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { Health } from '../ports/health.ts';
import type { MetricsFeed } from '../ports/metrics-feed.ts';
import type { Clock, EventSink, Logger, Telemetry } from '../ports/telemetry.ts';
import type { Searcher } from './searcher.ts';

/** All that the reconcilers know of the outside; a composition root makes one. */
export interface ControllerPorts {
  readonly cluster: Cluster;
  readonly feed: MetricsFeed;
  readonly artifacts: ArtifactStore;
  /** Absent = the feed's reports cannot be lost. */
  readonly recovery?: ReportRecovery | undefined;
  /** Absent = nothing outside can be broken. */
  readonly health?: Health;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
}

export interface ControllerOptions {
  /** Abort to stop: writes in hand are finished, nothing new begins. */
  readonly signal: AbortSignal;
  /** Keys reconciled at once, per controller. Default 4. */
  readonly workers?: number;
  /**
   * Shortest time between two status writes that only show progress: counts, observations.
   * Default 1,000; a store that keeps views in memory can take less.
   */
  readonly viewIntervalMs?: number;
  /** Default: a thread for suggestions that take long, started when there is one. */
  readonly searcher?: Searcher;
}

export interface Controllers {
  /** Resolves when every worker has ended after an abort; never rejects. */
  readonly done: Promise<void>;
}
