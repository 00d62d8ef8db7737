import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Experiment, Trial } from '@espalier/api';
import type { FeedView } from '../../domain/trial/feed-view.ts';
import type { Clock } from '../../ports/telemetry.ts';
import { endOf, experimentSamples, type Sample } from './experiment-series.ts';
import { type Family, headOf, labelText, Page } from './text-format.ts';
import { countSeries, TrialSeries } from './trial-series.ts';

/** Where the numbers come from; asked at every page. */
export interface TrialMetricsSource {
  experiments(): readonly Experiment[];
  trialsOf(experimentUid: string): readonly Trial[];
  /** The reports of a Trial that is active, or was a moment ago; else undefined. */
  viewOf(trialUid: string): FeedView | undefined;
}

export interface TrialMetricsOptions {
  readonly source: TrialMetricsSource;
  readonly clock: Clock;
  /** Series of one Experiment and its Trials; of more, those of the Trials with the lowest indices. */
  readonly maxSeriesPerExperiment: number;
  /** Series of all of them; must be below the `sampleLimit` of the PodMonitor. */
  readonly maxSeries: number;
  /** Also a series per parameter of an active Trial. */
  readonly parameters: boolean;
  /** An Experiment that ended is shown for so long. @default one hour */
  readonly endedMs?: number;
}

const DROPPED: Family = {
  name: 'espalier_series_dropped_total',
  type: 'counter',
  help: 'Series of the Experiment that were left out of a page, added up over all pages.',
};
const DEFAULT_ENDED_MS = 3600 * 1000;
/** Trials looked at and series added: about a millisecond; then others get their turn. */
const WORK_PER_TURN = 1_000;

/** What is kept of an Experiment between two pages, for as long as it is shown. */
interface Shown {
  trials: Map<string, TrialSeries>;
  dropped: number;
  readonly droppedHead: string;
}

/**
 * The gauges of active Trials and the aggregates of Experiments, as a page in the text format of
 * Prometheus. Only whoever leads shows any, since only its fold is fed; a page carries no times, so what
 * is not on the next one is stale at once.
 */
export class TrialMetrics {
  readonly #options: TrialMetricsOptions;
  readonly #samples = new WeakMap<Experiment, readonly Sample[]>();
  #shown = new Map<string, Shown>();
  #isLeader = false;
  #rendering: Promise<string> | undefined;

  constructor(options: TrialMetricsOptions) {
    this.#options = options;
  }

  leads(isLeader: boolean): void {
    this.#isLeader = isLeader;
  }

  /** The page of now; whoever asks while one is made gets that one. */
  render(): Promise<string> {
    this.#rendering ??= this.#render().finally(() => {
      this.#rendering = undefined;
    });
    return this.#rendering;
  }

  async #render(): Promise<string> {
    const { source, clock, endedMs = DEFAULT_ENDED_MS } = this.#options;
    const before = this.#shown;
    this.#shown = new Map();
    if (!this.#isLeader) return '';
    const page = new Page();
    let left = this.#options.maxSeries;
    for (const experiment of source.experiments()) {
      const ended = endOf(experiment);
      if (ended !== undefined && ended + endedMs < clock.now()) continue;
      const shown = before.get(experiment.metadata.uid) ?? newShown(experiment);
      this.#shown.set(experiment.metadata.uid, shown);
      left -= await this.#addExperiment(page, experiment, shown, left);
    }
    let text = '';
    for (const piece of page.pieces()) {
      text += piece;
      await nextTurn();
    }
    return text;
  }

  /** Adds an Experiment and its Trials; resolves with how many series that were, at most `left`. */
  async #addExperiment(
    page: Page,
    experiment: Experiment,
    shown: Shown,
    left: number,
  ): Promise<number> {
    const { source, parameters, maxSeriesPerExperiment } = this.#options;
    const room = Math.min(left, maxSeriesPerExperiment);
    let used = 0;
    const add = (family: Family, head: string, value: number): void => {
      if (used >= room) {
        shown.dropped += 1;
        return;
      }
      used += 1;
      page.add(family, head, value);
    };
    for (const { family, head, value } of this.#samplesOf(experiment)) add(family, head, value);
    const { uid, name } = experiment.metadata;
    const before = shown.trials;
    shown.trials = new Map();
    let work = 0;
    for (const trial of source.trialsOf(uid)) {
      const trialUid = trial.metadata.uid;
      const view = source.viewOf(trialUid);
      work += 1;
      if (view !== undefined && used >= room) {
        // Labels are not even made for what has no room.
        shown.dropped += countSeries(trial, view, parameters ? trial.spec.parameters.length : 0);
      } else if (view !== undefined) {
        const series = before.get(trialUid) ?? new TrialSeries(trial, name, parameters);
        shown.trials.set(trialUid, series);
        const usedBefore = used;
        const unshowable = series.addTo(add, trial, view);
        shown.dropped += unshowable;
        work += used - usedBefore;
      }
      if (work >= WORK_PER_TURN) {
        work = 0;
        await nextTurn();
      }
    }
    page.add(DROPPED, shown.droppedHead, shown.dropped);
    return used;
  }

  #samplesOf(experiment: Experiment): readonly Sample[] {
    let samples = this.#samples.get(experiment);
    if (samples === undefined) {
      samples = experimentSamples(experiment);
      this.#samples.set(experiment, samples);
    }
    return samples;
  }
}

function newShown({ metadata }: Experiment): Shown {
  const labels = labelText({ namespace: metadata.namespace, experiment: metadata.name });
  return { trials: new Map(), dropped: 0, droppedHead: headOf(DROPPED, labels) };
}
