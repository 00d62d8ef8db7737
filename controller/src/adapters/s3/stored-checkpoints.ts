import { ARTIFACT, checkpointManifest, type Manifest } from '@espalier/api';
import type { ArtifactKeys, AttemptPlace } from '../../domain/artifacts/keys.ts';
import {
  type CheckpointCandidate,
  checkpointStep,
  type ManifestCheck,
  newestFirst,
} from '../../domain/artifacts/manifest.ts';
import type { Call, ResumePoint } from '../../ports/cluster.ts';
import { checkManifest } from './manifest-check.ts';
import type { ObjectStore } from './object-store.ts';

/** Manifests of one Trial; a trainer that writes thousands of broken ones keeps no other Trial waiting. */
const MAX_LOOKED_AT = 100;

/** Finds the checkpoints of a Trial that can be used: those whose files are there as their manifest says. */
export class StoredCheckpoints {
  readonly #store: ObjectStore;
  readonly #keys: ArtifactKeys;

  constructor(store: ObjectStore, keys: ArtifactKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  /** What ends the attempt; of one that was ended before it could write that, its last checkpoint. */
  async lastManifest(place: AttemptPlace, call: Call): Promise<ManifestCheck> {
    const { manifest: name } = ARTIFACT;
    const checked = await checkManifest(this.#store, this.#keys, place, name, call);
    if (checked.kind !== 'none') return checked;
    const ofAttempt = ({ attempt }: AttemptPlace) => attempt === place.attempt;
    for await (const { manifest } of this.whole(place, call, ofAttempt)) {
      return { kind: 'whole', manifest };
    }
    return checked;
  }

  /** Where an attempt can go on: the newest one chosen that holds more than weights. */
  async newestWhole(
    trial: Omit<AttemptPlace, 'attempt'>,
    call: Call,
    isChosen: (place: AttemptPlace, step: number) => boolean,
  ): Promise<ResumePoint | undefined> {
    const { trialUid, index: trialIndex } = trial;
    for await (const { attempt, step, manifest } of this.whole(trial, call, isChosen)) {
      if (manifest.resume !== null) return { trialUid, trialIndex, attempt, step };
    }
    return undefined;
  }

  /** The checkpoints that are there as they were committed, the newest first. */
  async *whole(
    trial: Omit<AttemptPlace, 'attempt'>,
    call: Call,
    isChosen: (place: AttemptPlace, step: number) => boolean,
  ): AsyncGenerator<CheckpointCandidate & { readonly manifest: Manifest }> {
    const found: CheckpointCandidate[] = [];
    for await (const page of this.#store.list(this.#keys.trialRoot(trial), call)) {
      for (const { key } of page) {
        const meaning = this.#keys.parse(key);
        if (meaning?.kind !== 'attempt-file') continue;
        const step = checkpointStep(meaning.path);
        if (step === undefined || !isChosen(meaning.place, step)) continue;
        found.push({ attempt: meaning.place.attempt, step });
      }
    }
    for (const { attempt, step } of newestFirst(found).slice(0, MAX_LOOKED_AT)) {
      const place = { ...trial, attempt };
      const name = checkpointManifest(step);
      const checked = await checkManifest(this.#store, this.#keys, place, name, call);
      if (checked.kind === 'whole') yield { attempt, step, manifest: checked.manifest };
    }
  }
}
