// biome-ignore-all lint/style/noExcessiveLinesPerFile: one fold, in short methods that keep the same counts
import { type ExperimentSpec, isTerminalTrial, type Trial, type TrialPhase } from '@espalier/api';
import type { Configuration, HistoryEntry, RunningEntry } from '@espalier/search';
import { Arrivals } from '../population/arrivals.ts';
import { populationOf } from '../population/population.ts';
import { omitUndefined } from '../same.ts';
import { parseTime } from '../time.ts';
import { type ConfigurationState, configurationState } from './configuration.ts';
import { type BestConfiguration, Leaders } from './leaders.ts';
import { configurationOf, replicateCount } from './problem.ts';
import { type Race, raceOf } from './race.ts';
import { racedState } from './race-state.ts';
import { RungTable } from './rung-table.ts';
import { SortedHistory } from './sorted-history.ts';
import { waitingEntries } from './waiting.ts';

/**
 * A fold over the Trials of one Experiment: what they add up to, kept up to date with little work per
 * changed Trial, however many there are. It equals the fold over the present Trials in any order (a
 * property test), so it is a cache and never the truth.
 */
export class ExperimentProgress {
  readonly replicates: number;
  readonly rungs: RungTable;
  /** The race of its configurations; undefined = all are given the same replicates. */
  readonly race: Race | undefined;
  /** Of the members of a population; undefined for an Experiment without one. */
  readonly arrivals: Arrivals | undefined;
  /** Trials that have not ended, by index. */
  readonly active = new Map<number, Trial>();
  /** Trials that ended and still have a verified checkpoint, by index. */
  readonly holders = new Map<number, Trial>();
  private readonly spec: ExperimentSpec;
  private readonly configurations = new Map<number, Trial[]>();
  private readonly states = new Map<number, ConfigurationState>();
  private readonly history = new SortedHistory();
  private readonly phases = new Map<TrialPhase, number>();
  private readonly faults = { failed: 0, diverged: 0, invalid: 0 };
  private ended = 0;
  private latestEndMs: number | undefined;
  private trials = 0;
  private highest = -1;
  private readonly leaders: Leaders;

  constructor(spec: ExperimentSpec) {
    this.spec = spec;
    this.leaders = new Leaders(spec);
    this.replicates = replicateCount(spec);
    this.rungs = new RungTable(spec);
    this.race = raceOf(spec);
    this.arrivals = populationOf(spec) && new Arrivals();
  }

  /** Takes in a Trial as it is now. An older state of a Trial that ended is ignored (G4). */
  apply(trial: Trial): void {
    const { configuration, index } = trial.spec;
    const siblings = this.configurations.get(configuration) ?? [];
    const at = siblings.findIndex((other) => other.spec.index === index);
    const before = at < 0 ? undefined : siblings[at];
    if (before?.metadata.uid === trial.metadata.uid && isStale(before, trial)) return;
    if (before !== undefined) this.count(before, -1);
    if (before !== undefined && before.metadata.uid !== trial.metadata.uid) {
      this.rungs.remove(index);
      this.arrivals?.remove(index);
    }
    this.count(trial, 1);
    if (at >= 0) siblings[at] = trial;
    else siblings.push(trial);
    siblings.sort((a, b) => a.spec.index - b.spec.index);
    this.configurations.set(configuration, siblings);
    this.rungs.add(trial);
    this.arrivals?.add(trial);
    this.reckon(configuration);
    if (index > this.highest) this.raise(index);
  }

  /** The Trial is gone, deleted by hand. */
  remove(trial: Trial): void {
    const { configuration, index } = trial.spec;
    const siblings = this.configurations.get(configuration) ?? [];
    const known = siblings.find((other) => other.spec.index === index);
    if (known === undefined || known.metadata.uid !== trial.metadata.uid) return;
    this.count(known, -1);
    const rest = siblings.filter((other) => other !== known);
    if (rest.length > 0) this.configurations.set(configuration, rest);
    else this.configurations.delete(configuration);
    this.rungs.remove(index);
    this.arrivals?.remove(index);
    if (index === this.highest) this.highest = this.findHighest();
    this.reckon(configuration);
    if (this.race === undefined) this.reckon(Math.floor(this.highest / this.replicates));
  }

  get total(): number {
    return this.trials;
  }

  phaseCount(phase: TrialPhase): number {
    return this.phases.get(phase) ?? 0;
  }

  /** All its Trials, by index. */
  all(): readonly Trial[] {
    return [...this.configurations.values()].flat().sort((a, b) => a.spec.index - b.spec.index);
  }

  /** Trials of the configuration that exist, by replicate. */
  trialsOf(configuration: number): readonly Trial[] {
    return this.configurations.get(configuration) ?? [];
  }

  stateOf(configuration: number): ConfigurationState | undefined {
    return this.states.get(configuration);
  }

  /** The next Trial to create: one above the highest, past the rest of a configuration with a fault. */
  get nextIndex(): number {
    const next = this.highest + 1;
    // A race is created in the order of its decisions.
    if (this.race !== undefined) return next;
    const configuration = Math.floor(next / this.replicates);
    if (next % this.replicates === 0) return next;
    if (this.states.get(configuration)?.fault === undefined) return next;
    return (configuration + 1) * this.replicates;
  }

