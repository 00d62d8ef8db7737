import { ARTIFACT, type ManifestFile, newestManifest } from '@espalier/api';
import { MAX_MANIFEST_BYTES, type RemoteStore } from '@espalier/controller/remote';
import type { ArtifactSource, FoundManifest } from './artifact-source.ts';

/** A store that says nothing for so long has forgotten us. */
const IDLE_MS = 60_000;

/** The files of an Experiment on a cluster, in its object store. */
export class StoreSource implements ArtifactSource {
  readonly #store: RemoteStore;
  readonly #folder: string;

  /** @param folder Key of the attempt, without a slash at the end. */
  constructor(store: RemoteStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  nameOf(path: string): string {
    return `s3://${this.#store.objects.bucket}/${this.#keyOf(path)}`;
  }

  async manifest(signal: AbortSignal): Promise<FoundManifest | undefined> {
    // First the one that nearly all have: it needs no right to list.
    const ended = await this.#manifestAt(ARTIFACT.manifest, signal);
    if (ended !== undefined) return ended;
    const root = this.#keyOf('');
    const names: string[] = [];
    for await (const page of this.#store.objects.list(`${root}manifest-`, { signal })) {
      names.push(...page.map(({ key }) => key.slice(root.length)));
    }
    const newest = newestManifest(names);
    return newest === undefined ? undefined : this.#manifestAt(newest, signal);
  }

  async #manifestAt(path: string, signal: AbortSignal): Promise<FoundManifest | undefined> {
    const key = this.#keyOf(path);
    const found = await this.#store.objects.get(key, MAX_MANIFEST_BYTES, { signal });
    return found && { path, text: found.body.toString('utf8') };
  }

  async beside(signal: AbortSignal): Promise<readonly ManifestFile[]> {
    const found: ManifestFile[] = [];
    for (const path of [ARTIFACT.log, ARTIFACT.trialsCsv]) {
      const head = await this.#store.objects.head(this.#keyOf(path), { signal });
      // Without a digest nothing could tell whether it arrived whole.
      if (head?.sha256 !== undefined) found.push({ path, size: head.size, sha256: head.sha256 });
    }
    return found;
  }

  async read(
    path: string,
    from: number,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Buffer> | undefined> {
    const idle = new AbortController();
    const end = AbortSignal.any([signal, idle.signal]);
    const call = { signal: end };
    const body = await withIdleTime(idle, () =>
      this.#store.large.read(this.#keyOf(path), from, call),
    );
    return body && chunks(body, idle);
  }

  close(): void {
    this.#store.close();
  }

  #keyOf(path: string): string {
    if (path !== ARTIFACT.trialsCsv) return `${this.#folder}/${path}`;
    return `${this.#folder.replace(/\/trials\/[^/]+\/[^/]+$/, '')}/${path}`;
  }
}

async function* chunks(body: AsyncIterable<Buffer>, idle: AbortController): AsyncGenerator<Buffer> {
  const reading = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await withIdleTime(idle, () => reading.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await reading.return?.();
  }
}

async function withIdleTime<T>(idle: AbortController, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(
    () => idle.abort(new Error(`the store was silent for ${IDLE_MS / 1000} s`)),
    IDLE_MS,
  );
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
