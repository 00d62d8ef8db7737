import { dirname, join } from 'node:path';
import {
  type AttemptAddress,
  attemptName,
  parseRequestSubject,
  requestSubject,
  TRAINER_ENV,
  type TrainerTask,
  trainerTaskSchema,
} from '@espalier/api';
import { RefusedError } from './refused-error.ts';
import { messageOf } from './say.ts';

/** What a courier must know of its attempt. */
export interface CourierEnvironment {
  readonly task: TrainerTask;
  readonly address: AttemptAddress;
  readonly servers: readonly string[];
  readonly credentials: string;
  readonly outFolder: string;
}

/** @throws {RefusedError} naming the variable that is missing or wrong. */
export function readEnvironment(environment: NodeJS.ProcessEnv): CourierEnvironment {
  const task = parseTask(required(environment, TRAINER_ENV.trial));
  return {
    task,
    address: addressOf(task),
    servers: natsServers(required(environment, TRAINER_ENV.report)),
    credentials: required(environment, TRAINER_ENV.credentials),
    outFolder: required(environment, TRAINER_ENV.out),
  };
}

export function required(environment: NodeJS.ProcessEnv, name: string): string {
  const value = environment[name];
  if (value) return value;
  throw new RefusedError(`${name} is not set`);
}

/** The servers of `nats://host[:port][,host[:port]...]`, as `host:port`. */
export function natsServers(report: string): string[] {
  const list = /^(?:nats|tls):\/\/([^/@?#]+)\/?$/.exec(report)?.[1]?.split(',') ?? [];
  const servers = list.map((server) => (/:\d{1,5}$/.test(server) ? server : `${server}:4222`));
  const isServer = (server: string) => /^([\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}$/.test(server);
  if (servers.length > 0 && servers.every(isServer)) return servers;
  throw new RefusedError(
    `${TRAINER_ENV.report} must be nats://host:port[,host:port...], got ${report}`,
  );
}

/** The report file of an attempt whose reports go over NATS: in a folder beside that of its artifacts. */
export function reportFileBeside(outFolder: string): string {
  return join(dirname(outFolder), 'run', 'report.jsonl');
}

/** @throws {RefusedError} if the task names nobody that could have subjects of its own. */
export function addressOf({ namespace, uid, attempt }: TrainerTask): AttemptAddress {
  const address = { namespace, trialUid: uid, attempt };
  if (parseRequestSubject(requestSubject(address)) !== undefined) return address;
  throw new RefusedError(`not an attempt: ${namespace}/${attemptName(address)}`);
}

function parseTask(text: string): TrainerTask {
  try {
    return trainerTaskSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new RefusedError(`${TRAINER_ENV.trial} is not a task: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
