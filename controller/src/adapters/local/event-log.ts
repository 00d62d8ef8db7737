import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { ObjectKey } from '../../ports/key.ts';
import { keyText } from '../../ports/key.ts';
import type { Clock, EventRecord, EventSink, ObjectEvent } from '../../ports/telemetry.ts';
import { isSafeName, type Layout } from './layout.ts';

export interface EventLogOptions {
  readonly layout: Layout;
  readonly clock: Clock;
  readonly onEvent?: (event: EventRecord) => void;
}

/** Distinct events kept per Experiment; the oldest go first. */
const KEPT_EVENTS = 500;
/** Lines of a file before it is written anew, without what newer lines say. */
const MAX_LINES = 2000;
/** How long the count of a repeated event may be behind on disk. */
const FLUSH_MS = 2000;

interface Journal {
  readonly path: string;
  readonly events: Map<string, EventRecord>;
  readonly dirty: Set<string>;
  lines: number;
}

/**
 * Events of an Experiment and its Trials as JSON lines, each new one at once and repeated ones with
 * their count from time to time. They tell people what happened and decide nothing, so they are not
 * fsynced, and a failure to write one is ignored.
 */
export class EventLog implements EventSink {
  readonly #options: EventLogOptions;
  readonly #journals = new Map<string, Journal>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EventLogOptions) {
    this.#options = options;
  }

  emit(event: ObjectEvent): void {
    const journal = this.#journal(experimentOf(event));
    const id = idOf(event);
    const known = journal.events.get(id);
    const nowMs = this.#options.clock.now();
    const record: EventRecord = {
      ...event,
      firstMs: known?.firstMs ?? nowMs,
      lastMs: nowMs,
      count: (known?.count ?? 0) + 1,
    };
    // Deleting first moves it to the end: the map's order is that of the last time.
    journal.events.delete(id);
    journal.events.set(id, record);
    for (const oldest of journal.events.keys()) {
      if (journal.events.size <= KEPT_EVENTS) break;
      journal.events.delete(oldest);
    }
    if (known === undefined) append(journal, [record]);
    else journal.dirty.add(id);
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
    this.#options.onEvent?.(record);
  }

  events(experiment: ObjectKey): readonly EventRecord[] {
    return [...this.#journal(experiment).events.values()];
  }

  /** The Experiment is gone, and a later one of its name has events of its own. */
  remove(experiment: ObjectKey): void {
    const journal = this.#journal(experiment);
    this.#journals.delete(keyText(experiment));
    rmSync(journal.path, { force: true });
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const journal of this.#journals.values()) {
      append(
        journal,
        [...journal.dirty].flatMap((id) => journal.events.get(id) ?? []),
      );
      journal.dirty.clear();
    }
  }

  #journal(experiment: ObjectKey): Journal {
    const known = this.#journals.get(keyText(experiment));
    if (known !== undefined) return known;
    const path = this.#options.layout.eventFile(experiment);
    const records = readEvents(this.#options.layout, experiment);
    const journal: Journal = {
      path,
      events: new Map(records.map((record) => [idOf(record), record])),
      dirty: new Set(),
      lines: records.length,
    };
    this.#journals.set(keyText(experiment), journal);
    return journal;
  }
}

/** The events of one Experiment as its file tells them, oldest first; broken lines are passed over. */
export function readEvents(layout: Layout, experiment: ObjectKey): readonly EventRecord[] {
  if (!isSafeName(experiment.namespace) || !isSafeName(experiment.name)) return [];
  const byId = new Map<string, EventRecord>();
  let text = '';
  try {
    text = readFileSync(layout.eventFile(experiment), 'utf8');
  } catch {
    // No event yet.
  }
  for (const line of text.split('\n')) {
    const record = parseRecord(line);
    if (record === undefined) continue;
    byId.delete(idOf(record));
    byId.set(idOf(record), record);
  }
  return [...byId.values()].slice(-KEPT_EVENTS);
}

/** In whose file an event belongs; the name of a Trial is its Experiment's and its index. */
function experimentOf({ kind, namespace, name }: ObjectEvent): ObjectKey {
  return { namespace, name: kind === 'Trial' ? name.replace(/-\d{5}$/, '') : name };
}

function idOf(event: ObjectEvent): string {
  return [event.kind, event.name, event.uid, event.reason, event.message].join('\0');
}

function append(journal: Journal, records: readonly EventRecord[]): void {
  if (records.length === 0) return;
  try {
    mkdirSync(dirname(journal.path), { recursive: true });
    if (journal.lines + records.length > MAX_LINES) {
      const temporary = `${journal.path}.${process.pid}.tmp`;
      writeFileSync(temporary, linesOf([...journal.events.values()]));
      renameSync(temporary, journal.path);
      journal.lines = journal.events.size;
      return;
    }
    appendFileSync(journal.path, linesOf(records));
    journal.lines += records.length;
  } catch {
    // A full disk is told by the writes that matter; an event about it would only fail as well.
  }
}

function linesOf(records: readonly EventRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

function parseRecord(line: string): EventRecord | undefined {
  try {
    const read = JSON.parse(line) as Record<string, unknown>;
    const texts = ['namespace', 'name', 'uid', 'reason', 'message'];
    const numbers = ['firstMs', 'lastMs', 'count'];
    const isRecord =
      (read['kind'] === 'Experiment' || read['kind'] === 'Trial') &&
      (read['type'] === 'Normal' || read['type'] === 'Warning') &&
      texts.every((name) => typeof read[name] === 'string') &&
      numbers.every((name) => typeof read[name] === 'number');
    return isRecord ? (read as unknown as EventRecord) : undefined;
  } catch {
    return undefined;
  }
}
