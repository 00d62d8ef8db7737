import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  ARTIFACT,
  checkpointFolder,
  type Manifest,
  type Point,
  type TrainerTask,
} from '@espalier/api';

/**
 * The checkpoint with the best value of the objective, from the points of a report: those whose step has
 * a model in the folder count.
 */
export class BestCheckpoint {
  readonly #folder: string;
  readonly #objective: TrainerTask['objective'];
  #best: NonNullable<Manifest['best']> | undefined;

  constructor(folder: string, objective: TrainerTask['objective']) {
    this.#folder = folder;
    this.#objective = objective;
  }

  add({ step, epoch, values }: Point): void {
    const { metric, goal } = this.#objective;
    const value = Object.hasOwn(values, metric) ? values[metric] : undefined;
    if (value === undefined || !Number.isFinite(value)) return;
    const best = this.#best;
    const isBetter =
      best === undefined || (goal === 'maximize' ? value > best.value : value < best.value);
    if (!isBetter) return;
    const model = join(this.#folder, checkpointFolder(step), ARTIFACT.model);
    if (existsSync(model)) this.#best = { step, epoch, value };
  }

  get found(): Manifest['best'] | undefined {
    return this.#best;
  }
}
