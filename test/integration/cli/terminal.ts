import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ESPALIER, environment, type Sandbox } from './sandbox.ts';
import { Screen } from './screen.ts';

const CTRL_C = '03';
const CTRL_Z = '1a';

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than `espalier`, such as a shell. */
  readonly program?: string;
}

/** An `espalier` command on a real pseudo-terminal, and what its user sees. */
export class Terminal {
  readonly screen: Screen;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #output = '';

  constructor(sandbox: Sandbox, words: readonly string[], options: TerminalOptions) {
    const { columns, rows, env = {}, program = ESPALIER } = options;
    this.screen = new Screen(columns, rows);
    const script = join(import.meta.dirname, 'on-pty.py');
    this.#child = spawn('python3', [script, String(columns), String(rows), program, ...words], {
      cwd: sandbox.dir,
      env: environment({ TERM: 'xterm-256color', ...env }),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#closed = once(this.#child, 'close');
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.screen.write(text);
    });
  }

  /** Everything that was written, as bytes arrived. */
  get output(): string {
    return this.#output;
  }

  ctrlC(): void {
    this.#child.stdin?.write(`type ${CTRL_C}\n`);
  }

  ctrlZ(): void {
    this.#child.stdin?.write(`type ${CTRL_Z}\n`);
  }

  type(text: string): void {
    this.#child.stdin?.write(`type ${Buffer.from(text).toString('hex')}\n`);
  }

  resize(columns: number, rows: number): void {
    this.screen.columns = columns;
    this.screen.rows = rows;
    this.#child.stdin?.write(`size ${columns} ${rows}\n`);
  }

  /** Waits until the screen shows it. @throws with the screen if that takes too long. */
  async until(pattern: RegExp, timeoutMs = 60_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!pattern.test(this.screen.text())) {
      if (Date.now() > end || this.#child.exitCode !== null) {
        throw new Error(`the screen never showed ${pattern}:\n${this.screen.text()}`);
      }
      await sleep(20);
    }
  }

  async exitCode(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
    await this.#closed;
  }
}
