import { linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Point, parseReportLine } from '@espalier/api';

const LOOK_MS = 100;
const TROUBLE = /"level":"(warn|error)","message":"([^"]*)"/;

/** What the program of one attempt printed, in the order of its starts. */
export interface AttemptLog {
  readonly attempt: number;
  readonly firstSeq: number;
  readonly points: readonly Point[];
  /** Whether it said that nothing more comes. */
  readonly finished: boolean;
}

/**
 * Keeps the logs of containers, which the kubelet removes with their pods: each gets a second name in a folder
 * of ours as soon as it is there.
 */
export class KeptLogs {
  readonly #from: string;
  readonly folder: string;
  readonly #known = new Set<string>();

  /** @param folder on the same file system. */
  constructor(from: string, folder: string) {
    this.#from = from;
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Looks until the signal aborts, and once more. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.look();
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
    this.look();
  }

  look(): void {
    // `<namespace>_<pod>_<uid>/<container>/<start>.log`
    for (const pod of entries(this.#from)) {
      for (const container of entries(join(this.#from, pod))) {
        for (const file of entries(join(this.#from, pod, container))) {
          const name = `${pod}_${container}_${file}`;
          if (!/^\d+\.log$/.test(file) || this.#known.has(name)) continue;
          this.#known.add(name);
          linkSync(join(this.#from, pod, container, file), join(this.folder, name));
        }
      }
    }
  }

  /** The attempts of a trial of which there is a log, in their order. */
  attemptsOf(namespace: string, trial: string): AttemptLog[] {
    const pattern = new RegExp(`^${namespace}_${trial}-a(\\d+)_[^_]+_trainer_\\d+\\.log$`);
    return [...this.#known]
      .flatMap((name): [number, string][] => {
        const attempt = pattern.exec(name)?.[1];
        return attempt === undefined ? [] : [[Number(attempt), name]];
      })
      .sort(([a], [b]) => a - b)
      .map(([attempt, name]) => readAttempt(attempt, this.#read(name)));
  }

  /** How often each warning and error stands in the logs of the controllers, whatever its numbers. */
  troubles(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const name of this.#known) {
      if (!name.includes('_controller_')) continue;
      for (const line of printedLines(this.#read(name))) {
        const [, level, message] = TROUBLE.exec(line) ?? [];
        if (message === undefined) continue;
        const what = `${level}: ${message.replaceAll(/\d[\d.:TZ-]*/g, '#')}`;
        counts[what] = (counts[what] ?? 0) + 1;
      }
    }
    return counts;
  }

  #read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }
}

/** What the program printed, from a log as container runtimes write it: `<time> <stream> <F or P> <text>`. */
export function printedLines(log: string): string[] {
  const lines: string[] = [];
  let begun = '';
  for (const entry of log.split('\n')) {
    const [, tag, text] = /^\S+ std(?:out|err) ([FP]) (.*)$/.exec(entry) ?? [];
    if (text === undefined) continue;
    begun += text;
    if (tag === 'P') continue;
    lines.push(begun);
    begun = '';
  }
  return lines;
}

/** The report in what an attempt printed. */
export function readAttempt(attempt: number, log: string): AttemptLog {
  let firstSeq = 0;
  let finished = false;
  const points: Point[] = [];
  for (const text of printedLines(log)) {
    if (!text.startsWith('{')) continue;
    const parsed = parseReportLine(text);
    if (!parsed.ok) throw new Error(`attempt ${attempt} printed ${text}: ${parsed.message}`);
    const { line } = parsed;
    if (line.kind === 'started') firstSeq = line.firstSeq;
    if (line.kind === 'points') points.push(...line.points);
    if (line.kind === 'finished') finished = true;
  }
  return { attempt, firstSeq, points, finished };
}

/** A pod's folder may go while we look. */
function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
