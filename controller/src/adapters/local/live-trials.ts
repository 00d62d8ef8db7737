import { type Experiment, isTerminalTrial, type Trial } from '@espalier/api';
import type { FeedView } from '../../domain/trial/feed-view.ts';
import type { Clock } from '../../ports/telemetry.ts';
import type { LiveTrial, TrialView } from './engine.ts';
import type { FileFeed } from './file-feed.ts';
import type { ProcessPods } from './process-pods.ts';

interface Begin {
  readonly attempt: number;
  readonly epoch: number;
  readonly atMs: number;
}

/** Adds to Trials what only their live processes tell. */
export class LiveTrials {
  readonly #pods: ProcessPods;
  readonly #feed: FileFeed;
  readonly #clock: Clock;
  /** Where each attempt stood when it was first seen to report; the speed is measured from there. */
  readonly #begins = new Map<string, Begin>();

  constructor(pods: ProcessPods, feed: FileFeed, clock: Clock) {
    this.#pods = pods;
    this.#feed = feed;
    this.#clock = clock;
  }

  view(experiment: Experiment, trial: Trial): TrialView {
    const { uid } = trial.metadata;
    const process = isTerminalTrial(trial.status?.phase) ? undefined : this.#pods.processOf(uid);
    if (process === undefined) {
      this.#begins.delete(uid);
      return { trial };
    }
    const feed = this.#feed.view(uid);
    const epochs = feed?.epochs ?? epochsOf(experiment, trial);
    const remainingMs =
      feed === undefined ? undefined : this.#remaining(uid, process, feed, epochs);
    const live: LiveTrial = {
      ...process,
      step: feed?.lastStep ?? 0,
      epoch: feed?.lastEpoch ?? 0,
      metrics: feed?.latest ?? {},
      ...(epochs === undefined ? {} : { epochs }),
      ...(remainingMs === undefined ? {} : { remainingMs }),
    };
    return { trial, live };
  }

  #remaining(
    uid: string,
    process: { readonly attempt: number; readonly startedMs: number },
    feed: FeedView,
    epochs: number | undefined,
  ): number | undefined {
    let begin = this.#begins.get(uid);
    if (begin?.attempt !== process.attempt) {
      // A first attempt begins at 0; a later one goes on from where the reports stand.
      const epoch = process.attempt === 0 ? 0 : feed.lastEpoch;
      begin = { attempt: process.attempt, epoch, atMs: process.startedMs };
      this.#begins.set(uid, begin);
    }
    const done = feed.lastEpoch - begin.epoch;
    const { lastReportMs } = feed;
    if (epochs === undefined || lastReportMs === undefined || done <= 0) return undefined;
    const perEpochMs = (lastReportMs - begin.atMs) / done;
    const sinceMs = this.#clock.now() - lastReportMs;
    return Math.max(0, (epochs - feed.lastEpoch) * perEpochMs - sinceMs);
  }
}

/** Our own trainer's parameter, or what the early-stopping rule calls a complete run. */
function epochsOf({ spec }: Experiment, trial: Trial): number | undefined {
  const given = trial.spec.parameters.find(({ name }) => name === 'epochs')?.int;
  if (given !== undefined && given > 0) return given;
  const { earlyStopping } = spec;
  return earlyStopping?.resource === 'epoch' ? earlyStopping.max : undefined;
}
