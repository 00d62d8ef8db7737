import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ContainerState } from '../kube-types.ts';
import { type OwnProcess, type ProcessEnd, signalGroup, startProcess } from '../own-process.ts';
import { expand, type PathMap, pathMap, type Volumes } from './pod-files.ts';
import type { ContainerSpec } from './pod-spec.ts';

/** What an image runs on this machine. */
export interface ProcessImage {
  /** Runs unless the container names a `command`, before the container's `args`. */
  readonly entrypoint: readonly string[];
  /** Programs of the image that a `command` may begin with: `{ courier: ['node', 'main.ts'] }`. */
  readonly programs?: Readonly<Record<string, readonly string[]>>;
  /** Variables of the image, with paths of the container; those of the container come after them. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ContainerPlace {
  readonly podFolder: string;
  /** stdout and stderr. */
  readonly logFile: string;
}

const MESSAGE_BYTES = 4096;

/** One container of a pod, as a process of this machine. */
export class Container {
  readonly spec: ContainerSpec;
  readonly logFile: string;
  state: ContainerState = { waiting: { reason: 'PodInitializing' } };
  restarts = 0;
  /** Of this machine, for a path of the container; it has none before its volumes are there. */
  paths: PathMap = () => {
    throw new Error(`container ${this.spec.name} has not started`);
  };
  /** Its variables that come from Secrets. */
  secrets: Readonly<Record<string, string>> = {};
  #process: OwnProcess | undefined;
  #isOutOfMemory = false;
  #isKilled = false;
  readonly #folder: string;
  readonly #image: ProcessImage | undefined;

  constructor(spec: ContainerSpec, place: ContainerPlace, image: ProcessImage | undefined) {
    this.spec = spec;
    this.logFile = place.logFile;
    this.#folder = join(place.podFolder, 'containers', spec.name);
    this.#image = image;
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(this.logFile, '');
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get isRunning(): boolean {
    return this.state.running !== undefined;
  }

  get exitCode(): number | undefined {
    return this.state.terminated?.exitCode;
  }

  /** Starts it; `ended` resolves once it has ended and its state says how. */
  async start(volumes: Volumes): Promise<{ readonly ended: Promise<void> }> {
    const startedAt = new Date().toISOString();
    const terminationLog = join(this.#folder, 'termination-log');
    this.paths = pathMap(this.spec, volumes, terminationLog);
    writeFileSync(terminationLog, '');
    let process: OwnProcess;
    try {
      const [command = '', ...args] = this.#argv();
      process = await startProcess({
        name: this.spec.name,
        command,
        args,
        env: this.#environment(),
        cwd: this.#folder,
        logFile: this.logFile,
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const terminated = { exitCode: 128, reason: 'StartError', message, startedAt };
      this.state = { terminated: { ...terminated, finishedAt: new Date().toISOString() } };
      return { ended: Promise.resolve() };
    }
    this.#process = process;
    this.state = { running: { startedAt } };
    if (this.#isKilled) this.signal('SIGKILL');
    const ended = process.ended.then((end) => {
      // A container ends with its first process, whatever else it has started.
      signalGroup(process.pid, 'SIGKILL');
      const message = readMessage(terminationLog);
      this.state = {
        terminated: {
          ...this.#endOf(end),
          startedAt,
          finishedAt: new Date().toISOString(),
          ...(message === '' ? {} : { message }),
        },
      };
    });
    return { ended };
  }

  /** Whether its startup probe succeeds now; without one it has started when it runs. */
  async hasStarted(): Promise<boolean> {
    const [command, ...args] = this.spec.startupProbe?.exec?.command ?? [];
    if (!this.isRunning || command === undefined) return this.isRunning;
    const mapped = args.map((arg) => this.paths(arg));
    return promisify(execFile)(command, mapped, { env: this.#environment() }).then(
      () => true,
      () => false,
    );
  }

  /** Sends a signal to the first process of the container, as runtimes do. */
  signal(signal: NodeJS.Signals): void {
    if (this.#process?.end === undefined && this.#process !== undefined) {
      process.kill(this.#process.pid, signal);
    }
  }

  /** SIGKILL, also if it is just being started. */
  kill(): void {
    this.#isKilled = true;
    this.signal('SIGKILL');
  }

  /** What the kernel does to a process that takes more memory than its limit. */
  runOutOfMemory(): void {
    this.#isOutOfMemory = true;
    this.signal('SIGKILL');
  }

  #endOf({ exitCode, signal }: ProcessEnd): { exitCode: number; reason: string } {
    if (this.#isOutOfMemory) return { exitCode: 137, reason: 'OOMKilled' };
    const code = exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
    return { exitCode: code, reason: code === 0 ? 'Completed' : 'Error' };
  }

  #environment(): Record<string, string> {
    const values: Record<string, string> = { TMPDIR: this.paths('/tmp') };
    for (const [name, value] of Object.entries(this.#image?.env ?? {})) {
      values[name] = this.paths(value);
    }
    for (const { name, value = '' } of this.spec.env ?? []) {
      values[name] = this.secrets[name] ?? this.paths(expand(value, values));
    }
    return values;
  }

  #argv(): string[] {
    const { command, args = [] } = this.spec;
    const values = Object.fromEntries((this.spec.env ?? []).map((e) => [e.name, e.value ?? '']));
    const own = (texts: readonly string[]) => texts.map((t) => this.paths(expand(t, values)));
    if (command === undefined) return [...(this.#image?.entrypoint ?? []), ...own(args)];
    const [program = '', ...rest] = own(command);
    return [...(this.#image?.programs?.[program] ?? [program]), ...rest, ...own(args)];
  }
}

function readMessage(file: string): string {
  try {
    return readFileSync(file).subarray(0, MESSAGE_BYTES).toString();
  } catch {
    return '';
  }
}
