import type { Channel } from '../channel.ts';
import { liveFrame } from '../render/live.ts';
import { Screen } from '../screen.ts';
import { Trends } from '../view/trends.ts';
import { trialRow } from '../view/trial-row.ts';
import type { RunDisplay, Snapshot } from './snapshot.ts';

/** Times pass even when nothing is reported. */
const TICK_MS = 1000;

/** A table that is drawn over itself, on a terminal. */
export class LiveDisplay implements RunDisplay {
  readonly #channel: Channel;
  readonly #now: () => number;
  readonly #startedMs: number;
  readonly #screen: Screen;
  readonly #trends = new Trends();
  readonly #ticker: NodeJS.Timeout;
  readonly #offResize: () => void;
  #snapshot: Snapshot | undefined;
  #notice: string | undefined;

  constructor(channel: Channel, now: () => number) {
    this.#channel = channel;
    this.#now = now;
    this.#startedMs = now();
    this.#screen = new Screen(channel);
    this.#offResize = channel.onResize(() => this.#draw());
    this.#ticker = setInterval(() => this.#draw(), TICK_MS);
    this.#ticker.unref();
  }

  update(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#trends.observe(snapshot.experiment, snapshot.trials);
    this.#draw();
  }

  notice(text: string): void {
    this.#notice = text;
    this.#draw();
  }

  /** The table goes on, and says so by itself. */
  settled(): void {
    this.#notice = undefined;
    this.#draw();
  }

  close(): void {
    clearInterval(this.#ticker);
    this.#offResize();
    this.#screen.clear();
  }

  #draw(): void {
    const size = this.#channel.size();
    if (this.#snapshot === undefined || size === undefined) return;
    const { experiment, trials } = this.#snapshot;
    const nowMs = this.#now();
    const view = {
      experiment,
      rows: trials.map((trial) => trialRow(experiment, trial, nowMs)),
      trendOf: (trial: string) => this.#trends.of(trial),
      elapsedMs: nowMs - this.#startedMs,
      ...(this.#notice === undefined ? {} : { notice: this.#notice }),
    };
    this.#screen.draw(liveFrame(view, size, this.#channel.paint));
  }
}
