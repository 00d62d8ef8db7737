import { writeFileSync } from 'node:fs';
import { EXIT_CODE } from '@espalier/api';
import { Courier } from './courier.ts';
import { readEnvironment, reportFileBeside } from './environment.ts';
import { sayOnStderr } from './say.ts';

/** The files that the flags of `watch` name. */
export interface WatchFiles {
  readonly report?: string | undefined;
  /** Made as soon as `stop` would be heard. */
  readonly ready?: string | undefined;
}

/**
 * Carries what a trainer leaves that knows nothing of NATS and S3, until `stop`: the kubelet ends a
 * sidecar after the container it serves. Then everything that is left is delivered.
 */
export async function watch(
  environment: NodeJS.ProcessEnv,
  { report, ready }: WatchFiles,
  stop: AbortSignal,
): Promise<number> {
  const { servers, address, credentials, outFolder } = readEnvironment(environment);
  const courier = new Courier(
    {
      servers,
      address,
      credentials,
      outFolder,
      reportFile: report ?? reportFileBeside(outFolder),
    },
    sayOnStderr,
  );
  courier.start();
  if (ready !== undefined) writeFileSync(ready, '');
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve));
  const { missing } = await courier.finish();
  return missing.length === 0 ? EXIT_CODE.done : 1;
}
