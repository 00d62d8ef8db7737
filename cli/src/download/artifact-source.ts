import type { ManifestFile } from '@espalier/api';

export interface FoundManifest {
  readonly path: string;
  readonly text: string;
}

/** Where the files of an attempt are read from: a folder, or an object store. */
export interface ArtifactSource {
  /** For messages: the path or the URI of a file. */
  nameOf(path: string): string;
  /** Name and text of the newest manifest, since a Trial that was stopped has no `manifest.json`; undefined if there is none. */
  manifest(signal: AbortSignal): Promise<FoundManifest | undefined>;
  /**
   * Files that no manifest lists but people want (the log that the controller kept, the table of all
   * trials), as the source itself says they are.
   */
  beside(signal: AbortSignal): Promise<readonly ManifestFile[]>;
  /** A file's bytes from `from` on; they may break off. Undefined if there is no such file. */
  read(path: string, from: number, signal: AbortSignal): Promise<AsyncIterable<Buffer> | undefined>;
  close(): void;
}
