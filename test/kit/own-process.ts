import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** What to start and where its output goes. */
export interface ProcessOptions {
  /** Short name for messages. @default the command's file name */
  readonly name?: string;
  readonly command: string;
  readonly args?: readonly string[];
  /** Added to PATH, HOME and TMPDIR; nothing else of this process's environment is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** stdout and stderr are appended here. */
  readonly logFile: string;
  /**
   * The process goes on when this one ends after {@link OwnProcess.release}, and is stopped by its recorded id.
   * @default false: the kernel kills it together with this process, even after a SIGKILL
   */
  readonly outlives?: boolean;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of our own, in a process group of its own, that ends at the latest with this process. */
export interface OwnProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when it has ended, however that came. */
  readonly ended: Promise<ProcessEnd>;
  /** Undefined while it runs. */
  readonly end: ProcessEnd | undefined;
  /** Sends a signal to the whole group; does nothing once the process has ended. */
  signal(signal: NodeJS.Signals): void;
  /** SIGSTOP: it keeps its sockets and does nothing, like a machine that hangs. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<ProcessEnd>;
  /** SIGTERM, then SIGKILL after `graceMs`, and waits for the end. @default 5_000 */
  stop(graceMs?: number): Promise<ProcessEnd>;
  /** A process that may outlive this one is from now on left alone when this one ends. */
  release(): void;
  /** Once it has ended: a sentence with the end of its log; for `unless` of `waitFor`. */
  whyEnded(): string | undefined;
  /** The last lines of the log, for messages. */
  tail(lines?: number): string;
}

const running = new Set<OwnProcess>();

// The kernel does this too, but only for the direct child; a group may have more members.
process.once('exit', () => {
  for (const own of running) own.signal('SIGKILL');
});

const passedOn = ['PATH', 'HOME', 'TMPDIR', 'LANG'] as const;

function environment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const base = passedOn.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(base), ...env };
}

/** Makes the kernel kill the program when the thread that starts it ends; undefined where it cannot. */
function parentDeathPrefix(): readonly string[] | undefined {
  return ['/usr/bin/setpriv', '/bin/setpriv']
    .filter(existsSync)
    .map((path) => [path, '--pdeathsig', 'KILL', '--'])[0];
}

/**
 * Starts a process that cannot be left behind.
 *
 * `setpriv` asks the kernel for a SIGKILL when the starting thread ends and then becomes the program,
 * so the id is the program's own. Where setpriv is missing only a normal exit of this process stops it.
 *
 * @throws {Error} if the command cannot be started.
 */
export async function startProcess(options: ProcessOptions): Promise<OwnProcess> {
  const { command, args = [], env = {}, cwd, logFile, outlives = false } = options;
  const name = options.name ?? basename(command);
  const prefix = outlives ? [] : (parentDeathPrefix() ?? []);
  const [file = command, ...rest] = [...prefix, command, ...args];
  const log = openSync(logFile, 'a');
  let child: ChildProcess;
  try {
    child = spawn(file, rest, {
      detached: true,
      stdio: ['ignore', log, log],
      env: environment(env),
      ...(cwd === undefined ? {} : { cwd }),
    });
  } finally {
    closeSync(log);
  }
  const { promise: ended, resolve } = Promise.withResolvers<ProcessEnd>();
  const { promise: spawned, resolve: onSpawn, reject } = Promise.withResolvers<void>();
  child.once('spawn', onSpawn);
  child.once('error', (cause) => reject(new Error(`cannot start ${name} (${command})`, { cause })));
  child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  await spawned;
  const own = ownProcess(name, child, logFile, ended);
  running.add(own);
  void ended.then(() => running.delete(own));
  return own;
}

function ownProcess(
  name: string,
  child: ChildProcess,
  logFile: string,
  ended: Promise<ProcessEnd>,
): OwnProcess {
  const pid = child.pid as number;
  let end: ProcessEnd | undefined;
  void ended.then((value) => {
    end = value;
  });
  const signal = (what: NodeJS.Signals): void => {
    if (end === undefined) signalGroup(pid, what);
  };
  const own: OwnProcess = {
    name,
    pid,
    logFile,
    ended,
    get end() {
      return end;
    },
    signal,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    kill: () => {
      signal('SIGKILL');
      return ended;
    },
    stop: async (graceMs = 5_000) => {
      signal('SIGTERM');
      signal('SIGCONT'); // a paused process would only see the SIGTERM much later
      const timer = setTimeout(() => signal('SIGKILL'), graceMs);
      try {
        return await ended;
      } finally {
        clearTimeout(timer);
      }
    },
    release: () => {
      running.delete(own);
      child.unref();
    },
    whyEnded: () =>
      end && `${name} ended with ${end.signal ?? end.exitCode}:\n${tailOf(logFile, 15)}`,
    tail: (lines = 15) => tailOf(logFile, lines),
  };
  return own;
}

/** Sends a signal to a process group that may be gone already; tells whether it was there. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** The last lines of a file, or an empty text if it cannot be read. */
export function tailOf(file: string, lines: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

/**
 * The start time of a process in clock ticks since boot, or undefined if there is none with this id.
 * Together with the id it names a process for good, since ids are used again.
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
