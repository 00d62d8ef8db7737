import type { EndSignal, SignalSource } from './run/interrupts.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The signals of the process, and the end of whoever reads its output. */
export class ProcessSignals implements SignalSource {
  readonly #process: NodeJS.Process;
  readonly #listeners = new Set<(signal: EndSignal) => void>();

  constructor(process: NodeJS.Process) {
    this.#process = process;
  }

  on(listener: (signal: EndSignal) => void): { off(): void } {
    this.#listeners.add(listener);
    // As long as nobody listens, the signals end the process as always.
    const handlers = SIGNALS.map((signal) => [signal, () => listener(signal)] as const);
    for (const [signal, handler] of handlers) this.#process.on(signal, handler);
    return {
      off: () => {
        this.#listeners.delete(listener);
        for (const [signal, handler] of handlers) this.#process.off(signal, handler);
      },
    };
  }

  /** The reader of stdout went away. @returns whether somebody will see to the end. */
  brokenPipe(): boolean {
    for (const listener of this.#listeners) listener('SIGPIPE');
    return this.#listeners.size > 0;
  }
}
