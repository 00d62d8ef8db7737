import {
  type Experiment,
  isTerminalTrial,
  mainObjective,
  TRIAL_REASON,
  type Trial,
  type TrialSpec,
  type TrialStatus,
  trialName,
} from '@espalier/api';
import { type Problem, rungMilestones, type Suggestion, suggest } from '@espalier/search';
import { problemOf } from '../experiment/check.ts';
import { trackedMetrics } from '../experiment/goals.ts';
import { ExperimentProgress } from '../experiment/progress.ts';
import { stopRuleOf } from '../experiment/stop-rule.ts';
import { replicateTrial, suggestedTrial, suggestionInput } from '../experiment/suggestion.ts';
import { formatTime } from '../time.ts';
import type { MilestoneValue } from '../trial/feed-view.ts';
import { NEW_STATUS } from '../trial/ledger.ts';
import { judge } from '../trial/rungs.ts';
import { feed, NOW } from './builders.ts';
import { type Chance, pick } from './sweep-spec.ts';

/** What was known when a configuration was suggested, and the answer. */
export interface Asked {
  readonly trials: readonly Trial[];
  readonly configuration: number;
  readonly suggestion: Suggestion;
}

/**
 * Runs an Experiment with the functions that the reconcilers use, in memory: Trials are created,
 * report and end in an order left to chance, with failures, NaN and ties.
 */
export class SimulatedSweep {
  readonly experiment: Experiment;
  private readonly chance: Chance;
  private readonly problem: Problem;
  private readonly progress: ExperimentProgress;
  private readonly reported = new Map<number, MilestoneValue[]>();
  private readonly epochs = new Map<number, number>();
  private isExhausted = false;
  /** Told of every question to the search. */
  onAsk: ((asked: Asked) => void) | undefined;

  constructor(experiment: Experiment, chance: Chance) {
    this.experiment = experiment;
    this.chance = chance;
    this.problem = problemOf(experiment.spec);
    this.progress = new ExperimentProgress(experiment.spec);
  }

  /** All Trials, by index, as a store gives them back. */
  get trials(): readonly Trial[] {
    return this.progress.all().map(stored);
  }

  run(): readonly Trial[] {
    while (this.step());
    return this.trials;
  }

  /** One thing happens; false = there is nothing left to do. */
  step(): boolean {
    const { spec } = this.experiment;
    const active = [...this.progress.active.values()];
    const begun = this.progress.created;
    const isBegun = this.progress.nextIndex % this.progress.replicates !== 0;
    const canCreate = !this.isExhausted && (isBegun || begun < spec.trials.max);
    const hasRoom = active.length < spec.trials.parallel;
    if (canCreate && hasRoom && (active.length === 0 || this.chance() < 0.4)) {
      this.create();
      return true;
    }
    if (active.length === 0) return false;
    this.work(pick(this.chance, active));
    return true;
  }

  private create(): void {
    const { spec } = this.experiment;
    const { progress } = this;
    const { replicates, nextIndex: index } = progress;
    const configuration = Math.floor(index / replicates);
    const [sibling] = progress.trialsOf(configuration);
    if (sibling !== undefined) {
      this.add(replicateTrial(spec, index, replicates, sibling.spec));
      return;
    }
    const { problem } = this;
    const { history, basis } = suggestionInput(problem, progress, configuration);
    const suggestion = suggest(problem, history, configuration);
    this.onAsk?.({ trials: this.trials, configuration, suggestion });
    if (suggestion.kind === 'exhausted') this.isExhausted = true;
    else this.add(suggestedTrial(spec, index, replicates, suggestion, basis));
  }

  private add(spec: TrialSpec): void {
    const name = trialName(this.experiment.metadata.name, spec.index);
    const metadata = {
      ...{ name, namespace: 'team', uid: `${name}-uid`, resourceVersion: '', generation: 1 },
      creationTimestamp: formatTime(NOW),
    };
    const trial = { apiVersion: 'espalier.dev/v1alpha1', kind: 'Trial', metadata, spec } as const;
    this.progress.apply(stored(trial));
  }

