import type { BestTrial, Experiment, Trial } from '@espalier/api';
import { recordFileText } from '../../domain/experiment/record.ts';
import type { ArtifactStore, AttemptFiles, DonorPoint } from '../../ports/artifact-store.ts';
import type { ResumePoint } from '../../ports/cluster.ts';
import { keyText } from '../../ports/key.ts';
import type { Writes } from './writes.ts';

/** What lies in the store; outlives a controller. */
export interface Stored {
  best: BestTrial | undefined;
  trialsCsv: string | undefined;
  /** Of the Trials. */
  record: string | undefined;
  /** `<namespace>/<trial>/a<attempt>` that ended by themselves or on SIGTERM: their files are whole. */
  readonly whole: Set<string>;
  readonly damaged: Set<string>;
  /** Names of Trials. */
  readonly withoutCheckpoint: Set<string>;
  /** Names of Trials whose parent's checkpoint is gone when they start. */
  readonly lostParentsOf: Set<string>;
  readonly dropped: Set<string>;
  readonly deleted: Set<string>;
  /** By `<namespace>/<trial>/a<attempt>`. */
  readonly logs: Map<string, string>;
  /** Every `best.json` there was, in order. */
  readonly bests: BestTrial[];
  isDown: boolean;
}

export function emptyStore(): Stored {
  return {
    best: undefined,
    trialsCsv: undefined,
    record: undefined,
    whole: new Set(),
    damaged: new Set(),
    withoutCheckpoint: new Set(),
    lostParentsOf: new Set(),
    dropped: new Set(),
    deleted: new Set(),
    logs: new Map(),
    bests: [],
    isDown: false,
  };
}

/** Artifacts in memory. It leaves out sizes, digests and partial writes. */
export class FakeArtifacts implements ArtifactStore {
  private readonly stored: Stored;
  private readonly writes: Writes;
  private readonly known = new Map<string, AttemptFiles>();

  constructor(stored: Stored, writes: Writes) {
    this.stored = stored;
    this.writes = writes;
  }

  filesOf(trial: Trial, attempt: number): AttemptFiles {
    return this.known.get(name(trial, attempt)) ?? { kind: 'unknown' };
  }

  async inspect(_experiment: Experiment, trial: Trial, attempt: number): Promise<void> {
    this.requireUp();
    const key = name(trial, attempt);
    await Promise.resolve();
    if (this.stored.damaged.has(key)) {
      this.known.set(key, { kind: 'damaged', message: 'model.safetensors differs' });
    } else if (!this.stored.whole.has(key)) {
      this.known.set(key, { kind: 'none' });
    } else {
      this.known.set(key, {
        kind: 'whole',
        manifest: {
          version: 1,
          trialUid: trial.metadata.uid,
          attempt,
          step: 1,
          epoch: 1,
          best: null,
          resume: null,
          files: [],
        },
        artifacts: {
          attempt,
          folder: `mem://${key}`,
          checkpoint: { uri: `mem://${key}/model`, sha256: 'f'.repeat(64), step: 1 },
          metricsCsv: `mem://${key}/metrics.csv`,
        },
      });
    }
  }

  async resumePoint(
    _experiment: Experiment,
    trial: Trial,
    attempt: number,
  ): Promise<ResumePoint | undefined> {
    this.requireUp();
    const { uid } = trial.metadata;
    const { parent } = trial.spec;
    if (attempt === 0 && parent !== undefined) {
      if (this.stored.lostParentsOf.has(trial.metadata.name)) return undefined;
      const { step } = parent;
      return { trialUid: parent.uid, trialIndex: Number(parent.trial.slice(-5)), attempt: 0, step };
    }
    return attempt === 0
      ? undefined
      : { trialUid: uid, trialIndex: trial.spec.index, attempt: attempt - 1, step: 1 };
  }

  /** Every Trial that has run has a checkpoint, unless the test says otherwise. */
  async donorPoint(_experiment: Experiment, donor: Trial): Promise<DonorPoint | undefined> {
    this.requireUp();
    if (this.stored.withoutCheckpoint.has(donor.metadata.name)) return undefined;
    const step = donor.status?.rungs.at(-1)?.step ?? 0;
    return step === 0 ? undefined : { step, epoch: step };
  }

  keepDonor(experiment: Experiment, donor: Trial): Promise<DonorPoint | undefined> {
    return this.donorPoint(experiment, donor);
  }

  async keepLog(
    _experiment: Experiment,
    trial: Trial,
    attempt: number,
    read: () => Promise<Uint8Array | undefined>,
  ): Promise<void> {
    this.requireUp();
    const key = name(trial, attempt);
    const text = this.stored.logs.has(key) ? undefined : await read();
    if (text !== undefined) this.stored.logs.set(key, Buffer.from(text).toString());
  }

  publishBest(_experiment: Experiment, best: BestTrial): Promise<void> {
    return this.writes.run(`publish-best ${best.trial}`, () => {
      this.requireUp();
      this.stored.best = best;
      this.stored.bests.push(best);
    });
  }

  publishTrials(_experiment: Experiment, csv: string): Promise<void> {
    return this.writes.run('publish-trials', () => {
      this.requireUp();
      this.stored.trialsCsv = csv;
    });
  }

  publishRecord(_experiment: Experiment, trials: readonly Trial[]): Promise<void> {
    return this.writes.run('publish-record', () => {
      this.requireUp();
      this.stored.record = recordFileText(trials);
    });
  }

  dropCheckpoints(_experiment: Experiment, trial: Trial): Promise<void> {
    return this.writes.run(`drop-checkpoints ${trial.metadata.name}`, () => {
      this.requireUp();
      this.stored.dropped.add(trial.metadata.name);
    });
  }

  deleteAll(experiment: Experiment): Promise<void> {
    return this.writes.run('delete-all', () => {
      this.requireUp();
      this.stored.deleted.add(experiment.metadata.name);
    });
  }

  private requireUp(): void {
    if (this.stored.isDown) throw new Error('the store is down');
  }
}

function name(trial: Trial, attempt: number): string {
  return `${keyText(trial.metadata)}/a${attempt}`;
}
