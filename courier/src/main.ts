import { accessSync, constants, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DATA_CACHE_ENV, DEFAULT_TERMINATION_LOG, EXIT_CODE, TRAINER_ENV } from '@espalier/api';
import { Connection } from './connection.ts';
import { readEnvironment, required } from './environment.ts';
import { fetchInputs } from './fetch-inputs.ts';
import { RefusedError } from './refused-error.ts';
import { messageOf, sayOnStderr } from './say.ts';
import { watch } from './watch.ts';

const USAGE = `Usage: espalier-courier <command>

  fetch   brings data and checkpoint into their folders, then ends (init container)
            --max-bytes N     refuse data that unpacks to more (default 1 TiB)
            --max-entries N   refuse data of more files and folders (default 10000000)
  watch   carries a report file and artifacts until SIGTERM, then delivers the rest (sidecar)
            --report FILE     the report file (default: run/report.jsonl beside ESPALIER_OUT)
            --ready FILE      made once SIGTERM is heard, for a startup probe

Both read the variables of the trainer contract; ESPALIER_REPORT must be nats://...
`;

const EXIT_USAGE = 2;
const EXIT_ERROR = 1;
const TIB = 2 ** 40;

class UsageError extends Error {}

process.exitCode = await main(process.argv.slice(2), process.env);

async function main(args: string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT']) {
    process.on(name, () => stop.abort(new Error(`received ${name}`)));
  }
  try {
    const { positionals, values } = parse(args);
    if (values.help === true) {
      process.stdout.write(USAGE);
      return EXIT_CODE.done;
    }
    switch (positionals.join(' ')) {
      case 'fetch':
        await runFetch(environment, values, stop.signal);
        return EXIT_CODE.done;
      case 'watch':
        return await watch(environment, values, stop.signal);
      default:
        throw new UsageError(`no such command: ${positionals.join(' ') || '(none)'}`);
    }
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`espalier-courier: ${error.message}\n\n${USAGE}`);
      return EXIT_USAGE;
    }
    if (stop.signal.aborted) return EXIT_CODE.terminated;
    sayOnStderr(messageOf(error));
    leaveMessage(environment[TRAINER_ENV.terminationLog], messageOf(error));
    return error instanceof RefusedError ? EXIT_CODE.configuration : EXIT_ERROR;
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        'max-bytes': { type: 'string', default: String(TIB) },
        'max-entries': { type: 'string', default: '10000000' },
        report: { type: 'string' },
        ready: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

async function runFetch(
  environment: NodeJS.ProcessEnv,
  flags: { readonly 'max-bytes': string; readonly 'max-entries': string },
  signal: AbortSignal,
): Promise<void> {
  const limits = { bytes: count(flags['max-bytes']), entries: count(flags['max-entries']) };
  const { servers, address, credentials } = readEnvironment(environment);
  const connection = new Connection({ servers, address, credentials, say: sayOnStderr });
  connection.start();
  try {
    await fetchInputs({
      connection,
      dataFolder: required(environment, TRAINER_ENV.data),
      resumeFolder: required(environment, TRAINER_ENV.resume),
      cacheFolder: environment[DATA_CACHE_ENV] || undefined,
      limits,
      say: sayOnStderr,
      signal,
    });
  } finally {
    await connection.close();
  }
}

function count(text: string): number {
  if (/^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new UsageError(`not a positive whole number: ${text}`);
}

/** In a pod the message is all that is left of a failed init container. */
function leaveMessage(named: string | undefined, message: string): void {
  const path = named || DEFAULT_TERMINATION_LOG;
  try {
    accessSync(path, constants.W_OK);
    writeFileSync(path, JSON.stringify({ message: message.slice(0, 2_000) }));
  } catch {
    // Not in a pod: there is nobody to tell.
  }
}
