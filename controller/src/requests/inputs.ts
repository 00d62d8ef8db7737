import { type Experiment, quoteText } from '@espalier/api';
import { locateDataset, MAX_MARK_BYTES, readMark } from '../domain/artifacts/dataset.ts';
import { type ArtifactKeys, DATA_MARK } from '../domain/artifacts/keys.ts';
import type { PodView } from '../domain/trial/pod-view.ts';
import type { Call, Cluster } from '../ports/cluster.ts';
import type { ObjectReader } from '../ports/objects.ts';
import { type Refusal, refuse } from './refusal.ts';
import { type ReadableFile, type ResumeFiles, ResumeManifests } from './resume-files.ts';

/** What one attempt may read: the data set of its Experiment, and the checkpoint it goes on from. */
export class AttemptInputs {
  readonly #profiles: Pick<Cluster, 'profile'>;
  readonly #objects: ObjectReader;
  readonly #keys: ArtifactKeys;
  readonly #manifests: ResumeManifests;

  constructor(profiles: Pick<Cluster, 'profile'>, objects: ObjectReader, keys: ArtifactKeys) {
    this.#profiles = profiles;
    this.#objects = objects;
    this.#keys = keys;
    this.#manifests = new ResumeManifests(objects, keys);
  }

  /** Undefined = the data is not in the object store. */
  async data(
    { spec, metadata: { namespace } }: Experiment,
    call: Call,
  ): Promise<ReadableFile | Refusal | undefined> {
    const key = spec.data?.s3?.key;
    if (key === undefined) return undefined;
    const name = spec.trainer.profile;
    const profile = name === undefined ? undefined : this.#profiles.profile({ namespace, name });
    const shared = profile?.spec.dataPrefixes ?? [];
    const place = locateDataset(this.#keys, namespace, key, shared);
    if (place.kind === 'refused') return refuse('DataNotAllowed', place.message);
    const [head, mark] = await Promise.all([
      this.#objects.head(place.key, call),
      this.#objects.get(`${place.key}${DATA_MARK}`, MAX_MARK_BYTES, call),
    ]);
    const sha256 = mark && readMark(mark.body.toString('utf8'));
    if (head === undefined || sha256 === undefined) {
      const what = head === undefined ? 'is not there' : 'is not complete';
      return refuse(
        'DataNotFound',
        `the data set ${quoteText(key)} ${what}; store it with "espalier data push"`,
      );
    }
    return { key: place.key, size: head.size, sha256 };
  }

  /** Undefined = the attempt starts anew. */
  async resume(
    { metadata: { namespace, name, uid } }: Experiment,
    { resumeFrom }: PodView,
    call: Call,
  ): Promise<ResumeFiles | Refusal | undefined> {
    if (resumeFrom === undefined) return undefined;
    const { trialUid, trialIndex: index, attempt, step } = resumeFrom;
    // The Experiment's own place, so that whoever edits the pod reads nothing of anybody else (G13).
    const place = { experiment: { namespace, name, uid }, index, trialUid, attempt };
    return (
      (await this.#manifests.of(place, step, call)) ??
      refuse('CheckpointNotFound', `the checkpoint of step ${step} of attempt ${attempt} is gone`)
    );
  }
}
