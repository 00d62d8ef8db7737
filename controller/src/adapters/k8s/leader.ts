import type { Call } from '../../ports/cluster.ts';
import type { Clock, Logger } from '../../ports/telemetry.ts';
import { isAlreadyExists, isConflict, isNotFound } from './api-error.ts';
import type { LeaseRecord, LeaseStore } from './lease-store.ts';

export interface LeaderOptions {
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Who we are: unique to this process, also over restarts of the same pod. */
  readonly identity: string;
  /** Others may take over after so long without a renewal. Default 15 s. */
  readonly leaseDurationMs?: number;
  /** We stop acting after so long without a renewal; shorter than the lease. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Default 2 s. */
  readonly retryPeriodMs?: number;
  /** From 0 to 1: keeps candidates from asking at the same moment. */
  readonly random: () => number;
  readonly onChange?: (isLeader: boolean) => void;
}

/** A lease that is held; the signal aborts at the latest when others might take over. */
export interface Leadership {
  readonly signal: AbortSignal;
}

/**
 * Leader election by a Lease, after client-go.
 *
 * Time is monotonic and our own: the times in the Lease are for people, because two machines' clocks
 * may differ. A foreign lease counts as expired once it was *seen* unchanged for its whole duration;
 * our own counts from the moment before the renewal was sent, so we stop first. That is no fence: a
 * paused process may send one more write after it wakes, so {@link LeaderElection.assertHeld} stands
 * before every write, and every write is safe with two leaders.
 */
export class LeaderElection {
  readonly #options: LeaderOptions;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  #record: LeaseRecord | undefined;
  /** When `#record` was first seen as it is. */
  #seenAt = 0;
  #heldUntil = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? (this.#leaseDurationMs * 2) / 3;
    this.#retryPeriodMs = options.retryPeriodMs ?? this.#renewDeadlineMs / 5;
    if (this.#renewDeadlineMs >= this.#leaseDurationMs) {
      throw new RangeError('renewDeadlineMs must be less than leaseDurationMs');
    }
  }

  get isHeld(): boolean {
    return this.#options.clock.monotonic() < this.#heldUntil;
  }

  /** @throws {Error} if somebody else may lead by now. */
  assertHeld(): void {
    if (!this.isHeld) throw new Error('this process does not hold the lease any more');
  }

  /** Waits for the lease, holds it while `lead` runs, and gives it back; returns when either ends. */
  async run(signal: AbortSignal, lead: (leadership: Leadership) => Promise<void>): Promise<void> {
    const { clock, log, identity, onChange } = this.#options;
    while ((await this.#tryWithin(this.#renewDeadlineMs / 3)) !== true) {
      if (signal.aborted) return;
      await clock.sleep(this.#pauseMs(), { signal }).catch(() => undefined);
    }
    log.info('leading', { identity });
    onChange?.(true);
    const lost = new AbortController();
    const both = AbortSignal.any([signal, lost.signal]);
    const work = lead({ signal: both });
    const ended = work.then(
      () => undefined,
      () => undefined,
    );
    const renewing = new AbortController();
    void ended.then(() => renewing.abort());
    await this.#renew(renewing.signal);
    lost.abort(new Error('the lease was lost'));
    await ended;
    await this.#release();
    onChange?.(false);
    return work;
  }

  /** Returns when the lease is lost, or its holder is done. The holder's shutdown is still led. */
  async #renew(done: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!done.aborted) {
      const leftMs = this.#heldUntil - clock.monotonic();
      if (leftMs <= 0) return log.error('lease lost: not renewed in time');
      const pause = Math.min(this.#retryPeriodMs, leftMs);
      await clock.sleep(pause, { signal: done }).catch(() => undefined);
      if (done.aborted) return;
      const isOurs = await this.#tryWithin(
        Math.min(this.#renewDeadlineMs / 3, this.#heldUntil - clock.monotonic()),
      );
      if (isOurs === 'lost') {
        this.#heldUntil = Number.NEGATIVE_INFINITY;
        return log.error('lease lost: somebody else holds it');
      }
    }
  }

  /** A request that hangs (half a connection) must not use up the time of the next one. */
  async #tryWithin(ms: number): Promise<boolean | 'lost'> {
    const timer = new AbortController();
    const late = this.#options.clock.sleep(Math.max(0, ms), { signal: timer.signal }).then(
      () => false,
      () => false,
    );
    try {
      return await Promise.race([this.#tryToHold({ signal: timer.signal }), late]);
    } finally {
      timer.abort();
    }
  }

  /** @returns whether the lease is ours now; 'lost' = certainly somebody else's. */
  async #tryToHold(call: Call): Promise<boolean | 'lost'> {
    const { store, clock, identity, log } = this.#options;
    const sentAt = clock.monotonic();
    try {
      // While we hold it the record is ours to know: renewing is one write and no read.
      const known = this.isHeld ? this.#record : await this.#look(call);
      if (known !== undefined && !this.#isFree(known)) {
        return this.isHeld ? 'lost' : false;
      }
      const record = this.#claim(known, identity);
      this.#remember(
        await (known === undefined ? store.create(record, call) : store.update(record, call)),
      );
      this.#heldUntil = sentAt + this.#renewDeadlineMs;
      return true;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) {
        // Somebody wrote it. If we still hold it, it may have been a person: look and write again.
        await this.#look(call).catch(() => undefined);
        const isTaken = this.#record !== undefined && this.#record.holder !== identity;
        return this.isHeld && isTaken ? 'lost' : false;
      }
      if (!call.signal.aborted) log.warn('lease request failed', { error: String(error) });
      return false;
    }
  }

  async #look(call: Call): Promise<LeaseRecord | undefined> {
    const found = await this.#options.store.get(call);
    if (found === undefined) this.#record = undefined;
    else if (found.resourceVersion !== this.#record?.resourceVersion) this.#remember(found);
    return this.#record;
  }

  #remember(record: LeaseRecord): void {
    this.#record = record;
    this.#seenAt = this.#options.clock.monotonic();
  }

  #isFree({ holder, durationMs }: LeaseRecord): boolean {
    if (holder === '' || holder === this.#options.identity) return true;
    return this.#options.clock.monotonic() - this.#seenAt >= durationMs;
  }

  #claim(known: LeaseRecord | undefined, identity: string): LeaseRecord {
    const nowMs = this.#options.clock.now();
    const isRenewal = known?.holder === identity;
    return {
      holder: identity,
      durationMs: this.#leaseDurationMs,
      acquiredMs: isRenewal ? known.acquiredMs : nowMs,
      renewedMs: nowMs,
      transitions: known === undefined ? 0 : known.transitions + (isRenewal ? 0 : 1),
      resourceVersion: known?.resourceVersion ?? '',
    };
  }

  /** Lets the next one in at once. */
  async #release(): Promise<void> {
    const { store, log } = this.#options;
    if (!this.isHeld || this.#record === undefined) return;
    const record = { ...this.#record, holder: '', durationMs: 1000 };
    try {
      await store.update(record, { signal: AbortSignal.timeout(5_000) });
    } catch (error) {
      log.warn('the lease could not be given back', { error: String(error) });
    }
    this.#heldUntil = Number.NEGATIVE_INFINITY;
  }

  #pauseMs(): number {
    return this.#retryPeriodMs * (0.8 + 0.4 * this.#options.random());
  }
}
