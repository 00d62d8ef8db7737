import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail, pass, type Verdict } from './verdict.ts';

/** Large data sets are looked at in part. */
const MOST_ENTRIES = 20_000;
/** What interpreters leave beside sources is not the trainer's doing. */
const INNOCENT = /^(\.|__pycache__$|node_modules$)/;

/** What lay in folders that are not the trainer's. */
export class Untouchable {
  readonly #folders: readonly string[];
  readonly #cwd: string;
  readonly #before: ReadonlyMap<string, string>;
  readonly #names: ReadonlySet<string>;

  /** @param cwd Where it runs: on a cluster that is the image, which is read only. */
  constructor(folders: readonly string[], cwd: string) {
    this.#folders = folders;
    this.#cwd = cwd;
    this.#before = stamps(folders);
    this.#names = new Set(readdirSync(cwd));
  }

  judge(): Verdict {
    const promise = 'writes nothing but its own folders';
    const after = stamps(this.#folders);
    const changed = [...after].find(([path, stamp]) => this.#before.get(path) !== stamp)?.[0];
    const gone = [...this.#before.keys()].find((path) => !after.has(path));
    const left = readdirSync(this.#cwd).find(
      (name) => !this.#names.has(name) && !INNOCENT.test(name),
    );
    const found = changed ?? gone ?? (left === undefined ? undefined : join(this.#cwd, left));
    if (found === undefined) return pass(promise);
    const todo = 'write to ESPALIER_OUT, or to TMPDIR what need not stay; the rest is read only';
    return fail(promise, `${found} was written`, todo);
  }
}

function stamps(folders: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const waiting = [...folders];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const stats = lstatSync(path);
    found.set(path, `${stats.size} ${stats.mtimeMs}`);
    if (found.size >= MOST_ENTRIES) break;
    if (stats.isDirectory()) {
      for (const name of readdirSync(path)) waiting.push(join(path, name));
    }
  }
  return found;
}
