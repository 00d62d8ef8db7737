import { Counter, Gauge, type Registry } from 'prom-client';

/** What is known of NATS at the moment; undefined = it is not configured, which never changes. */
export interface StreamNumbers {
  readonly isNatsConnected: boolean | undefined;
  /** Whether everything in the stream was read. */
  readonly isCaughtUp: boolean | undefined;
  readonly feed: FeedNumbers | undefined;
}

/** Since the start of the process. */
interface FeedNumbers {
  readonly folded: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly replays: number;
}

/** Adds gauges and counters that are read off `numbers` whenever a page is made. */
export function addStreamMetrics(registry: Registry, numbers: () => StreamNumbers): void {
  const feed = () => numbers().feed;
  if (feed() === undefined) return;
  const registers = [registry];
  new Gauge({
    name: 'espalier_nats_connected',
    help: 'Whether there is a connection to NATS: 1 or 0.',
    registers,
    collect() {
      this.set(numbers().isNatsConnected ? 1 : 0);
    },
  });
  new Gauge({
    name: 'espalier_nats_caught_up',
    help: 'Whether everything in the stream of reports was read: 1 or 0; always 0 unless leading.',
    registers,
    collect() {
      this.set(numbers().isCaughtUp ? 1 : 0);
    },
  });
  new Counter({
    name: 'espalier_reports_folded_total',
    help: 'Messages of trainers that were folded; replayed ones count again.',
    registers,
    collect() {
      this.reset();
      this.inc(feed()?.folded ?? 0);
    },
  });
  new Counter({
    name: 'espalier_reports_refused_total',
    help: 'Messages of trainers that counted for nothing, by reason.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(feed()?.refused ?? {})) {
        this.inc({ reason }, count);
      }
    },
  });
  new Counter({
    name: 'espalier_stream_replays_total',
    help: 'Times that the stream of reports was read again from its start.',
    registers,
    collect() {
      this.reset();
      this.inc(feed()?.replays ?? 0);
    },
  });
}
