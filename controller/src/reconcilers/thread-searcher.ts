import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { algorithmInfo, type History, type Problem, type Suggestion } from '@espalier/search';
import type { Call } from '../ports/cluster.ts';
import type { Logger } from '../ports/telemetry.ts';
import { Questioner, type SearchAnswer } from './search-messages.ts';
import { IN_PROCESS_SEARCHER, type Searcher } from './searcher.ts';

interface Asked {
  readonly resolve: (suggestion: Suggestion) => void;
  readonly reject: (reason: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly questioner: Questioner;
  readonly asked: Map<number, Asked>;
}

/**
 * Computes what takes long on a thread of its own, and the rest on this one, where the answer is
 * there before a thread would have heard the question.
 *
 * The thread starts with the first such question. If it dies, the questions that it had fail, whoever
 * asked asks again, and a new thread is told everything anew: it knows nothing that is not here.
 */
export class ThreadSearcher implements Searcher {
  private readonly log: Logger;
  private readonly file: URL;
  private thread: Thread | undefined;
  private isClosed = false;

  /** @param file The program of the thread; another one only in tests. */
  constructor(log: Logger, file: URL = threadProgram()) {
    this.log = log;
    this.file = file;
  }

  async suggest(
    problem: Problem,
    history: History,
    configuration: number,
    call: Call,
  ): Promise<Suggestion> {
    const { heavyFrom = Number.POSITIVE_INFINITY } = algorithmInfo(problem.algorithm) ?? {};
    if (history.entries.length < heavyFrom) {
      return IN_PROCESS_SEARCHER.suggest(problem, history, configuration, call);
    }
    const { signal } = call;
    signal.throwIfAborted();
    if (this.isClosed) throw new Error('the search thread was closed');
    this.thread ??= this.start();
    const { worker, questioner, asked } = this.thread;
    const question = questioner.ask(problem, history, configuration);
    const { promise, resolve, reject } = Promise.withResolvers<Suggestion>();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    asked.set(question.id, { resolve, reject });
    // A thread that has something to do keeps the process alive, an idle one does not.
    worker.ref();
    worker.postMessage(question);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Ends the thread in the middle of whatever it does. */
  async close(): Promise<void> {
    this.isClosed = true;
    const { thread } = this;
    if (thread === undefined) return;
    this.lose(thread, new Error('the search thread was closed'));
    await thread.worker.terminate();
  }

  private start(): Thread {
    const worker = new Worker(this.file);
    const thread: Thread = { worker, questioner: new Questioner(), asked: new Map() };
    worker.on('message', (answer: SearchAnswer) => {
      const asked = thread.asked.get(answer.id);
      thread.asked.delete(answer.id);
      if (thread.asked.size === 0) worker.unref();
      if ('suggestion' in answer) asked?.resolve(answer.suggestion);
      else asked?.reject(new Error(`${answer.error.name}: ${answer.error.message}`));
    });
    worker.on('error', (error) => this.died(thread, error));
    worker.on('messageerror', (error) => this.died(thread, error));
    worker.on('exit', (code) => this.died(thread, new Error(`it exited with ${code}`)));
    worker.unref();
    return thread;
  }

  private died(thread: Thread, cause: unknown): void {
    if (this.thread !== thread) return;
    this.log.error('the search thread died', { error: String(cause), asked: thread.asked.size });
    this.lose(thread, new Error(`the search thread died: ${String(cause)}`, { cause }));
    void thread.worker.terminate();
  }

  private lose(thread: Thread, reason: Error): void {
    this.thread = undefined;
    for (const { reject } of thread.asked.values()) reject(reason);
    thread.asked.clear();
  }
}

/** It has this file's extension: .ts when run from sources, .js when built. */
function threadProgram(): URL {
  return new URL(`./search-thread${extname(import.meta.url)}`, import.meta.url);
}
