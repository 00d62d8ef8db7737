import { EXIT, type ExitCode } from '../exit-codes.ts';

/** SIGPIPE stands for a reader of our output that went away. */
export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE';

/** How a command ends that a signal ended. */
export const EXIT_OF: Readonly<Record<EndSignal, ExitCode>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.terminated,
  SIGPIPE: EXIT.brokenPipe,
};

/** Tells when the process is asked to end; after `off` the signals do what they always do. */
export interface SignalSource {
  on(listener: (signal: EndSignal) => void): { off(): void };
}

export interface Interruptible {
  interrupt(): Promise<void>;
  kill(): Promise<void>;
}

export type Stage = 'running' | 'interrupting' | 'killing';

/**
 * Ctrl-C once lets the trainers save and end, Ctrl-C again ends them at once; nothing becomes
 * terminal either way. SIGTERM and SIGHUP count as the first one only, since whoever sends them
 * repeats them out of impatience and not out of knowledge.
 */
export class Interrupts {
  readonly #runner: Interruptible;
  readonly #onStage: (stage: Stage) => void;
  readonly #subscription: { off(): void };
  readonly #ended = Promise.withResolvers<ExitCode>();
  #stage: Stage = 'running';

  constructor(signals: SignalSource, runner: Interruptible, onStage: (stage: Stage) => void) {
    this.#runner = runner;
    this.#onStage = onStage;
    this.#subscription = signals.on((signal) => this.signal(signal));
    // Whoever never waits for it must not meet an unhandled rejection.
    this.#ended.promise.catch(() => {});
  }

  /** Settles once the trainers have ended after an interrupt; never without one. */
  get ended(): Promise<ExitCode> {
    return this.#ended.promise;
  }

  get stage(): Stage {
    return this.#stage;
  }

  signal(signal: EndSignal): void {
    const exitCode = EXIT_OF[signal];
    if (this.#stage === 'running') {
      this.#enter('interrupting', this.#runner.interrupt(), exitCode);
    } else if (this.#stage === 'interrupting' && signal === 'SIGINT') {
      this.#enter('killing', this.#runner.kill(), exitCode);
    } else if (this.#stage === 'killing' && signal === 'SIGINT') {
      // Whatever the kill waits for: the next run ends what is left over.
      this.#ended.resolve(exitCode);
    }
  }

  #enter(stage: Stage, work: Promise<void>, exitCode: ExitCode): void {
    this.#stage = stage;
    this.#onStage(stage);
    work.then(
      () => this.#ended.resolve(exitCode),
      (error: unknown) => this.#ended.reject(error),
    );
  }

  close(): void {
    this.#subscription.off();
  }
}