  /** Configurations begun; of these, all numbers that no Trial has were deleted by hand. */
  get created(): number {
    if (this.race !== undefined) return this.highestConfiguration() + 1;
    return Math.ceil((this.highest + 1) / this.replicates);
  }

  /** Configurations that ended, the deleted ones included. */
  get completed(): number {
    return this.ended + (this.created - this.configurations.size);
  }

  get failed(): number {
    return this.faults.failed;
  }

  get invalid(): number {
    return this.faults.invalid;
  }

  /** When the last of the Trials ended that ended so far. */
  get lastEndMs(): number | undefined {
    return this.latestEndMs;
  }

  /** The best of the ended configurations; ties to the lower number. */
  get best(): BestConfiguration | undefined {
    return this.leaders.best;
  }

  /** With several objectives: those that no other one beats, the best in the first one first. */
  get pareto(): readonly BestConfiguration[] {
    return this.leaders.pareto;
  }

  /** That configuration if it is one of {@link pareto}. */
  inFront(configuration: number): BestConfiguration | undefined {
    return this.leaders.inFront(configuration);
  }

  /** Final results, by ascending configuration number. */
  get results(): readonly HistoryEntry[] {
    return this.history.entries;
  }

  /** Configurations that exist and are not among `results`, below `number`, ascending. */
  runningBelow(number: number): readonly RunningEntry[] {
    const numbers = new Set([...this.active.values()].map(({ spec }) => spec.configuration));
    return [...numbers]
      .filter((index) => index < number && !this.history.has(index))
      .sort((a, b) => a - b)
      .map((index) => ({ index, configuration: this.parametersOf(index) }));
  }

  /** What is known of those that wait for a promotion, below `number`, ascending. */
  waitingBelow(number: number): readonly HistoryEntry[] {
    if (this.phaseCount('Paused') === 0) return [];
    return waitingEntries(this.spec, this.active.values()).filter(({ index }) => index < number);
  }

  private parametersOf(configuration: number): Configuration {
    const [first] = this.trialsOf(configuration);
    return first === undefined ? {} : configurationOf(this.spec, first.spec);
  }

  private count(trial: Trial, by: 1 | -1): void {
    const phase = trial.status?.phase ?? 'Pending';
    this.trials += by;
    const endedMs = parseTime(trial.status?.completionTime);
    if (endedMs !== undefined) this.latestEndMs = Math.max(this.latestEndMs ?? endedMs, endedMs);
    this.phases.set(phase, this.phaseCount(phase) + by);
    if (by > 0 && !isTerminalTrial(phase)) this.active.set(trial.spec.index, trial);
    else this.active.delete(trial.spec.index);
    const isHolder = by > 0 && isTerminalTrial(phase) && trial.status?.artifacts?.checkpoint;
    if (isHolder) this.holders.set(trial.spec.index, trial);
    else this.holders.delete(trial.spec.index);
  }

  /** A configuration becomes whole when a higher one is begun, or its last Trial exists. */
  private raise(index: number): void {
    const before = Math.floor(this.highest / this.replicates);
    this.highest = index;
    if (this.race !== undefined) return;
    if (before >= 0) this.reckon(before);
    this.reckon(Math.floor(index / this.replicates));
  }

  private reckon(number: number): void {
    const before = this.states.get(number);
    const trials = this.configurations.get(number);
    const after = trials && this.sumUp(number, trials);
    if (before?.isEnded === true) this.ended -= 1;
    if (before?.fault !== undefined) this.faults[before.fault] -= 1;
    if (after?.isEnded === true) this.ended += 1;
    if (after?.fault !== undefined) this.faults[after.fault] += 1;
    if (after === undefined) this.states.delete(number);
    else this.states.set(number, after);
    this.record(number, after);
    this.leaders.set(number, after);
  }

  private sumUp(number: number, trials: readonly Trial[]): ConfigurationState {
    if (this.race !== undefined) return racedState(trials, this.race, this.spec);
    const isWhole = this.highest >= (number + 1) * this.replicates - 1;
    return configurationState(trials, this.replicates, isWhole, this.spec);
  }

  private record(number: number, state: ConfigurationState | undefined): void {
    if (state?.outcome === undefined) {
      this.history.delete(number);
      return;
    }
    const configuration = this.parametersOf(number);
    const { outcome, value, values, violation } = state;
    const entry = { index: number, configuration, outcome, value, values };
    this.history.set(omitUndefined({ ...entry, violation: violation > 0 ? violation : undefined }));
  }

  private highestConfiguration(): number {
    let highest = -1;
    for (const number of this.configurations.keys()) highest = Math.max(highest, number);
    return highest;
  }

  private findHighest(): number {
    let highest = -1;
    for (const trials of this.configurations.values()) {
      highest = Math.max(highest, trials.at(-1)?.spec.index ?? -1);
    }
    return highest;
  }
}

/** The progress of these Trials from nothing. */
export function progressOf(spec: ExperimentSpec, trials: Iterable<Trial>): ExperimentProgress {
  const progress = new ExperimentProgress(spec);
  for (const trial of trials) progress.apply(trial);
  return progress;
}

function isStale(before: Trial, after: Trial): boolean {
  return isTerminalTrial(before.status?.phase) && !isTerminalTrial(after.status?.phase);
}
