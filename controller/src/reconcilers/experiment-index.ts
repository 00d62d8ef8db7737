import type { Experiment, Trial } from '@espalier/api';
import type { Problem } from '@espalier/search';
import { checkExperiment, problemOf, type SpecProblem } from '../domain/experiment/check.ts';
import { ExperimentProgress } from '../domain/experiment/progress.ts';
import { SlotTable } from '../domain/experiment/slots.ts';
import type { StoreState } from '../domain/experiment/snapshot.ts';
import type { Cluster, ObjectChange } from '../ports/cluster.ts';
import { keyText, type ObjectKey } from '../ports/key.ts';
import { Gate } from './gate.ts';
import { slotUseOf } from './slot-use.ts';

/**
 * What this process keeps about one Experiment beside the caches. All of it can be lost: folds are
 * rebuilt from the Trials, the rest only spaces out work that is idempotent.
 */
export interface ExperimentEntry {
  readonly uid: string;
  readonly key: ObjectKey;
  readonly progress: ExperimentProgress;
  readonly slots: SlotTable;
  /** One judgement at a time, each written before the next (design.md 3, rungs). */
  readonly judging: Gate;
  /** Of its Trials, by uid. */
  readonly keys: Map<string, ObjectKey>;
  /** The uids of Trials whose pod is being created at this moment. */
  readonly starting: Set<string>;
  generation: number;
  /** Whether what `warmStart` takes stands in the status, or there is nothing to take. */
  hasBegun: boolean;
  problems: readonly SpecProblem[];
  /** What the search is asked; undefined = the spec has problems, or the search has not begun. */
  problem: Problem | undefined;
  store: StoreState;
  exhausted: string | undefined;
  lastViewMs: number | undefined;
}

/** Folds of all Experiments, fed by the cluster's changes. */
export class ExperimentIndex {
  private readonly cluster: Cluster;
  private readonly entries = new Map<string, ExperimentEntry>();
  /** The Trial of each name as it was last taken in. */
  private readonly trials = new Map<string, Trial>();
  private readonly unfinished = new Set<ExperimentEntry>();

  /** Told when an Experiment's artifact store begins or ceases to fail. */
  onStoreTurn: ((key: ObjectKey) => void) | undefined;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** Experiments with a Trial that has not ended. */
  get busy(): number {
    return this.unfinished.size;
  }

  /** Those of {@link busy}. */
  busyKeys(): ObjectKey[] {
    return [...this.unfinished].map(({ key }) => key);
  }

  storeAnswered(entry: ExperimentEntry): void {
    this.setStore(entry, { kind: 'ok' });
  }

  storeFailed(entry: ExperimentEntry, message: string, retryAtMs: number): void {
    this.setStore(entry, { kind: 'failing', message, retryAtMs });
  }

  private setStore(entry: ExperimentEntry, store: StoreState): void {
    const isTurn = entry.store.kind !== store.kind;
    entry.store = store;
    if (isTurn) this.onStoreTurn?.(entry.key);
  }

  /** The entry of an Experiment; built from its Trials the first time. */
  entryOf(experiment: Experiment): ExperimentEntry {
    const { uid, generation } = experiment.metadata;
    const { spec, status } = experiment;
    const hasBegun = spec.warmStart === undefined || status?.warmStart !== undefined;
    const known = this.entries.get(uid);
    if (known?.generation === generation && known.hasBegun === hasBegun) return known;
    const problems = checkExperiment(spec);
    const problem =
      problems.length > 0 || !hasBegun ? undefined : problemOf(spec, status?.warmStart);
    if (known !== undefined) {
      // Search, parameters and replicates cannot change, so the folds hold for any generation.
      return Object.assign(known, {
        generation,
        hasBegun,
        problems,
        problem,
        exhausted: undefined,
      });
    }
    const entry: ExperimentEntry = {
      uid,
      key: { namespace: experiment.metadata.namespace, name: experiment.metadata.name },
      progress: new ExperimentProgress(experiment.spec),
      slots: new SlotTable(),
      judging: new Gate(),
      keys: new Map(),
      starting: new Set(),
      generation,
      hasBegun,
      problems,
      problem,
      store: { kind: 'ok' },
      exhausted: undefined,
      lastViewMs: undefined,
    };
    this.entries.set(uid, entry);
    for (const trial of this.cluster.trialsOf(uid)) this.applyTrial(entry, trial);
    return entry;
  }

  /** Takes in a Trial that was read or written just now. */
  applyTrial(entry: ExperimentEntry, trial: Trial): void {
    const key = keyText(trial.metadata);
    const before = this.trials.get(key);
    if (before !== undefined && before.metadata.uid !== trial.metadata.uid) {
      this.forget(entry, before);
    }
    this.trials.set(key, trial);
    entry.keys.set(trial.metadata.uid, trial.metadata);
    // Most looks find what the last one found.
    if (before !== trial) this.take(entry, () => entry.progress.apply(trial));
    entry.slots.update(
      trial.metadata.uid,
      slotUseOf(trial, this.cluster.podsOf(trial.metadata.uid)),
    );
  }

  /** Follows a change that the cluster reports; returns the entry it concerns, if that is known. */
  note(change: ObjectChange): ExperimentEntry | undefined {
    const known = this.entries.get(change.experimentUid);
    if (change.kind === 'Experiment') {
      if (!change.gone) return known;
      for (const key of known?.keys.values() ?? []) this.trials.delete(keyText(key));
      this.entries.delete(change.experimentUid);
      if (known !== undefined) this.unfinished.delete(known);
      return undefined;
    }
    if (known === undefined) return undefined;
    const trial = this.cluster.trial(change.key);
    const gone = this.trials.get(keyText(change.key));
    if (trial !== undefined) this.applyTrial(known, trial);
    else if (gone !== undefined) this.forget(known, gone);
    return known;
  }

  /** Marks a Trial as one whose pod is being created, until the work has ended. */
  async starting<T>(entry: ExperimentEntry, trial: Trial, work: () => Promise<T>): Promise<T> {
    const { uid } = trial.metadata;
    entry.starting.add(uid);
    try {
      return await work();
    } finally {
      entry.starting.delete(uid);
      // It may have been deleted meanwhile; its pod, if there is one now, is known from here on.
      if (this.cluster.trial(trial.metadata)?.metadata.uid !== uid) this.forget(entry, trial);
    }
  }

  private take(entry: ExperimentEntry, change: () => void): void {
    change();
    if (entry.progress.active.size > 0) this.unfinished.add(entry);
    else this.unfinished.delete(entry);
  }

  private forget(entry: ExperimentEntry, trial: Trial): void {
    const { uid } = trial.metadata;
    this.take(entry, () => entry.progress.remove(trial));
    entry.keys.delete(uid);
    const known = this.cluster.podsOf(uid).filter(({ end }) => end === undefined).length;
    const live = Math.max(known, entry.starting.has(uid) ? 1 : 0);
    // Pods outlive their Trial for a while and hold their slots as long as they may run.
    if (live === 0) {
      entry.slots.remove(uid);
      this.trials.delete(keyText(trial.metadata));
    } else {
      const use = { index: trial.spec.index, live };
      entry.slots.update(uid, { ...use, needsPod: false, isUncounted: false });
    }
  }
}
