import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Learning curves of one task: what every configuration showed after each epoch. */
export interface CurveTask {
  readonly name: string;
  /** By configuration: the validation loss after epoch 1, 2, ..., NaN from where it diverged. */
  readonly curves: readonly Float64Array[];
  readonly epochs: number;
  /** The least loss of all configurations and epochs. */
  readonly optimum: number;
  /** The median over the configurations of the least loss of each. */
  readonly median: number;
}

/** The tasks of TaskSet in a folder, or none if there is no such folder. */
export function readCurveTasks(folder: string): readonly CurveTask[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json.gz'));
  return files.toSorted().map((file) => {
    // NaN stands bare in these files.
    const text = gunzipSync(readFileSync(join(folder, file)))
      .toString()
      .replaceAll(/\bNaN\b|-?\bInfinity\b/g, 'null');
    const records: { valid: { loss: (number | null)[] } }[] = JSON.parse(text);
    // The first evaluation is before training.
    const curves = records.map(({ valid }) =>
      Float64Array.from(valid.loss.slice(1), (loss) => loss ?? Number.NaN),
    );
    const least = curves.map(leastOf).toSorted((a, b) => a - b);
    return {
      ...{ name: file.replace('.json.gz', ''), curves, epochs: curves[0]?.length ?? 0 },
      ...{ optimum: least[0] as number, median: least[least.length >> 1] as number },
    };
  });
}

function leastOf(curve: Float64Array): number {
  return Math.min(...curve.filter(Number.isFinite));
}
