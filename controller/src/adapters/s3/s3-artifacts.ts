import { createHash } from 'node:crypto';
import { ARTIFACT, type BestTrial, type Experiment, type Point, type Trial } from '@espalier/api';
import { staysBest } from '../../domain/artifacts/best-record.ts';
import { FoundFiles } from '../../domain/artifacts/found-files.ts';
import type { ArtifactKeys, AttemptPlace, KeyMeaning } from '../../domain/artifacts/keys.ts';
import { artifactsOf } from '../../domain/artifacts/manifest.ts';
import { goalsOf } from '../../domain/experiment/goals.ts';
import type { ArtifactStore, AttemptFiles, DonorPoint } from '../../ports/artifact-store.ts';
import type { Call, ResumePoint } from '../../ports/cluster.ts';
import { ConflictError } from '../../ports/errors.ts';
import { writeExperimentRecord } from './experiment-record.ts';
import type { ObjectStore } from './object-store.ts';
import type { StoreAbilities } from './probe.ts';
import { DamagedRecord, readRecord } from './report-record.ts';
import { StoredCheckpoints } from './stored-checkpoints.ts';

const MAX_BEST_BYTES = 2 ** 20;
const CAS_TRIES = 5;

/**
 * Checkpoints and CSVs in S3. Every method may die anywhere or never hear its answer: reads change
 * nothing, writes are conditional on what was read and find their own content done the next time, and
 * deletions list again what is left.
 */
export class S3Artifacts implements ArtifactStore {
  readonly #store: ObjectStore;
  readonly #keys: ArtifactKeys;
  readonly #abilities: (call: Call) => Promise<StoreAbilities>;
  readonly #found = new FoundFiles();
  readonly #checkpoints: StoredCheckpoints;

  constructor(
    store: ObjectStore,
    keys: ArtifactKeys,
    abilities: (call: Call) => Promise<StoreAbilities>,
  ) {
    this.#store = store;
    this.#keys = keys;
    this.#checkpoints = new StoredCheckpoints(store, keys);
    this.#abilities = abilities;
  }

  filesOf(trial: Trial, attempt: number): AttemptFiles {
    return this.#found.of(trial.metadata.uid, attempt);
  }

  async inspect(experiment: Experiment, trial: Trial, attempt: number, call: Call): Promise<void> {
    const place = placeOf(experiment, trial, attempt);
    const checked = await this.#checkpoints.lastManifest(place, call);
    const { uid } = trial.metadata;
    if (checked.kind !== 'whole') {
      this.#found.set(uid, attempt, checked);
      return;
    }
    const folder = `s3://${this.#store.bucket}/${this.#keys.attemptRoot(place)}`;
    // The controller keeps the pod's log there, which no manifest of the trainer lists.
    const log = await this.#store.head(this.#keys.attemptFile(place, ARTIFACT.log), call);
    const uriOf = (path: string) => (path === '' ? folder.slice(0, -1) : `${folder}${path}`);
    const artifacts = artifactsOf(checked.manifest, uriOf, log !== undefined);
    this.#found.set(uid, attempt, { ...checked, artifacts });
  }

