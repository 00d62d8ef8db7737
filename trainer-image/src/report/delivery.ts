import { dirname } from 'node:path';
import { TRAINER_ENV, type TrainerTask } from '@espalier/api';
import {
  addressOf,
  type CourierSettings,
  CourierThread,
  natsServers,
  RefusedError,
  reportFileBeside,
} from '@espalier/courier';
import { makeFolder } from '../files/whole-file.ts';
import { ConfigurationError } from '../trainer-error.ts';

/** What of a trial's environment decides where its report and its files go. */
export interface DeliveryOrder {
  readonly task: TrainerTask;
  readonly report: string;
  readonly credentials: string | undefined;
  readonly outFolder: string;
  readonly graceSeconds: number;
}

/** How the report and the files of a trial reach whoever waits for them. */
export interface Delivery {
  /** Where the report is appended. */
  readonly reportFile: string;
  /**
   * Everything is written: resolves when it has arrived, and tells what there was no time for. What the
   * store refuses for good is not awaited: the courier says so, and the controller finds out.
   *
   * @param withinMs For a run that failed, of which little matters. @default as long as it takes
   */
  finish(withinMs?: number): Promise<readonly string[]>;
}

/** Kept of the grace period for what comes after the delivery: the exit itself. */
const EXIT_MS = 5_000;

/**
 * Begins what `ESPALIER_REPORT` asks for: nothing for a file, since who reads it also reads the folder;
 * a courier for NATS. Once `stop` is aborted a courier has what is left of the grace period.
 *
 * @throws {ConfigurationError} if it is none that this trainer can report to.
 */
export function beginDelivery(order: DeliveryOrder, stop: AbortSignal): Delivery {
  const { report, outFolder, graceSeconds } = order;
  if (report.startsWith('file:')) {
    return { reportFile: report.slice('file:'.length), finish: async () => [] };
  }
  const reportFile = reportFileBeside(outFolder);
  const courier = new CourierThread(settingsOf(order, reportFile));
  makeFolder(dirname(reportFile));
  courier.start();
  const hurry = (): void => courier.hurry(Math.max(0, graceSeconds * 1000 - EXIT_MS));
  if (stop.aborted) hurry();
  else stop.addEventListener('abort', hurry, { once: true });
  return {
    reportFile,
    finish: async (withinMs) => {
      if (withinMs !== undefined) courier.hurry(withinMs);
      return (await courier.finish()).missing;
    },
  };
}

function settingsOf(order: DeliveryOrder, reportFile: string): CourierSettings {
  const { report, credentials, task, outFolder } = order;
  if (!/^(nats|tls):/.test(report)) {
    throw new ConfigurationError(
      `${TRAINER_ENV.report} must be file:<path> or nats://..., got ${report}`,
    );
  }
  if (credentials === undefined) {
    throw new ConfigurationError(`${TRAINER_ENV.credentials} is not set, and ${report} needs it`);
  }
  try {
    const [servers, address] = [natsServers(report), addressOf(task)];
    return { servers, address, credentials, reportFile, outFolder };
  } catch (error) {
    if (error instanceof RefusedError) {
      throw new ConfigurationError(error.message, { cause: error });
    }
    throw error;
  }
}
