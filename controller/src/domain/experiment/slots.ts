import { leftOf } from '../time.ts';

/** What one Trial does to the Experiment's pod budget. */
export interface SlotUse {
  readonly index: number;
  /** Its pods that may still run a process, of any attempt. */
  readonly live: number;
  /** It has not ended and its current attempt has no pod. */
  readonly needsPod: boolean;
  /** Its pod ended, and that is not counted yet. */
  readonly isUncounted: boolean;
}

/**
 * An ended pod whose result is not counted yet holds off new Trials for this long, so that the next
 * suggestion sees the result; the slot itself is free at once. It counts from when this process first
 * saw the end: after a restart that may be long after it, and still nothing is counted yet.
 */
export const SETTLE_MS = 2000;

/**
 * The pods of one Experiment against `trials.parallel` (G14): at most that many run or are about to.
 *
 * A slot is reserved before the call that creates a pod, because the cache shows the pod only later,
 * and stays reserved until the cache does (or the Trial ends). Losing the table (a restart) is
 * harmless: caches are then read anew.
 */
export class SlotTable {
  private readonly uses = new Map<string, SlotUse>();
  private readonly reserved = new Set<string>();
  private readonly waiting = new Set<string>();
  /** Since when each is seen to have ended; undefined = since the next look. */
  private readonly settling = new Map<string, number | undefined>();
  private liveCount = 0;

  /** Pods that may run a process, and pods about to be created. */
  get taken(): number {
    return this.liveCount + this.reserved.size;
  }

  get live(): number {
    return this.liveCount;
  }

  update(trialUid: string, use: SlotUse): void {
    this.liveCount += use.live - (this.uses.get(trialUid)?.live ?? 0);
    this.uses.set(trialUid, use);
    mark(this.waiting, trialUid, use.needsPod);
    if (!use.isUncounted) this.settling.delete(trialUid);
    else if (!this.settling.has(trialUid)) this.settling.set(trialUid, undefined);
    if (!use.needsPod) this.reserved.delete(trialUid);
  }

  remove(trialUid: string): void {
    this.liveCount -= this.uses.get(trialUid)?.live ?? 0;
    this.reserved.delete(trialUid);
    this.waiting.delete(trialUid);
    this.settling.delete(trialUid);
    this.uses.delete(trialUid);
  }

  /** Whether this Trial is among the first that may have a pod now. */
  hasSlot(trialUid: string, parallel: number): boolean {
    if (this.reserved.has(trialUid)) return true;
    const own = this.uses.get(trialUid);
    if (own?.needsPod !== true) return false;
    let free = parallel - this.taken;
    for (const uid of this.waiting) {
      if (free <= 0) return false;
      if (this.reserved.has(uid)) continue;
      if ((this.uses.get(uid)?.index ?? 0) < own.index) free -= 1;
    }
    return free > 0;
  }

  /** Takes the slot that `hasSlot` promises; false if somebody was faster. */
  reserve(trialUid: string, parallel: number): boolean {
    if (!this.hasSlot(trialUid, parallel)) return false;
    this.reserved.add(trialUid);
    return true;
  }

  /** The Trials, in the order of their numbers, that may have a pod now and have not taken a slot. */
  startable(parallel: number): readonly string[] {
    const free = parallel - this.taken;
    if (free <= 0 || this.waiting.size === this.reserved.size) return [];
    return [...this.waiting]
      .filter((uid) => !this.reserved.has(uid))
      .sort((a, b) => (this.uses.get(a)?.index ?? 0) - (this.uses.get(b)?.index ?? 0))
      .slice(0, free);
  }

  /** How many new Trials there is room for, and when to look again if results are on their way. */
  room(parallel: number, nowMs: number): { readonly free: number; readonly againMs?: number } {
    let held = 0;
    let againMs: number | undefined;
    for (const [uid, sinceMs = nowMs] of this.settling) {
      this.settling.set(uid, sinceMs);
      const leftMs = leftOf(SETTLE_MS, sinceMs, nowMs);
      if (leftMs === 0) continue;
      held += 1;
      againMs = Math.min(againMs ?? leftMs, leftMs);
    }
    const free = Math.max(0, parallel - this.liveCount - this.waiting.size - held);
    return againMs === undefined ? { free } : { free, againMs };
  }
}

function mark(set: Set<string>, uid: string, isIn: boolean): void {
  if (isIn) set.add(uid);
  else set.delete(uid);
}
