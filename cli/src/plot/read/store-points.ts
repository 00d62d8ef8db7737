import type { Manifest, ManifestFile, Trial } from '@espalier/api';
import { pointSegments, type RemoteStore } from '@espalier/controller/remote';
import { StoreSource } from '../../download/store-source.ts';
import type { Surroundings } from '../../surroundings.ts';
import { attemptRoot, type ExperimentFolder } from '../../transfer/experiment-folder.ts';
import { openBucket, type StoreFlags } from '../../transfer/store-options.ts';
import type { PlottedPoint } from '../sweep.ts';
import { PointCollector } from './points.ts';

/** What one trial may have of points; more than that no picture shows. */
const MOST_BYTES = 64 * 2 ** 20;

/** The points of Trials as attempts have left them in an object store, with a person's own credentials. */
export class StorePoints {
  readonly #store: RemoteStore;
  readonly #folder: ExperimentFolder;
  readonly #readManifest: ReadManifest;
  readonly #signal: AbortSignal;

  private constructor(
    store: RemoteStore,
    folder: ExperimentFolder,
    readManifest: ReadManifest,
    signal: AbortSignal,
  ) {
    this.#store = store;
    this.#folder = folder;
    this.#readManifest = readManifest;
    this.#signal = signal;
  }

  static async open(
    surroundings: Surroundings,
    folder: ExperimentFolder,
    flags: StoreFlags,
    signal: AbortSignal,
  ): Promise<StorePoints> {
    const { readManifest } = await import('@espalier/controller/local');
    const store = await openBucket(surroundings, folder.bucket, flags);
    return new StorePoints(store, folder, readManifest, signal);
  }

  /**
   * Of the latest attempt that has ended or saved a checkpoint: its folder holds the points of those
   * before it as well.
   *
   * @throws {EspalierError} if the store refuses; {Error} if what it holds is damaged.
   */
  async read(trial: Trial, metrics: ReadonlySet<string>): Promise<readonly PlottedPoint[]> {
    const collector = new PointCollector(metrics);
    const { artifacts, attempts = [] } = trial.status ?? {};
    const numbers = attempts.map(({ number }) => number).toReversed();
    for (const attempt of artifacts === undefined ? numbers : [artifacts.attempt]) {
      const source = new StoreSource(this.#store, attemptRoot(this.#folder, trial, attempt));
      const found = await source.manifest(this.#signal);
      if (found === undefined) continue;
      const owner = { trialUid: trial.metadata.uid, attempt };
      const segments = pointSegments(this.#readManifest(found.text, owner));
      await this.#collect(source, segments, collector);
      break;
    }
    return collector.points();
  }

  async #collect(
    source: StoreSource,
    segments: readonly ManifestFile[],
    collector: PointCollector,
  ): Promise<void> {
    let left = MOST_BYTES;
    for (const { path, size } of segments) {
      left -= size;
      if (left < 0) return;
      const body = await source.read(path, 0, this.#signal);
      if (body === undefined) throw new Error(`there is no ${source.nameOf(path)}`);
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of body) {
        bytes += chunk.length;
        if (bytes > size) throw new Error(`${source.nameOf(path)} is longer than it should be`);
        chunks.push(chunk);
      }
      for (const line of Buffer.concat(chunks).toString('utf8').split('\n')) collector.line(line);
    }
  }

  close(): void {
    this.#store.close();
  }
}

type ReadManifest = (
  text: string,
  owner: { readonly trialUid: string; readonly attempt: number },
) => Manifest;
