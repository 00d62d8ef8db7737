import { ARTIFACT, checkpointFolder, DRAWN_EXTRA, encodePoint, pointsSegment } from '@espalier/api';
import type { Device } from '../backend/device.ts';
import type { Parameters } from '../parameters/definition.ts';
import { encodeEvents, eventsFileName } from '../report/events.ts';
import type { PointLog } from '../report/point-log.ts';
import { metricsTable, stepsTable } from '../report/tables.ts';
import { confusionTable } from '../training/confusion.ts';
import type { RunState } from '../training/run-state.ts';
import type { Session } from '../training/session.ts';
import type { AttemptFolder, ManifestFacts } from './attempt-folder.ts';
import { loadModel, loadSlots, modelTensors, slotTensors } from './model-file.ts';
import { describeModel, describeState, type Resume } from './resume.ts';
import { encodeSafetensors, type FileTensor } from './safetensors.ts';

/** Files that an attempt ends with, beside its checkpoint and points. */
export interface ClosingFiles {
  readonly log: string;
  readonly submission?: string | undefined;
}

/** Saves a run's state into the attempt's folder and brings it back. */
export class Checkpointer {
  readonly #device: Device;
  readonly #session: Session;
  readonly #folder: AttemptFolder;
  readonly #points: PointLog;
  readonly #parameters: Parameters;
  /** The best model, until a checkpoint has written it. */
  #best: { readonly step: number; readonly tensors: readonly FileTensor[] } | undefined;
  /** `step` and `epoch` of the last checkpoint. */
  #savedAt = '';

  constructor(
    device: Device,
    session: Session,
    folder: AttemptFolder,
    points: PointLog,
    parameters: Parameters,
  ) {
    this.#device = device;
    this.#session = session;
    this.#folder = folder;
    this.#points = points;
    this.#parameters = parameters;
  }

  /** Sets the session to `resume` and makes this attempt's folder whole by itself. */
  async restore(resume: Resume): Promise<void> {
    loadModel(this.#device, this.#session.network, resume.model);
    loadSlots(this.#device, this.#session.optimizer, resume.slots);
    const { best, files } = resume.manifest;
    const bestModel = best === null ? undefined : modelPath(best.step);
    for (const file of files) {
      const isNeeded = file.path === bestModel || file.path.startsWith('points-');
      if (isNeeded || resume.folder === this.#folder.path) {
        await this.#folder.inherit(resume.folder, file);
      }
    }
    if (resume.folder === this.#folder.path) this.#folder.adopt(resume.manifestName);
    this.#savedAt = stamp(resume.state);
  }

  /** Keeps the present weights as the best ones; the next save writes them. */
  keepBest(state: RunState): void {
    const tensors = modelTensors(this.#device, this.#session.network, state.step);
    this.#best = { step: state.step, tensors };
  }

  /** The best model's tensors while they are in memory only. */
  get unsavedBest(): ReadonlyMap<string, FileTensor> | undefined {
    return this.#best && new Map(this.#best.tensors.map((tensor) => [tensor.name, tensor]));
  }

  /** A checkpoint from which the run goes on bit for bit; nothing if the last one is this one. */
  save(state: RunState, closing?: ClosingFiles): void {
    if (stamp(state) === this.#savedAt) return;
    this.#writeBest();
    const model = modelPath(state.step);
    const saved = `${checkpointFolder(state.step)}/${ARTIFACT.state}`;
    if (!this.#folder.has(model)) {
      const tensors = modelTensors(this.#device, this.#session.network, state.step);
      this.#folder.write(model, encodeSafetensors(tensors, describeModel(this.#parameters)));
    }
    const metadata = describeState(state, this.#parameters);
    this.#folder.write(saved, encodeSafetensors(slotTensors(this.#session.optimizer), metadata));
    this.#writePoints();
    if (closing !== undefined) this.#writeClosing(closing, state);
    const kept = [model, saved];
    const facts = factsOf(state, { step: state.step });
    this.#folder.commitCheckpoint(facts, (path) => isLasting(path, state) || kept.includes(path));
    this.#savedAt = stamp(state);
  }

  /** Ends the attempt: what stays is the best model, the points and the closing files. */
  end(state: RunState, closing: ClosingFiles): void {
    this.#writeBest();
    this.#writePoints();
    this.#writeClosing(closing, state);
    this.#folder.commitEnd(factsOf(state, null), (path) => isLasting(path, state));
  }

  #writeBest(): void {
    if (this.#best === undefined) return;
    const { step, tensors } = this.#best;
    const metadata = describeModel(this.#parameters);
    this.#folder.write(modelPath(step), encodeSafetensors(tensors, metadata));
    this.#best = undefined;
  }

  #writePoints(): void {
    const points = this.#points.takeUnsaved();
    const [first] = points;
    if (first === undefined) return;
    const lines = points.map((point) => `${encodePoint(point)}\n`).join('');
    this.#folder.write(pointsSegment(first.seq), [Buffer.from(lines)]);
  }

  #writeClosing({ log, submission }: ClosingFiles, { confusion }: RunState): void {
    const { points } = this.#points;
    this.#folder.write(ARTIFACT.metricsCsv, [Buffer.from(metricsTable(points))]);
    this.#folder.write(ARTIFACT.stepsCsv, [Buffer.from(stepsTable(points))]);
    this.#folder.write(`extra/${eventsFileName(points)}`, encodeEvents(points));
    if (confusion !== undefined) {
      this.#folder.write(DRAWN_EXTRA.confusionCsv, [Buffer.from(confusionTable(confusion))]);
    }
    this.#folder.write(ARTIFACT.log, [Buffer.from(log)]);
    if (submission !== undefined) {
      this.#folder.write(ARTIFACT.submissionCsv, [Buffer.from(submission)]);
    }
  }
}

/** The model of the checkpoint at `step`, relative to the attempt's folder. */
export function modelPath(step: number): string {
  return `${checkpointFolder(step)}/${ARTIFACT.model}`;
}

/** Whether later manifests still list the file: all but checkpoints, of which only the best model. */
function isLasting(path: string, state: RunState): boolean {
  if (!path.startsWith('checkpoint-')) return true;
  return state.best !== null && path === modelPath(state.best.step);
}

function factsOf(state: RunState, resume: ManifestFacts['resume']): ManifestFacts {
  return { step: state.step, epoch: state.epoch, best: state.best, resume };
}

function stamp(state: RunState): string {
  return `${state.step}/${state.epoch}`;
}
