import type { AttemptFiles } from '../../domain/trial/attempt-files.ts';
import type { ArtifactStore, DonorPoint } from '../../ports/artifact-store.ts';
import type { ResumePoint } from '../../ports/cluster.ts';

/** An installation without an object store: nothing is kept, nothing can be resumed. */
export class NoArtifacts implements ArtifactStore {
  filesOf(): AttemptFiles {
    return { kind: 'none' };
  }

  async inspect(): Promise<void> {}

  async resumePoint(): Promise<ResumePoint | undefined> {
    return undefined;
  }

  async donorPoint(): Promise<DonorPoint | undefined> {
    return undefined;
  }

  async keepDonor(): Promise<DonorPoint | undefined> {
    return undefined;
  }

  async keepLog(): Promise<void> {}

  async publishBest(): Promise<void> {}

  async publishTrials(): Promise<void> {}

  async publishRecord(): Promise<void> {}

  async dropCheckpoints(): Promise<void> {}

  async deleteAll(): Promise<void> {}
}
