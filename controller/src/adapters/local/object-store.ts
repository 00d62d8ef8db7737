import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Experiment, isTerminalTrial, type Trial, trialName } from '@espalier/api';
import { ConflictError, EspalierError, TerminalError } from '../../ports/errors.ts';
import { keyText, type ObjectKey } from '../../ports/key.ts';
import { type Damage, setAside } from './damaged.ts';
import { type DurableFiles, makeDurableFolder } from './durable-file.ts';
import type { Layout } from './layout.ts';
import { readStored, storedKeys } from './object-reader.ts';

/** `record` reaches the disk before the promise resolves; `view` stays in memory. */
export type Durability = 'record' | 'view';

/**
 * Experiments and Trials: all of them in memory, every record on disk first. Each change checks the
 * resourceVersion, as an API server does, so that two writers cannot overwrite each other.
 */
export class ObjectStore {
  readonly #layout: Layout;
  readonly #files: DurableFiles;
  readonly #experiments = new Map<string, Experiment>();
  readonly #trials = new Map<string, Trial>();
  /** Trials by the uid of their Experiment, then by index. */
  readonly #children = new Map<string, Map<number, Trial>>();
  /** Sorted children, made when asked for and dropped when one changes. */
  readonly #sorted = new Map<string, readonly Trial[]>();
  /** The end of the last change of each object, so that changes of one follow each other. */
  readonly #tails = new Map<string, Promise<unknown>>();
  #version = 0;

  constructor(layout: Layout, files: DurableFiles) {
    this.#layout = layout;
    this.#files = files;
  }

  /** Reads everything; what cannot be used is moved to `damaged/` and told. */
  load(nowMs: number): Damage[] {
    const damage: Damage[] = [];
    for (const key of storedKeys(this.#layout)) {
      const stored = readStored(this.#layout, key);
      if (stored.isEmpty) {
        // A crash came before the first write, or after the last removal.
        rmSync(this.#layout.experimentFolder(key), { recursive: true, force: true });
        continue;
      }
      if (stored.experiment === undefined) {
        // Trials cannot be used without the space and the seed that they were drawn from.
        const why = stored.broken.map((one) => one.why).join('; ');
        damage.push(setAside(this.#layout, key, this.#layout.experimentFolder(key), why, nowMs));
        continue;
      }
      for (const { path, why } of stored.broken) {
        damage.push(setAside(this.#layout, key, path, why, nowMs));
      }
      this.#experiments.set(keyText(key), stored.experiment);
      this.#noteVersion(stored.experiment);
      for (const trial of stored.trials) this.#keepTrial(stored.experiment.metadata.uid, trial);
    }
    return damage;
  }

  experiment(key: ObjectKey): Experiment | undefined {
    return this.#experiments.get(keyText(key));
  }

  experiments(): readonly Experiment[] {
    return [...this.#experiments.values()];
  }

  trial(key: ObjectKey): Trial | undefined {
    return this.#trials.get(keyText(key));
  }

  trialsOf(experimentUid: string): readonly Trial[] {
    const known = this.#sorted.get(experimentUid);
    if (known !== undefined) return known;
    const children = [...(this.#children.get(experimentUid)?.values() ?? [])];
    const sorted = children.sort((a, b) => a.spec.index - b.spec.index);
    this.#sorted.set(experimentUid, sorted);
    return sorted;
  }

  /** @throws ConflictError if one of that name exists. */
  async createExperiment(experiment: Experiment): Promise<Experiment> {
    const key = experiment.metadata;
    return this.#inTurn(keyText(key), async () => {
      if (this.experiment(key) !== undefined) throw new ConflictError(`${key.name} exists`);
      await makeDurableFolder(this.#layout.trialsFolder(key));
      return this.#storeExperiment(experiment, 'record');
    });
  }

  /** Changes what is stored now; `change` returns the same object for "nothing to do". */
  async updateExperiment(
    key: ObjectKey,
    durability: Durability,
    change: (current: Experiment) => Experiment,
  ): Promise<Experiment> {
    return this.#inTurn(keyText(key), async () => {
      const current = this.experiment(key);
      if (current === undefined) throw notFound('Experiment', key);
      const next = change(current);
      return next === current ? current : this.#storeExperiment(next, durability);
    });
  }

  async removeExperiment(key: ObjectKey): Promise<void> {
    await this.#inTurn(keyText(key), async () => {
      const current = this.experiment(key);
      if (current === undefined) return;
      // The Experiment last: Trials without one could not be understood after a crash.
      await rm(this.#layout.trialsFolder(key), { recursive: true, force: true });
      await rm(this.#layout.experimentFolder(key), { recursive: true, force: true });
      for (const trial of this.trialsOf(current.metadata.uid)) this.#dropTrial(trial);
      this.#experiments.delete(keyText(key));
      this.#children.delete(current.metadata.uid);
      this.#sorted.delete(current.metadata.uid);
    });
  }

  /** Returns the stored Trial of that index: this one, or the one that was there before. */
  async createTrial(experiment: Experiment, trial: Trial): Promise<Trial> {
    return this.#inTurn(keyText(trial.metadata), async () => {
      const existing = this.trial(trial.metadata);
      if (existing !== undefined) return existing;
      return this.#storeTrial(experiment.metadata, trial, 'record');
    });
  }

  async updateTrial(
    experiment: Experiment,
    index: number,
    durability: Durability,
    change: (current: Trial) => Trial,
  ): Promise<Trial> {
    const { namespace, name } = experiment.metadata;
    const key = { namespace, name: trialName(name, index) };
    return this.#inTurn(keyText(key), async () => {
      const current = this.trial(key);
      if (current === undefined) throw notFound('Trial', key);
      const next = change(current);
      if (next === current) return current;
      if (isTerminalTrial(current.status?.phase) && next.status?.phase !== current.status?.phase) {
        throw new TerminalError(`${key.name} has ended and cannot change (G4)`);
      }
      return this.#storeTrial(experiment.metadata, next, durability);
    });
  }

  async removeTrial(experiment: ObjectKey, trial: Trial): Promise<void> {
    await this.#inTurn(keyText(trial.metadata), async () => {
      if (this.trial(trial.metadata)?.metadata.uid !== trial.metadata.uid) return;
      await rm(this.#layout.trialFile(experiment, trial.spec.index), { force: true });
      this.#dropTrial(trial);
    });
  }

  async #storeExperiment(experiment: Experiment, durability: Durability): Promise<Experiment> {
    const next = this.#withNextVersion(experiment);
    if (durability === 'record') {
      await this.#files.write(
        this.#layout.experimentFile(next.metadata),
        `${JSON.stringify(next)}\n`,
      );
    }
    this.#experiments.set(keyText(next.metadata), next);
    return next;
  }

