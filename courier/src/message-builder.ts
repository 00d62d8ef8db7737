import { encodePoint, type Point, type ReportChannel, type ReportLine } from '@espalier/api';

/** What goes out in one piece. */
export interface ReportMessage {
  readonly channel: ReportChannel;
  readonly data: string;
  /** The largest number of its points; -1 = it has none. */
  readonly topSeq: number;
  /** The state line that it is. */
  readonly state?: 'started' | 'finished';
}

const HEAD = '{"kind":"points","points":[';
const TAIL = ']}';
/** The reader takes no more points of one message. */
const MAX_POINTS = 5_000;

/** Merges the points of many lines into messages of at most `maxBytes`, unless a single point is longer. */
export class MessageBuilder {
  readonly #maxBytes: number;
  #points: string[] = [];
  #bytes = 0;
  #topSeq = -1;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#points.length === 0;
  }

  /** Adds a line's points, without those up to `skipTo`; gives back the messages that are full. */
  add(points: readonly Point[], skipTo: number): ReportMessage[] {
    const full: ReportMessage[] = [];
    for (const point of points) {
      if (point.seq <= skipTo) continue;
      const text = encodePoint(point);
      const bytes = Buffer.byteLength(text) + 1;
      const fits = this.#bytes + bytes + HEAD.length + TAIL.length <= this.#maxBytes;
      if (!fits || this.#points.length >= MAX_POINTS) full.push(...this.take());
      this.#points.push(text);
      this.#bytes += bytes;
      this.#topSeq = Math.max(this.#topSeq, point.seq);
    }
    return full;
  }

  /** What has gathered so far, if anything. */
  take(): ReportMessage[] {
    if (this.isEmpty) return [];
    const data = `${HEAD}${this.#points.join(',')}${TAIL}`;
    const message: ReportMessage = { channel: 'points', data, topSeq: this.#topSeq };
    this.#points = [];
    this.#bytes = 0;
    this.#topSeq = -1;
    return [message];
  }
}

/** The first or the last line of an attempt. */
export function stateMessage(line: Exclude<ReportLine, { kind: 'points' }>): ReportMessage {
  return { channel: 'state', data: JSON.stringify(line), topSeq: -1, state: line.kind };
}
