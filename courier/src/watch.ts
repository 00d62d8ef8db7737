import { writeFileSync } from 'node:fs';
import { DEFAULT_GRACE_SECONDS, EXIT_CODE, TRAINER_ENV } from '@espalier/api';
import { composeManifest } from './compose-manifest.ts';
import { Courier } from './courier.ts';
import { readEnvironment, reportFileBeside } from './environment.ts';
import { messageOf, sayOnStderr as say } from './say.ts';

/** The files that the flags of `watch` name. */
export interface WatchFiles {
  readonly report?: string | undefined;
  /** Made as soon as `stop` would be heard. */
  readonly ready?: string | undefined;
}

/** Kept of the grace period for the exit itself. */
const EXIT_MS = 3_000;

/**
 * Carries what a trainer leaves that knows nothing of NATS and S3, until `stop`: the kubelet ends a
 * sidecar after the container it serves. Then the folder is ended if the trainer did not, and all that
 * is left is delivered within the grace period; the result is the exit code.
 *
 * A `finished` line is not sent on the trainer's behalf: only the controller learns how it ended.
 */
export async function watch(
  environment: NodeJS.ProcessEnv,
  files: WatchFiles,
  stop: AbortSignal,
): Promise<number> {
  const { servers, address, credentials, outFolder, task } = readEnvironment(environment);
  const reportFile = files.report ?? reportFileBeside(outFolder);
  const courier = new Courier({ servers, address, credentials, outFolder, reportFile }, say);
  courier.start();
  if (files.ready !== undefined) writeFileSync(files.ready, '');
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve));
  const graceMs = 1000 * (Number(environment[TRAINER_ENV.graceSeconds]) || DEFAULT_GRACE_SECONDS);
  const late = AbortSignal.timeout(Math.max(0, graceMs - EXIT_MS));
  try {
    await composeManifest({ folder: outFolder, reportFile, task, address, say });
  } catch (error) {
    say(`no manifest could be written for the trainer: ${messageOf(error)}`);
  }
  const { missing } = await courier.finish(late);
  return missing.length === 0 ? EXIT_CODE.done : 1;
}