  async #storeTrial(experiment: Owner, trial: Trial, durability: Durability): Promise<Trial> {
    const next = this.#withNextVersion(trial);
    if (durability === 'record') {
      await this.#files.write(
        this.#layout.trialFile(experiment, next.spec.index),
        `${JSON.stringify(next)}\n`,
      );
    }
    this.#keepTrial(experiment.uid, next);
    return next;
  }

  #keepTrial(experimentUid: string, trial: Trial): void {
    this.#noteVersion(trial);
    this.#trials.set(keyText(trial.metadata), trial);
    const siblings = this.#children.get(experimentUid) ?? new Map<number, Trial>();
    this.#children.set(experimentUid, siblings.set(trial.spec.index, trial));
    this.#sorted.delete(experimentUid);
  }

  #dropTrial(trial: Trial): void {
    this.#trials.delete(keyText(trial.metadata));
    for (const [experimentUid, siblings] of this.#children) {
      if (siblings.get(trial.spec.index)?.metadata.uid !== trial.metadata.uid) continue;
      siblings.delete(trial.spec.index);
      this.#sorted.delete(experimentUid);
    }
  }

  #withNextVersion<T extends Experiment | Trial>(object: T): T {
    this.#version++;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  #noteVersion(object: Experiment | Trial): void {
    const version = Number(object.metadata.resourceVersion);
    if (Number.isSafeInteger(version)) this.#version = Math.max(this.#version, version);
  }

  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#tails.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#tails.get(key) === turn) this.#tails.delete(key);
    }
  }
}

interface Owner extends ObjectKey {
  readonly uid: string;
}

function notFound(kind: string, key: ObjectKey): EspalierError {
  return new EspalierError('NotFound', `there is no ${kind} ${keyText(key)}`);
}
