import { readdirSync } from 'node:fs';
import { EXIT_CODE, type ParameterValue } from '@espalier/api';
import { readResume } from '../checkpoint/resume.ts';
import { makeFolder } from '../files/whole-file.ts';
import { parseParameters } from '../parameters/parse-parameters.ts';
import { PointLog } from '../report/point-log.ts';
import { NO_REPORT } from '../report/report-sink.ts';
import { ConfigurationError } from '../trainer-error.ts';
import { progressFor } from '../training/progress.ts';
import { RunLog } from '../training/run-log.ts';
import { train } from '../training/train.ts';
import { exitCodeOf, explain } from './exit.ts';
import { listenForStop } from './stop-signal.ts';

export interface TrainRequest {
  readonly dataFolder: string;
  readonly outFolder: string;
  readonly cacheFolder: string;
  readonly parameters: readonly (readonly [string, ParameterValue])[];
  readonly checkpointEveryEpochs: number;
  readonly threads: number | undefined;
  /** Go on from the checkpoint in `outFolder`. */
  readonly isResumed: boolean;
  /** Say at the end where the time of the steps went. */
  readonly isProfiled: boolean;
}

/** Trains on a folder, without an orchestrator; the result is the process's exit code. */
export async function runTrain(request: TrainRequest): Promise<number> {
  const { outFolder, isResumed } = request;
  const stop = listenForStop();
  try {
    const parameters = parseParameters(request.parameters);
    makeFolder(outFolder);
    if (!isResumed) requireUnused(outFolder);
    const resume = isResumed ? readResume(outFolder) : undefined;
    await train({
      ...request,
      parameters,
      identity: { trialUid: 'local', attempt: 0 },
      resume,
      points: new PointLog(resume?.points ?? [], resume?.state.nextSeq ?? 0, NO_REPORT),
      log: new RunLog(outFolder, (line) => process.stdout.write(`${line}\n`)),
      progress: progressFor(process.stderr),
      stop,
    });
    return EXIT_CODE.done;
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    if (stop.aborted) process.stderr.write(`Go on with: --resume --out ${outFolder}\n`);
    return exitCodeOf(error);
  }
}

function requireUnused(folder: string): void {
  if (!readdirSync(folder).some((name) => name.startsWith('manifest'))) return;
  throw new ConfigurationError(
    `${folder} holds an earlier run: go on with --resume, or choose another --out`,
  );
}