  private work(trial: Trial): void {
    const { index } = trial.spec;
    const epoch = (this.epochs.get(index) ?? 0) + 1;
    this.epochs.set(index, epoch);
    if (trial.status?.rungs.some(({ verdict }) => verdict === 'stop')) {
      // The order to stop may come too late.
      if (this.chance() < 0.1) this.end(trial, 'Succeeded', TRIAL_REASON.completed, true);
      else this.end(trial, 'Stopped', TRIAL_REASON.earlyStopped, true);
    } else if (epoch > 8 || this.chance() < 0.1) this.finish(trial);
    else this.report(trial, epoch);
  }

  private report(trial: Trial, epoch: number): void {
    const { spec } = this.experiment;
    const { index } = trial.spec;
    const values = this.reported.get(index) ?? [];
    this.reported.set(index, values);
    const value = this.value();
    const { configuration } = trial.spec;
    const rule = stopRuleOf(spec, configuration);
    const milestones = rungMilestones(rule);
    if (milestones.includes(epoch)) values.push({ milestone: epoch, value });
    const status = trial.status ?? NEW_STATUS;
    const view = feed({ milestones: values });
    const entries = this.progress.rungs.of(configuration);
    const rungs = judge(rule, mainObjective(spec).goal, status, view, entries);
    this.write(trial, { ...status, phase: 'Running', rungs: [...status.rungs, ...rungs] });
  }

  private finish(trial: Trial): void {
    const luck = this.chance();
    if (luck < 0.75) this.end(trial, 'Succeeded', TRIAL_REASON.completed, true);
    else if (luck < 0.8) this.end(trial, 'Succeeded', TRIAL_REASON.metricsUnavailable, false);
    else if (luck < 0.88) this.end(trial, 'Failed', TRIAL_REASON.programError, false);
    else if (luck < 0.92) this.end(trial, 'Failed', TRIAL_REASON.invalidParameters, false);
    else this.end(trial, 'Stopped', TRIAL_REASON.diverged, this.chance() < 0.5);
  }

  private end(
    trial: Trial,
    phase: 'Succeeded' | 'Stopped' | 'Failed',
    reason: string,
    hasValue: boolean,
  ): void {
    const value = hasValue ? this.value() : Number.NaN;
    const seen = { lastStep: 8, lastEpoch: 8, points: 8 };
    const others = trackedMetrics(this.experiment.spec).slice(1);
    const values = [
      { metric: mainObjective(this.experiment.spec).metric, value },
      // A trial that was stopped may not have come to report all.
      ...others.flatMap(({ metric }) => {
        return phase === 'Stopped' && this.chance() < 0.5 ? [] : [{ metric, value: this.chance() }];
      }),
    ];
    const known = { ...seen, value, step: 8, epoch: 8 };
    const all = others.length === 0 ? known : { ...known, values };
    const observation = Number.isFinite(value) ? all : seen;
    const status = trial.status ?? NEW_STATUS;
    const completionTime = formatTime(NOW);
    this.write(trial, { ...status, phase, reason, observation, completionTime });
  }

  private write(trial: Trial, status: TrialStatus): void {
    this.progress.apply(stored({ ...trial, status }));
  }

  /** With ties, and now and then not a number. */
  private value(): number {
    const luck = this.chance();
    if (luck < 0.05) return pick(this.chance, [Number.NaN, Number.POSITIVE_INFINITY]);
    return luck < 0.3 ? Math.floor(this.chance() * 4) : this.chance() * 3;
  }
}

/** Whether every Trial of the list has ended. */
export function haveEnded(trials: readonly Trial[]): boolean {
  return trials.every(({ status }) => isTerminalTrial(status?.phase));
}

function stored(trial: Trial): Trial {
  return JSON.parse(JSON.stringify(trial)) as Trial;
}
