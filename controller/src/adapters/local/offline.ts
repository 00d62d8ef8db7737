import { rmSync } from 'node:fs';
import type { DesiredState, Experiment, Trial } from '@espalier/api';
import { EspalierError } from '../../ports/errors.ts';
import { keyText, type ObjectKey } from '../../ports/key.ts';
import type { Clock } from '../../ports/telemetry.ts';
import { ArtifactFolder } from './artifact-folder.ts';
import type { Damage } from './damaged.ts';
import { withDesiredState } from './desired-state.ts';
import { DurableFiles } from './durable-file.ts';
import { type Layout, runId } from './layout.ts';
import { FolderLock } from './lock.ts';
import { readStored, type StoredExperiment, storedKeys } from './object-reader.ts';
import { ObjectStore } from './object-store.ts';
import { endOrphans } from './orphans.ts';

/** Reading and editing a folder that no runner holds. Reading needs no lock: writes are atomic. */
export class OfflineFolder {
  readonly #layout: Layout;
  readonly #clock: Clock;
  readonly #onDamage: (damage: Damage) => void;
  /** Places that were told: whoever looks again and again hears of each once. */
  readonly #told = new Set<string>();

  constructor(layout: Layout, clock: Clock, onDamage: (damage: Damage) => void) {
    this.#layout = layout;
    this.#clock = clock;
    this.#onDamage = onDamage;
  }

  experiments(): Experiment[] {
    return storedKeys(this.#layout).flatMap((key) => this.experiment(key) ?? []);
  }

  experiment(key: ObjectKey): Experiment | undefined {
    return this.#read(key).experiment;
  }

  trials(key: ObjectKey): Trial[] {
    const { experiment, trials } = this.#read(key);
    if (experiment === undefined) return [];
    return [...trials].sort((a, b) => a.spec.index - b.spec.index);
  }

  /** @throws EspalierError LockHeld if a runner began meanwhile. */
  async setDesiredState(key: ObjectKey, state: DesiredState): Promise<Experiment> {
    return this.#locked(async (store) =>
      store.updateExperiment(key, 'record', (current) => withDesiredState(current, state)),
    );
  }

  /** @throws EspalierError LockHeld if a runner began meanwhile. */
  async deleteExperiment(key: ObjectKey, graceMs: number): Promise<void> {
    await this.#locked(async (store, files) => {
      const experiment = store.experiment(key);
      if (experiment === undefined) {
        throw new EspalierError('NotFound', `there is no Experiment ${keyText(key)}`);
      }
      // Trainers of a runner that was killed may still write there.
      await endOrphans(runId(this.#layout.dir), { graceMs, clock: this.#clock });
      if (experiment.spec.artifacts.onDelete === 'Delete') {
        await new ArtifactFolder(this.#layout, files).deleteAll(experiment);
      }
      await store.removeExperiment(key);
      rmSync(this.#layout.eventFile(key), { force: true });
    });
  }

  /** What cannot be used is told and left where it is: only who holds the folder moves things. */
  #read(key: ObjectKey): StoredExperiment {
    const stored = readStored(this.#layout, key);
    if (!stored.isEmpty) for (const damage of stored.broken) this.#tell({ key, ...damage });
    return stored;
  }

  #tell(damage: Damage): void {
    const where = damage.movedTo ?? damage.path;
    if (this.#told.has(where)) return;
    this.#told.add(where);
    this.#onDamage(damage);
  }

  async #locked<T>(work: (store: ObjectStore, files: DurableFiles) => Promise<T>): Promise<T> {
    const since = new Date(this.#clock.now()).toISOString();
    const lock = await FolderLock.acquire(this.#layout.lock, since);
    try {
      const files = new DurableFiles();
      const store = new ObjectStore(this.#layout, files);
      for (const damage of store.load(this.#clock.now())) this.#tell(damage);
      return await work(store, files);
    } finally {
      lock.release();
    }
  }
}
