import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a contestant is started as. */
export interface Start {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process that makes one training step when asked. */
export class Contestant {
  readonly name: string;
  readonly times: number[] = [];
  /** Of the processor: what others on the machine disturb less. */
  readonly cpuTimes: number[] = [];
  version = '';
  peakRssMB = 0;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor({ name, command, args, environment = {} }: Start) {
    this.name = name;
    const env = { ...process.env, ...environment };
    this.#child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error(`${name} has no output`);
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  async ready(): Promise<void> {
    this.version = String((await this.#next())['ready']);
  }

  async step(): Promise<void> {
    this.#child.stdin?.write('\n');
    const { ms, cpuMs, peakRssMB } = await this.#next();
    this.times.push(Number(ms));
    this.cpuTimes.push(Number(cpuMs));
    this.peakRssMB = Math.round(Number(peakRssMB));
  }

  get medianMs(): number {
    return Math.round(median(this.times));
  }

  get medianCpuMs(): number {
    return Math.round(median(this.cpuTimes));
  }

  end(): void {
    this.#child.stdin?.end();
  }

  async #next(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`${this.name} ended`);
    return JSON.parse(value);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
