import type { Experiment, Trial } from '@espalier/api';
import { isLosing } from '../domain/experiment/best.ts';
import { countedConfigurations } from '../domain/experiment/state.ts';
import {
  leaving,
  populationOf,
  stepsOfChildren,
  vacancies,
} from '../domain/population/population.ts';
import { currentAttempt, NEW_STATUS } from '../domain/trial/ledger.ts';
import type { PopulationFacts, TrialSnapshot } from '../domain/trial/snapshot.ts';
import { keyText, type ObjectKey } from '../ports/key.ts';
import { ownerOf } from '../ports/owner.ts';
import type { ExperimentEntry, ExperimentIndex } from './experiment-index.ts';
import type { ControllerPorts } from './ports.ts';

/** What this process remembers of a Trial; losing it delays a deadline or repeats a refresh. */
export interface TrialMemory {
  readonly uid: string;
  readonly firstSeenMs: number;
  followedSinceMs?: number;
  lastViewMs?: number;
}

export interface ObservedTrial {
  readonly trial: Trial;
  readonly experiment: Experiment | undefined;
  readonly entry: ExperimentEntry | undefined;
  readonly memory: TrialMemory;
  readonly snapshot: TrialSnapshot;
}

function populationFacts(
  experiment: Experiment,
  { progress }: ExperimentEntry,
): PopulationFacts | undefined {
  const population = populationOf(experiment.spec);
  if (population === undefined || progress.arrivals === undefined) return undefined;
  const { spec, status } = experiment;
  const wanted = vacancies(population, progress) + leaving(progress);
  const counted = countedConfigurations(experiment, progress) + wanted;
  const isOpen = spec.desiredState === 'Run' && status?.phase !== 'Stopping';
  return { entries: progress.arrivals.entries, hasRoom: isOpen && counted < spec.trials.max };
}

function hasChildren({ progress }: ExperimentEntry, uid: string): boolean {
  if (progress.arrivals === undefined) return false;
  return stepsOfChildren(progress.active.values(), uid).size > 0;
}

/** Reads all facts about one Trial from caches; undefined = the Trial is gone. */
export class TrialObserver {
  private readonly ports: ControllerPorts;
  private readonly index: ExperimentIndex;
  private readonly viewIntervalMs: number;
  private readonly memories = new Map<string, TrialMemory>();

  constructor(ports: ControllerPorts, index: ExperimentIndex, viewIntervalMs: number) {
    this.ports = ports;
    this.index = index;
    this.viewIntervalMs = viewIntervalMs;
  }

  observe(key: ObjectKey): ObservedTrial | undefined {
    const { cluster, feed, artifacts } = this.ports;
    const trial = cluster.trial(key);
    const name = keyText(key);
    if (trial === undefined) {
      this.memories.delete(name);
      return undefined;
    }
    const { uid } = trial.metadata;
    const experiment = ownerOf(cluster, trial);
    const entry = experiment && this.index.entryOf(experiment);
    if (entry !== undefined) this.index.applyTrial(entry, trial);
    const known = this.memories.get(name);
    const memory = known?.uid === uid ? known : { uid, firstSeenMs: this.ports.clock.now() };
    this.memories.set(name, memory);
    const attempt = currentAttempt(trial.status ?? NEW_STATUS);
    const snapshot: TrialSnapshot = Object.freeze({
      trial,
      experiment,
      pods: cluster.podsOf(uid),
      feed: feed.view(uid),
      followedSinceMs: memory.followedSinceMs,
      files: artifacts.filesOf(trial, attempt),
      hasSlot:
        experiment !== undefined &&
        entry?.slots.hasSlot(uid, experiment.spec.trials.parallel) === true,
      rungs: entry?.progress.rungs.of(trial.spec.configuration) ?? new Map(),
      population: experiment && entry && populationFacts(experiment, entry),
      isParent: entry !== undefined && hasChildren(entry, uid),
      siblingFailed: entry?.progress.stateOf(trial.spec.configuration)?.fault !== undefined,
      isLosing:
        experiment !== undefined &&
        entry !== undefined &&
        isLosing(experiment, entry.progress, trial),
      lastViewMs: memory.lastViewMs ?? memory.firstSeenMs,
      viewIntervalMs: this.viewIntervalMs,
    });
    return { trial, experiment, entry, memory, snapshot };
  }

  forget(key: ObjectKey): void {
    this.memories.delete(keyText(key));
  }
}
