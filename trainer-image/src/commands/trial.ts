import { EXIT_CODE, type Point, TRAINER_ENV } from '@espalier/api';
import { readResume } from '../checkpoint/resume.ts';
import { defaultCacheFolder } from '../data/pixel-cache.ts';
import { makeFolder } from '../files/whole-file.ts';
import { parseParameters } from '../parameters/parse-parameters.ts';
import { PointLog } from '../report/point-log.ts';
import { openReport } from '../report/report-sink.ts';
import { terminationLogPath, writeLastWords } from '../report/termination-log.ts';
import { DivergedError, messageOf } from '../trainer-error.ts';
import { progressFor } from '../training/progress.ts';
import { RunLog } from '../training/run-log.ts';
import { train } from '../training/train.ts';
import { exitCodeOf, explain } from './exit.ts';
import { listenForStop } from './stop-signal.ts';
import { readTrialEnvironment, type TrialEnvironment } from './trial-environment.ts';

/** What the process leaves behind for whoever finds only its end. */
interface Memory {
  objective: string;
  points: readonly Point[];
}

/** Runs the trial that the environment describes; the result is the process's exit code. */
export async function runTrial(environment: NodeJS.ProcessEnv): Promise<number> {
  const stop = listenForStop();
  const memory: Memory = { objective: '', points: [] };
  let failure: unknown;
  try {
    const trial = readTrialEnvironment(environment);
    memory.objective = trial.task.objective.metric;
    await runTask(trial, environment, stop, memory);
  } catch (error) {
    failure = error;
    process.stderr.write(`${explain(error)}\n`);
  }
  const path = terminationLogPath(environment[TRAINER_ENV.terminationLog]);
  if (path !== undefined) {
    const { points, objective } = memory;
    const point = points.findLast(({ values }) => objective in values) ?? points.at(-1);
    const message = failure === undefined ? undefined : messageOf(failure);
    writeLastWords(path, { point, message }, objective);
  }
  return failure === undefined ? EXIT_CODE.done : exitCodeOf(failure);
}

async function runTask(
  trial: TrialEnvironment,
  environment: NodeJS.ProcessEnv,
  stop: AbortSignal,
  memory: Memory,
): Promise<void> {
  const { task, outFolder, threads, resumeFolder } = trial;
  const parameters = parseParameters(trial.parameters);
  const resume = resumeFolder === undefined ? undefined : readResume(resumeFolder);
  const sink = openReport(trial.report);
  makeFolder(outFolder);
  const points = new PointLog(resume?.points ?? [], resume?.state.nextSeq ?? 0, sink);
  memory.points = points.points;
  try {
    await train({
      parameters,
      dataFolder: trial.dataFolder,
      outFolder,
      cacheFolder: defaultCacheFolder(environment),
      identity: { trialUid: task.uid, attempt: task.attempt },
      checkpointEveryEpochs: task.checkpoint.everyEpochs,
      threads,
      resume,
      points,
      log: new RunLog(outFolder, (line) => process.stdout.write(`${line}\n`)),
      progress: progressFor(process.stderr),
      stop,
    });
    points.finish();
  } catch (error) {
    // A diverged run is complete; one that was stopped or failed may have a next attempt.
    if (error instanceof DivergedError) points.finish();
    else points.flush();
    throw error;
  } finally {
    sink.close();
  }
}
