import { EXIT_CODE, type Point, TRAINER_ENV } from '@espalier/api';
import { asParent, readResume } from '../checkpoint/resume.ts';
import { defaultCacheFolder } from '../data/pixel-cache.ts';
import { makeFolder } from '../files/whole-file.ts';
import { parseParameters } from '../parameters/parse-parameters.ts';
import { beginDelivery, type Delivery } from '../report/delivery.ts';
import { PointLog } from '../report/point-log.ts';
import { openReportFile } from '../report/report-sink.ts';
import { terminationLogPath, writeLastWords } from '../report/termination-log.ts';
import { DivergedError, messageOf } from '../trainer-error.ts';
import { progressFor } from '../training/progress.ts';
import { RunLog } from '../training/run-log.ts';
import { StopRequested } from '../training/stop.ts';
import { train } from '../training/train.ts';
import { exitCodeOf, explain } from './exit.ts';
import { listenForStop } from './stop-signal.ts';
import { readTrialEnvironment, type TrialEnvironment } from './trial-environment.ts';

/** What the process leaves behind for whoever finds only its end. */
interface Memory {
  objective: string;
  points: readonly Point[];
}

/** A failed run's last lines and its log are worth so long a wait, no longer. */
const FAILED_DELIVERY_MS = 60_000;

/** Runs the trial that the environment describes; the result is the process's exit code. */
export async function runTrial(environment: NodeJS.ProcessEnv): Promise<number> {
  const stop = listenForStop();
  const memory: Memory = { objective: '', points: [] };
  let delivery: Delivery | undefined;
  let failure: unknown;
  try {
    const trial = readTrialEnvironment(environment);
    memory.objective = trial.task.objective.metric;
    delivery = beginDelivery(trial, stop);
    await runTask(trial, environment, { stop, memory, reportFile: delivery.reportFile });
  } catch (error) {
    failure = error;
    process.stderr.write(`${explain(error)}\n`);
  }
  // Before the delivery: whoever ends the process meanwhile finds them.
  const path = terminationLogPath(environment[TRAINER_ENV.terminationLog]);
  if (path !== undefined) {
    const { points, objective } = memory;
    const point = points.findLast(({ values }) => objective in values) ?? points.at(-1);
    const message = failure === undefined ? undefined : messageOf(failure);
    writeLastWords(path, { point, message }, objective);
  }
  const missing = await delivery?.finish(isWorthWaiting(failure) ? undefined : FAILED_DELIVERY_MS);
  if (failure !== undefined) return exitCodeOf(failure);
  // Complete, but nobody has it all: as if it had been stopped before its end.
  return missing?.length ? EXIT_CODE.terminated : EXIT_CODE.done;
}

/** Whether a run ended in a way whose files somebody will use. */
function isWorthWaiting(failure: unknown): boolean {
  return (
    failure === undefined || failure instanceof StopRequested || failure instanceof DivergedError
  );
}

interface TaskParts {
  readonly stop: AbortSignal;
  readonly memory: Memory;
  readonly reportFile: string;
}

async function runTask(
  trial: TrialEnvironment,
  environment: NodeJS.ProcessEnv,
  { stop, memory, reportFile }: TaskParts,
): Promise<void> {
  const { task, outFolder, threads, resumeFolder } = trial;
  const parameters = parseParameters(trial.parameters);
  const found = resumeFolder === undefined ? undefined : readResume(resumeFolder);
  const isOwn = found?.manifest.trialUid === task.uid;
  const resume = found === undefined || isOwn ? found : asParent(found);
  const sink = openReportFile(reportFile);
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
    // A diverged run is complete; and of one that was stopped nothing more will come, so that whoever
    // counts it need not wait for late points.
    if (error instanceof DivergedError || error instanceof StopRequested) points.finish();
    else points.flush();
    throw error;
  } finally {
    sink.close();
  }
}
