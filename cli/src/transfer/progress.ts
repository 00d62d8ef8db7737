import { type Channel, writeLines } from '../channel.ts';
import { formatDuration } from '../render/duration.ts';
import { formatBytes } from '../render/number.ts';
import { truncate } from '../render/width.ts';
import { Screen } from '../screen.ts';

const REDRAW_MS = 100;
/** Where nothing can be drawn over: a line for each of so many parts of the way. */
const LINES = 10;
/** A rate over less says nothing. */
const LEAST_RATE_MS = 500;

/** How far a transfer is: a line that is drawn over itself on a terminal, else a line now and then. */
export class TransferProgress {
  readonly #channel: Channel;
  readonly #now: () => number;
  readonly #label: string;
  readonly #total: number;
  readonly #startedMs: number;
  readonly #screen: Screen | undefined;
  #done = 0;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #line = 0;

  /** @param label What is done: `uploading`. */
  constructor(channel: Channel, now: () => number, label: string, total: number) {
    this.#channel = channel;
    this.#now = now;
    this.#label = label;
    this.#total = total;
    this.#startedMs = now();
    this.#screen = channel.canRedraw ? new Screen(channel) : undefined;
  }

  add(bytes: number): void {
    this.#done += bytes;
    if (this.#screen === undefined) this.#writeLine();
    else if (this.#now() - this.#drawnMs >= REDRAW_MS) this.#draw(this.#screen);
  }

  /** A line that stays. */
  notice(text: string): void {
    this.#screen?.clear();
    writeLines(this.#channel, [text]);
  }

  close(): void {
    this.#screen?.clear();
  }

  #draw(screen: Screen): void {
    this.#drawnMs = this.#now();
    screen.draw([truncate(this.#text(), this.#channel.size()?.columns ?? 80)]);
  }

  #writeLine(): void {
    const line = Math.floor((this.#done / this.#total) * LINES);
    // The last one is said by whoever says what came of it.
    if (line <= this.#line || line >= LINES) return;
    this.#line = line;
    writeLines(this.#channel, [this.#text()]);
  }

  #text(): string {
    const share = Math.floor((this.#done / this.#total) * 100);
    const size = `${formatBytes(this.#done)} of ${formatBytes(this.#total)}`;
    const ms = this.#now() - this.#startedMs;
    const text = `${this.#label} ${String(share).padStart(3)} %  ${size}`;
    if (ms < LEAST_RATE_MS || this.#done === 0) return text;
    const leftMs = (ms / this.#done) * (this.#total - this.#done);
    const rate = formatBytes(Math.round((this.#done / ms) * 1000));
    return `${text}  ${rate}/s  ${formatDuration(leftMs)} left`;
  }
}
