import { assignmentValue, type Trial, type TrialPhase } from '@espalier/api';
import type { FeedView } from '../../domain/trial/feed-view.ts';
import { cutLabel, type Family, headOf, isShowable, labelText } from './text-format.ts';

const gauge = (name: string, help: string): Family => ({
  name: `espalier_trial_${name}`,
  type: 'gauge',
  help,
});

const METRIC = gauge('metric', 'Latest value of a metric that an active Trial reports.');
const OBJECTIVE = gauge('objective', 'Best value of the objective that an active Trial reported.');
const STEP = gauge('step', 'Largest optimiser step that an active Trial reported.');
const EPOCH = gauge('epoch', 'Finished epochs that an active Trial reported.');
const LAST_REPORT = gauge(
  'last_report_timestamp_seconds',
  'When the latest report of a running Trial arrived; silence while nobody could listen is left out.',
);
const PARAMETER = gauge('parameter_info', 'Always 1; a parameter of an active Trial.');

/** Takes a sample, or finds no room for it. */
export type AddSample = (family: Family, head: string, value: number) => void;

/** The gauges of one Trial. Its labels never change, so most of each line is made once. */
export class TrialSeries {
  readonly #own: Readonly<Record<string, string>>;
  readonly #step: string;
  readonly #epoch: string;
  readonly #lastReport: string;
  readonly #objective: string;
  readonly #parameters: readonly string[];
  /** By name of the metric; undefined = a name that cannot be shown. */
  readonly #metrics = new Map<string, string | undefined>();

  constructor({ metadata, spec }: Trial, experiment: string, withParameters: boolean) {
    this.#own = { namespace: metadata.namespace, experiment, trial: metadata.name };
    const labels = labelText(this.#own);
    this.#step = headOf(STEP, labels);
    this.#epoch = headOf(EPOCH, labels);
    this.#lastReport = headOf(LAST_REPORT, labels);
    this.#objective = headOf(OBJECTIVE, labels);
    this.#parameters = withParameters
      ? spec.parameters.map((parameter) => {
          const value = cutLabel(String(assignmentValue(parameter) ?? ''));
          return headOf(PARAMETER, labelText({ ...this.#own, parameter: parameter.name, value }));
        })
      : [];
  }

  /** Adds what is known; returns how many metrics have names that cannot be shown. */
  addTo(add: AddSample, { status }: Trial, view: FeedView): number {
    if (isExpectedToReport(status?.phase) && view.lastReportMs !== undefined) {
      add(LAST_REPORT, this.#lastReport, view.lastReportMs / 1000);
    }
    for (const head of this.#parameters) add(PARAMETER, head, 1);
    // Before the first point, 0 would be a guess.
    if (view.points === 0) return 0;
    add(STEP, this.#step, view.lastStep);
    add(EPOCH, this.#epoch, view.lastEpoch);
    if (view.best !== undefined) add(OBJECTIVE, this.#objective, view.best.value);
    let unshowable = 0;
    for (const name in view.latest) {
      const head = this.#headOf(name);
      if (head === undefined) unshowable += 1;
      else add(METRIC, head, view.latest[name] as number);
    }
    return unshowable;
  }

  #headOf(name: string): string | undefined {
    const known = this.#metrics.get(name);
    if (known !== undefined || this.#metrics.has(name)) return known;
    const head = isShowable(name)
      ? headOf(METRIC, labelText({ ...this.#own, metric: name }))
      : undefined;
    this.#metrics.set(name, head);
    return head;
  }
}

/** How many series {@link TrialSeries.addTo} would want. */
export function countSeries({ status }: Trial, view: FeedView, parameters: number): number {
  const isTimed = isExpectedToReport(status?.phase) && view.lastReportMs !== undefined;
  const always = parameters + (isTimed ? 1 : 0);
  if (view.points === 0) return always;
  return always + 2 + (view.best === undefined ? 0 : 1) + Object.keys(view.latest).length;
}

/** Who waits for a node or at a rung, or has ended, is silent by right. */
function isExpectedToReport(phase: TrialPhase | undefined): boolean {
  return phase === 'Running';
}
