import type { Experiment, Trial } from '@espalier/api';
import type { PodView } from '../domain/trial/pod-view.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { Call, Cluster } from '../ports/cluster.ts';
import { EspalierError } from '../ports/errors.ts';
import type { Clock, Logger } from '../ports/telemetry.ts';

/** A log is worth this much of a worker's time. */
const KEEP_MS = 10_000;
/** A store that failed is left alone for so long; what ends meanwhile loses its log. */
const STORE_REST_MS = 30_000;

export interface LogKeeperPorts {
  readonly cluster: Pick<Cluster, 'podLog'>;
  readonly artifacts: Pick<ArtifactStore, 'keepLog'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Keeps what the process of an ended pod printed, if the trainer left no log of its own: best effort,
 * so it takes a bounded time, never throws, and tells each cause of failure once until it worked again.
 */
export class LogKeeper {
  readonly #ports: LogKeeperPorts;
  /** Causes, by what failed. */
  readonly #told = { read: new Set<string>(), keep: new Set<string>() };
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(ports: LogKeeperPorts) {
    this.#ports = ports;
  }

  async keep(experiment: Experiment, trial: Trial, pod: PodView, call: Call): Promise<void> {
    const { artifacts, clock, cluster } = this.#ports;
    // Without an exit code nothing ran, or its node is lost with the log.
    if (pod.end?.exitCode === undefined || clock.monotonic() < this.#restsUntilMs) return;
    const bounded = boundedCall(call, clock);
    const read = async (): Promise<Uint8Array | undefined> => {
      try {
        const text = await cluster.podLog(pod, bounded);
        this.#told.read.clear();
        return text;
      } catch (error) {
        if (!call.signal.aborted) this.#tell('read', pod, error);
        return undefined;
      }
    };
    try {
      await artifacts.keepLog(experiment, trial, pod.attempt, read, bounded);
      this.#told.keep.clear();
    } catch (error) {
      if (call.signal.aborted) return;
      this.#restsUntilMs = clock.monotonic() + STORE_REST_MS;
      this.#tell('keep', pod, error);
    } finally {
      bounded.done();
    }
  }

  #tell(what: 'read' | 'keep', { namespace, name }: PodView, error: unknown): void {
    const cause = causeOf(error);
    if (this.#told[what].has(cause)) return;
    this.#told[what].add(cause);
    const fields = { what, namespace, name, error: String(error) };
    this.#ports.log.warn('the log of a pod is lost', fields);
  }
}

/** The same for every pod, so that a cause is known again. */
function causeOf(error: unknown): string {
  if (error instanceof EspalierError) return error.code;
  return error instanceof Error ? error.name : typeof error;
}

function boundedCall({ signal }: Call, clock: Clock): Call & { done(): void } {
  const late = new AbortController();
  const over = new AbortController();
  clock.sleep(KEEP_MS, { signal: over.signal }).then(
    () => late.abort(new Error(`not done within ${KEEP_MS} ms`)),
    () => undefined,
  );
  return { signal: AbortSignal.any([signal, late.signal]), done: () => over.abort() };
}
