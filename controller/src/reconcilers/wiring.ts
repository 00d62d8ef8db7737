import { type Experiment, isTerminalExperiment, isTerminalTrial, type Trial } from '@espalier/api';
import type { ObjectChange } from '../ports/cluster.ts';
import { keyText, type ObjectKey } from '../ports/key.ts';
import { ownerOf } from '../ports/owner.ts';
import type { WorkQueue } from '../runtime/work-queue.ts';
import type { ExperimentEntry, ExperimentIndex } from './experiment-index.ts';
import type { ControllerPorts } from './ports.ts';

/** Decides which keys are worth a look after a change; a key too many costs little. */
export class Wiring {
  private readonly ports: ControllerPorts;
  private readonly index: ExperimentIndex;
  private readonly trials: WorkQueue;
  private readonly experiments: WorkQueue;
  /** The part of each Experiment on which its Trials depend, as last seen. */
  private readonly seen = new Map<string, string>();
  /** Where the Trial of a uid is, for reports, and the uid of the Trial of that name. */
  private readonly places = new Map<string, ObjectKey>();
  private readonly uids = new Map<string, string>();

  constructor(
    ports: ControllerPorts,
    index: ExperimentIndex,
    trials: WorkQueue,
    experiments: WorkQueue,
  ) {
    this.ports = ports;
    this.index = index;
    this.trials = trials;
    this.experiments = experiments;
  }

  reportsChanged(trialUid: string): void {
    const key = this.places.get(trialUid);
    if (key !== undefined) this.trials.add(keyText(key));
  }

  objectChanged(change: ObjectChange): void {
    const entry = this.index.note(change);
    if (change.kind === 'Experiment') this.experimentChanged(change, entry);
    else this.trialChanged(change, entry);
  }

  private experimentChanged(change: ObjectChange, entry: ExperimentEntry | undefined): void {
    this.experiments.add(keyText(change.key));
    const experiment = this.ports.cluster.experiment(change.key);
    if (experiment === undefined) {
      this.seen.delete(change.experimentUid);
      return;
    }
    const now = dependence(experiment);
    const before = this.seen.get(change.experimentUid);
    this.seen.set(change.experimentUid, now);
    if (entry === undefined || before === now) return;
    for (const trial of entry.progress.active.values()) this.addTrial(trial);
    // A best that was overtaken gives up its checkpoint.
    for (const trial of entry.progress.holders.values()) this.addTrial(trial);
  }

  private trialChanged(change: ObjectChange, entry: ExperimentEntry | undefined): void {
    const text = keyText(change.key);
    const trial = this.ports.cluster.trial(change.key);
    this.trials.add(text);
    if (trial === undefined) {
      const uid = this.uids.get(text);
      if (uid !== undefined) {
        this.ports.feed.forget(uid);
        this.places.delete(uid);
        this.uids.delete(text);
      }
    } else {
      this.places.set(trial.metadata.uid, change.key);
      this.uids.set(text, trial.metadata.uid);
    }
    const experiment =
      entry === undefined
        ? trial && ownerOf(this.ports.cluster, trial)
        : this.ports.cluster.experiment(entry.key);
    if (experiment === undefined) return;
    this.experiments.add(keyText(experiment.metadata));
    if (entry === undefined) return;
    if (trial !== undefined && entry.progress.replicates > 1) {
      const { configuration } = trial.spec;
      for (const other of entry.progress.trialsOf(configuration)) this.addTrial(other);
    }
    // A donor keeps its checkpoints for whoever starts from them.
    const donor = trial?.spec.parent?.trial;
    if (donor !== undefined && isTerminalTrial(trial?.status?.phase)) {
      this.trials.add(keyText({ ...change.key, name: donor }));
    }
    // A slot may have come free: the first that wait for one are told.
    for (const uid of entry.slots.startable(experiment.spec.trials.parallel)) {
      const key = entry.keys.get(uid);
      if (key !== undefined) this.trials.add(keyText(key));
    }
  }

  private addTrial({ metadata }: Trial): void {
    this.trials.add(keyText(metadata));
  }
}

/** What Trials look at: the spec, why it ends, its deletion, the best. */
function dependence({ metadata, status }: Experiment): string {
  const isEnding = status?.phase === 'Stopping' || isTerminalExperiment(status?.phase);
  return JSON.stringify([
    metadata.generation,
    metadata.deletionTimestamp,
    isEnding ? [status?.phase, status?.reason] : [],
    status?.best,
  ]);
}
