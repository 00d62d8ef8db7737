import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { storageError } from './durable-file.ts';
import { failpoint } from './failpoint.ts';
import { RUN_FILE } from './run-record.ts';
import type { TrainerCommand } from './trainer-command.ts';

/**
 * Runs the trainer and then writes its exit code beside it, so that a trial which completes while no
 * runner lives is not run again. It costs about 2 ms. The words of the trainer's command are
 * parameters, which the shell passes on and never reads; it survives the SIGTERM that goes to the
 * whole group. An ended trainer is named by its code, or by 128 + the signal.
 */
const LAUNCHER = [
  'record=$1; shift',
  'trap : HUP INT TERM',
  '"$@"',
  'code=$?',
  'printf "%s\\n" "$code" > "$record"',
  'exit "$code"',
].join('\n');

export interface Launch {
  readonly command: TrainerCommand;
  readonly env: Readonly<Record<string, string>>;
  readonly runFolder: string;
}

/**
 * Starts a trainer as the leader of a process group of its own; the promise resolves once it runs.
 * Its output goes to a file and not to us: a pipe would break when the runner dies, and the trainer
 * with it.
 *
 * @throws EspalierError Storage if no process could be started.
 */
export async function launch(request: Launch): Promise<ChildProcess & { readonly pid: number }> {
  let log: number;
  try {
    log = openSync(join(request.runFolder, RUN_FILE.log), 'a', 0o644);
  } catch (cause) {
    throw storageError(`cannot open the log in ${request.runFolder}`, cause);
  }
  try {
    const child = spawn(
      '/bin/sh',
      [
        '-c',
        LAUNCHER,
        'espalier-launcher',
        join(request.runFolder, RUN_FILE.exit),
        request.command.file,
        ...request.command.args,
      ],
      { detached: true, stdio: ['ignore', log, log], env: { ...request.env } },
    );
    // Libuv has forked by now, so the number is there unless the start failed.
    if (child.pid === undefined) throw await startFailure(child);
    failpoint('spawned');
    return Object.assign(child, { pid: child.pid });
  } finally {
    closeSync(log);
  }
}

async function startFailure(child: ChildProcess): Promise<Error> {
  const cause = await new Promise<unknown>((resolve) => child.once('error', resolve));
  return storageError('cannot start a process', cause);
}
