import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where one attempt of the trial under test finds its things, as in a pod. */
export interface AttemptPlaces {
  readonly out: string;
  readonly resume: string;
  readonly run: string;
  readonly report: string;
  readonly terminationLog: string;
  readonly log: string;
}

/** The folder in which a trainer is tried; it goes when the check is over, unless it is to stay. */
export class Scratch {
  readonly path = mkdtempSync(join(tmpdir(), 'espalier-check-'));
  readonly emptyData = join(this.path, 'data');

  constructor() {
    mkdirSync(this.emptyData);
  }

  attempt(name: string): AttemptPlaces {
    const folder = join(this.path, name);
    const run = join(folder, 'run');
    const places = { out: join(folder, 'out'), resume: join(folder, 'resume'), run };
    for (const each of Object.values(places)) mkdirSync(each, { recursive: true });
    return {
      ...places,
      report: join(run, 'report.jsonl'),
      terminationLog: join(run, 'termination-log'),
      log: join(folder, 'log.txt'),
    };
  }

  /** Fills the folder that an attempt resumes from, as an orchestrator does. */
  fill(resume: string, out: string, paths: readonly string[]): void {
    for (const path of paths) {
      mkdirSync(dirname(join(resume, path)), { recursive: true });
      copyFileSync(join(out, path), join(resume, path));
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