  /**
   * The points of an attempt that was found whole, in batches; see `readRecord`. What turns out
   * damaged is found damaged from then on.
   */
  async *record(
    experiment: Experiment,
    trial: Trial,
    attempt: number,
    call: Call,
  ): AsyncGenerator<readonly Point[]> {
    const files = this.filesOf(trial, attempt);
    if (files.kind !== 'whole') return;
    const place = placeOf(experiment, trial, attempt);
    try {
      yield* readRecord(this.#store, this.#keys, place, files.manifest, call);
    } catch (error) {
      if (error instanceof DamagedRecord) {
        const { message } = error;
        this.#found.set(trial.metadata.uid, attempt, { kind: 'damaged', message });
      }
      throw error;
    }
  }

  forget(trialUid: string): void {
    this.#found.forget(trialUid);
  }

  async resumePoint(
    experiment: Experiment,
    trial: Trial,
    attempt: number,
    call: Call,
  ): Promise<ResumePoint | undefined> {
    const mine = placeOf(experiment, trial, 0);
    const own = await this.#checkpoints.newestWhole(mine, call, (place) => place.attempt < attempt);
    const { parent } = trial.spec;
    if (own !== undefined || parent === undefined) return own;
    const index = Number(/-(\d+)$/.exec(parent.trial)?.[1] ?? Number.NaN);
    const place = { ...mine, index, trialUid: parent.uid };
    return this.#checkpoints.newestWhole(place, call, (_place, step) => step === parent.step);
  }

  async donorPoint(
    experiment: Experiment,
    donor: Trial,
    call: Call,
  ): Promise<DonorPoint | undefined> {
    const place = placeOf(experiment, donor, 0);
    for await (const { step, manifest } of this.#checkpoints.whole(place, call, () => true)) {
      if (manifest.resume !== null) return { step, epoch: manifest.epoch };
    }
    return undefined;
  }

  /** The Trial that names it keeps it: see `dropSuperseded`. */
  keepDonor(
    experiment: Experiment,
    donor: Trial,
    _childIndex: number,
    call: Call,
  ): Promise<DonorPoint | undefined> {
    return this.donorPoint(experiment, donor, call);
  }

  async keepLog(
    experiment: Experiment,
    trial: Trial,
    attempt: number,
    read: () => Promise<Uint8Array | undefined>,
    call: Call,
  ): Promise<void> {
    const place = placeOf(experiment, trial, attempt);
    const key = this.#keys.attemptFile(place, ARTIFACT.log);
    if ((await this.#store.head(key, call)) !== undefined) return;
    const text = await read();
    if (text === undefined || text.length === 0) return;
    // Refused = the trainer's own came meanwhile.
    const { conditions } = await this.#abilities(call);
    const absent = conditions ? ({ kind: 'absent' } as const) : undefined;
    await this.#store.put(key, Buffer.from(text), absent, call);
  }

  async publishBest(experiment: Experiment, best: BestTrial, call: Call): Promise<void> {
    const body = Buffer.from(`${JSON.stringify(best, null, 2)}\n`);
    const place = experimentPlace(experiment);
    const { conditions } = await this.#abilities(call);
    if (!conditions) {
      const key = this.#keys.bestByDigest(place, sha256Of(body));
      await this.#store.put(key, body, undefined, call);
      return;
    }
    const goals = goalsOf(experiment.spec);
    const key = this.#keys.experimentFile(place, ARTIFACT.best);
    for (let tried = 0; tried < CAS_TRIES; tried++) {
      const stored = await this.#store.get(key, MAX_BEST_BYTES, call);
      if (stored?.body.equals(body) === true) return;
      if (stored !== undefined && staysBest(goals, stored.body.toString('utf8'), best)) return;
      const condition = conditionOn(stored);
      if ((await this.#store.put(key, body, condition, call)).kind === 'written') return;
    }
    throw new ConflictError(`${key} was moved by others ${CAS_TRIES} times in a row`);
  }

  async publishTrials(experiment: Experiment, csv: string, call: Call): Promise<void> {
    const body = Buffer.from(csv);
    const key = this.#keys.experimentFile(experimentPlace(experiment), ARTIFACT.trialsCsv);
    const stored = await this.#store.head(key, call);
    if (stored?.size === body.length && stored.sha256 === sha256Of(body)) return;
    const { conditions } = await this.#abilities(call);
    const condition = conditions ? conditionOn(stored) : undefined;
    const outcome = await this.#store.put(key, body, condition, call);
    if (outcome.kind === 'refused') throw new ConflictError(`${key} was written by others`);
  }

  async publishRecord(experiment: Experiment, trials: readonly Trial[], call: Call): Promise<void> {
    const { conditions } = await this.#abilities(call);
    await writeExperimentRecord(this.#store, this.#keys, experiment, trials, conditions, call);
  }

  dropCheckpoints(experiment: Experiment, trial: Trial, call: Call): Promise<void> {
    const root = this.#keys.trialRoot(placeOf(experiment, trial, 0));
    return this.#deleteBelow(root, call, (meaning) => {
      return meaning.kind === 'attempt-file' && meaning.path.startsWith('checkpoint-');
    });
  }

  deleteAll(experiment: Experiment, call: Call): Promise<void> {
    const root = this.#keys.experimentRoot(experimentPlace(experiment));
    return this.#deleteBelow(root, call, () => true);
  }

  /** Deletes page by page; a key that is not in the grammar is nobody's and stays. */
  async #deleteBelow(
    root: string,
    call: Call,
    isChosen: (meaning: KeyMeaning) => boolean,
  ): Promise<void> {
    for await (const page of this.#store.list(root, call)) {
      const chosen = page.filter(({ key }) => {
        const meaning = this.#keys.parse(key);
        return meaning !== undefined && isChosen(meaning);
      });
      await this.#store.delete(
        chosen.map(({ key }) => key),
        call,
      );
    }
  }
}

function conditionOn(stored: { readonly etag: string } | undefined) {
  return stored === undefined
    ? ({ kind: 'absent' } as const)
    : ({ kind: 'unchanged', etag: stored.etag } as const);
}

function experimentPlace({ metadata: { namespace, name, uid } }: Experiment) {
  return { namespace, name, uid };
}

function placeOf(experiment: Experiment, trial: Trial, attempt: number): AttemptPlace {
  const { uid: trialUid } = trial.metadata;
  return { experiment: experimentPlace(experiment), index: trial.spec.index, trialUid, attempt };
}

function sha256Of(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
