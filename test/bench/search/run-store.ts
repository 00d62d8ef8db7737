import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** The outcome of one run: regrets after 10, 20, ... trials, and the mean log10 up to each budget. */
export interface Run {
  readonly regrets: readonly number[];
  readonly logs: readonly number[];
}

/** Runs by key; kept in a file if there is one, so that an interrupted bench goes on. */
export class RunStore {
  private readonly runs = new Map<string, Run>();
  private readonly file: string | undefined;

  constructor(file: string | undefined) {
    this.file = file;
    if (file === undefined || !existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      // The last line may be torn.
      if (!line.endsWith('}')) continue;
      const { key, ...run } = JSON.parse(line);
      this.runs.set(key, run);
    }
  }

  get(key: string): Run | undefined {
    return this.runs.get(key);
  }

  set(key: string, run: Run): void {
    this.runs.set(key, run);
    if (this.file !== undefined) appendFileSync(this.file, `${JSON.stringify({ key, ...run })}\n`);
  }
}
