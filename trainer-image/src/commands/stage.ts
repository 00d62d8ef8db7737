import { EXIT_CODE } from '@espalier/api';
import { type Device, openDevice } from '../backend/device.ts';
import { requireWantedDevice } from '../backend/device-request.ts';
import { openNetwork, readModel } from '../checkpoint/open-model.ts';
import { countWorkers, openImages } from '../data/data-set.ts';
import { type ImageFile, requireLabels } from '../data/image-files.ts';
import type { ImageSet } from '../data/image-set.ts';
import type { Network } from '../network/network.ts';
import type { Parameters } from '../parameters/definition.ts';
import { InvalidParametersError } from '../trainer-error.ts';
import { progressFor } from '../training/progress.ts';
import type { PassParts } from '../training/submission.ts';
import { exitCodeOf, explain } from './exit.ts';
import { listenForStop } from './stop-signal.ts';

/** What a stage after training is asked for. */
export interface StageRequest {
  /** A model file, or the folder of a run. */
  readonly modelPath: string;
  readonly cacheFolder: string;
  readonly threads: number | undefined;
  /** Over those with which the model was trained. */
  readonly parameters: Partial<Parameters>;
}

/** What a stage works with. */
export interface Stage extends PassParts {
  readonly device: Device;
  readonly network: Network;
  readonly parameters: Parameters;
  readonly modelFile: string;
  say(line: string): void;
  open(files: readonly ImageFile[], needsLabels: boolean): ImageSet;
}

/** Opens the model, runs `work` and closes everything; the result is the process's exit code. */
export async function runStage(
  request: StageRequest,
  work: (stage: Stage) => Promise<void>,
): Promise<number> {
  const stop = listenForStop();
  const opened: { close(): Promise<void> | void }[] = [];
  try {
    const model = readModel(request.modelPath);
    const parameters = { ...model.parameters, ...request.parameters };
    if (parameters.tta > 0 && parameters.augment === 'none') {
      throw new InvalidParametersError('tta needs --augment: the model was trained without');
    }
    const { threads, cacheFolder } = request;
    const device = openDevice({ threads, deterministic: parameters.deterministic });
    requireWantedDevice(device, process.env);
    const network = openNetwork(device, model);
    opened.push({ close: () => network.dispose() });
    await work({
      device,
      network,
      parameters,
      modelFile: model.path,
      progress: progressFor(process.stderr),
      stop,
      say: (line) => process.stderr.write(`${line}\n`),
      open(files, needsLabels) {
        if (needsLabels) requireLabels(files, parameters.classes);
        const { imageSize: side, resampler } = parameters;
        const workers = countWorkers(parameters, threads);
        const images = openImages(files, { side, resampler, workers, cacheFolder });
        opened.push(images);
        return images;
      },
    });
    return EXIT_CODE.done;
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    return exitCodeOf(error);
  } finally {
    for (const each of opened) await each.close();
  }
}
