import { type Channel, MemoryChannel } from '../channel.ts';
import { runCommandLine } from '../program.ts';
import { COLOUR_PAINT } from '../render/style.ts';
import type { EndSignal, SignalSource } from '../run/interrupts.ts';
import type { Surroundings } from '../surroundings.ts';
import type { FakeEngine } from './fake-engine.ts';
import { EPOCH_MS } from './objects.ts';

/** A terminal that remembers what was written; it does not interpret it. */
export class MemoryTerminal extends MemoryChannel {
  override readonly isTerminal = true;
  override readonly canRedraw = true;
  override readonly paint = COLOUR_PAINT;
  columns = 80;
  rows = 24;

  override size(): { columns: number; rows: number } {
    return { columns: this.columns, rows: this.rows };
  }
}

/** Signals that a test sends. */
export class FakeSignals implements SignalSource {
  readonly #listeners = new Set<(signal: EndSignal) => void>();

  on(listener: (signal: EndSignal) => void): { off(): void } {
    this.#listeners.add(listener);
    return { off: () => this.#listeners.delete(listener) };
  }

  send(signal: EndSignal): void {
    for (const listener of this.#listeners) listener(signal);
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandLineOptions {
  readonly stdout?: Channel & { text: string };
  readonly stderr?: Channel & { text: string };
  readonly signals?: SignalSource;
  readonly answer?: string;
  readonly answers?: Surroundings['ask'];
  readonly isPlugin?: boolean;
  readonly cwd?: string;
  readonly env?: Surroundings['env'];
}

/** Runs a command line one minute after the beginning of the tests' time, with the fake engine. */
export async function espalier(
  words: readonly string[],
  engine: FakeEngine,
  options: CommandLineOptions = {},
): Promise<Ran> {
  const { stdout = new MemoryChannel(), stderr = new MemoryChannel(), answer } = options;
  const exitCode = await runCommandLine(words, {
    stdout,
    stderr,
    isPlugin: options.isPlugin ?? false,
    env: options.env ?? {},
    cwd: options.cwd ?? process.cwd(),
    now: () => EPOCH_MS + 60_000,
    signals: options.signals ?? new FakeSignals(),
    engine: async () => engine,
    ask: options.answers ?? (answer === undefined ? undefined : async () => answer),
  });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}
