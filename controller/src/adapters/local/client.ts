import { existsSync } from 'node:fs';
import type { DesiredState, Experiment, Trial } from '@espalier/api';
import { EspalierError } from '../../ports/errors.ts';
import type { ObjectKey } from '../../ports/key.ts';
import type { Clock, EventRecord } from '../../ports/telemetry.ts';
import type { Damage } from './damaged.ts';
import type { LocalClient, TrialView } from './engine.ts';
import { readEvents } from './event-log.ts';
import type { Layout } from './layout.ts';
import { logFileOf } from './log-files.ts';
import { OfflineFolder } from './offline.ts';
import { pointFilesOf } from './point-files.ts';
import { ask, NOBODY } from './socket-client.ts';
import { socketPath } from './socket-path.ts';
import { decodeTrialView, type SocketRequest, type WireTrialView } from './wire.ts';

/** How long a runner that holds the lock may take until it answers: it may be ending orphans. */
const ANSWER_MS = 15_000;
const RETRY_MS = 100;

/**
 * A folder as other commands see it. Each call asks the runner, and does the work itself if there is
 * none; runners may come and go between and during calls.
 */
export class FolderClient implements LocalClient {
  readonly #layout: Layout;
  readonly #clock: Clock;
  readonly #offline: OfflineFolder;
  readonly #orphanGraceMs: number;

  constructor(
    layout: Layout,
    clock: Clock,
    { orphanGraceMs, onDamage }: { orphanGraceMs: number; onDamage: (damage: Damage) => void },
  ) {
    this.#layout = layout;
    this.#clock = clock;
    this.#offline = new OfflineFolder(layout, clock, onDamage);
    this.#orphanGraceMs = orphanGraceMs;
  }

  async experiments(): Promise<readonly Experiment[]> {
    return this.#do({ method: 'experiments' }, async () => this.#offline.experiments());
  }

  async experiment(key: ObjectKey): Promise<Experiment | undefined> {
    return this.#do({ method: 'experiment', key }, async () => this.#offline.experiment(key));
  }

  async trials(key: ObjectKey): Promise<readonly TrialView[]> {
    const views = await this.#do<readonly WireTrialView[]>({ method: 'trials', key }, async () =>
      this.#offline.trials(key).map((trial) => ({ trial })),
    );
    return views.map(decodeTrialView);
  }

  async events(key: ObjectKey): Promise<readonly EventRecord[]> {
    return this.#do({ method: 'events', key }, async () => readEvents(this.#layout, key));
  }

  async setDesiredState(key: ObjectKey, state: DesiredState): Promise<Experiment> {
    return this.#do({ method: 'setDesiredState', key, state }, () =>
      this.#offline.setDesiredState(key, state),
    );
  }

  async deleteExperiment(key: ObjectKey): Promise<void> {
    await this.#do({ method: 'deleteExperiment', key }, () =>
      this.#offline.deleteExperiment(key, this.#orphanGraceMs),
    );
  }

  async logFile(trial: Trial, attempt?: number): Promise<string | undefined> {
    return logFileOf(this.#layout, trial, attempt);
  }

  async pointFiles(trial: Trial): Promise<readonly string[]> {
    return pointFilesOf(this.#layout, trial);
  }

  async isDriven(): Promise<boolean> {
    if (!existsSync(this.#layout.dir)) return false;
    const key = { namespace: 'default', name: 'nobody' };
    return (await ask(socketPath(this.#layout.dir), { method: 'experiment', key })) !== NOBODY;
  }

  async close(): Promise<void> {
    // Every call has a connection of its own.
  }

  async #do<T>(request: SocketRequest, offline: () => Promise<T>): Promise<T> {
    const deadline = this.#clock.monotonic() + ANSWER_MS;
    for (;;) {
      if (existsSync(this.#layout.dir)) {
        const answer = await ask(socketPath(this.#layout.dir), request);
        if (answer !== NOBODY) return answer as T;
      }
      try {
        return await offline();
      } catch (error) {
        // Somebody holds the folder, so it will answer soon, or is an edit that ends soon.
        const isHeld = error instanceof EspalierError && error.code === 'LockHeld';
        if (!isHeld || this.#clock.monotonic() >= deadline) throw error;
        await this.#clock.sleep(RETRY_MS, {});
      }
    }
  }
}
