import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { TRAINER_ENV, type TrainerTask } from '@espalier/api';
import { invalid } from '../failure.ts';
import { printable } from '../render/printable.ts';
import type { AttemptPlaces } from './scratch.ts';

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly seconds: number;
  /** It was killed because it took too long. */
  readonly isOverdue: boolean;
}

export interface AttemptRequest {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly task: TrainerTask;
  readonly data: string;
  readonly places: AttemptPlaces;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Ends the process at once. */
  readonly signal: AbortSignal;
}

/** A trainer that runs. */
export class RunningAttempt {
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #graceMs: number;
  #isOverdue = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param limitMs It is killed after so long.
   * @throws {Failure} `ended` does, if there is no such program.
   */
  constructor(request: AttemptRequest, limitMs: number) {
    const { command, cwd, places, signal } = request;
    const [file = '', ...args] = command;
    const log = openSync(places.log, 'a');
    const started = performance.now();
    // A group of its own, so that nothing of it outlives the check.
    const options = { cwd, detached: true, stdio: ['ignore', log, log] as const };
    this.#child = spawn(file, args, { ...options, stdio: [...options.stdio], env: env(request) });
    closeSync(log);
    this.#graceMs = request.graceMs;
    this.#killIn(limitMs);
    const kill = () => this.#kill();
    signal.addEventListener('abort', kill, { once: true });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', (cause) => {
        clearTimeout(this.#timer);
        reject(invalid(`cannot start ${printable(file)}: ${cause.message}`));
      });
      this.#child.once('exit', (code, end) => {
        clearTimeout(this.#timer);
        signal.removeEventListener('abort', kill);
        this.#kill();
        const seconds = (performance.now() - started) / 1000;
        resolve({ code, signal: end, seconds, isOverdue: this.#isOverdue });
      });
    });
    this.ended.catch(() => {});
  }

  /** SIGTERM to the process itself, as a kubelet sends it; killed if it takes longer than its grace. */
  terminate(): void {
    this.#child.kill('SIGTERM');
    this.#killIn(this.#graceMs);
  }

  #killIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isOverdue = true;
      this.#kill();
    }, ms);
  }

  #kill(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // Nothing of the group is left.
    }
  }
}

function env({ env: inherited, task, data, places, graceMs }: AttemptRequest): NodeJS.ProcessEnv {
  return {
    ...inherited,
    [TRAINER_ENV.trial]: JSON.stringify(task),
    [TRAINER_ENV.data]: data,
    [TRAINER_ENV.out]: places.out,
    [TRAINER_ENV.report]: `file:${places.report}`,
    [TRAINER_ENV.resume]: places.resume,
    [TRAINER_ENV.terminationLog]: places.terminationLog,
    [TRAINER_ENV.cpuThreads]: '1',
    [TRAINER_ENV.graceSeconds]: String(Math.ceil(graceMs / 1000)),
  };
}
