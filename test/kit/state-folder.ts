import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTimeOf } from './own-process.ts';

/** What the names of all state folders begin with. */
export const PREFIX = 'espalier-kit-';
const OWNER = 'owner';
const KEEP_LOGS_MS = 24 * 3600 * 1000;

/** A folder for the files of one server, gone at the latest when the next one is made. */
export interface StateFolder {
  readonly path: string;
  /** The path of a file or folder in it. */
  file(...parts: string[]): string;
  /** Lets it live as long as another process, which goes on when this one ends. */
  handOver(pid: number): void;
  /** Removes it; with `keepLogs` its `*.log` files stay for a day and their place is printed. */
  remove(options?: { readonly keepLogs?: boolean; readonly why?: string }): void;
}

const live = new Set<string>();
process.once('exit', (code) => {
  for (const path of live) {
    if (code === 0) rmSync(path, { recursive: true, force: true });
    else process.stderr.write(`# logs: ${path}\n`);
  }
});

/**
 * Makes a folder under the system's temporary folder, with a short path (Unix sockets allow 107 bytes).
 *
 * Also removes what killed test processes left: folders whose owner no longer runs.
 */
export function makeStateFolder(label: string): StateFolder {
  sweep();
  const path = mkdtempSync(join(tmpdir(), `${PREFIX}${label}-`));
  const setOwner = (pid: number) => writeFileSync(join(path, OWNER), `${pid} ${startTimeOf(pid)}`);
  setOwner(process.pid);
  live.add(path);
  return {
    path,
    file: (...parts) => join(path, ...parts),
    handOver: (pid) => {
      setOwner(pid);
      live.delete(path);
    },
    remove: ({ keepLogs = false, why = '' } = {}) => {
      live.delete(path);
      if (!keepLogs) {
        rmSync(path, { recursive: true, force: true });
        return;
      }
      for (const name of readdirSync(path)) {
        if (!name.endsWith('.log')) rmSync(join(path, name), { recursive: true, force: true });
      }
      process.stderr.write(`# logs of ${label} kept${why && ` (${why})`}: ${path}\n`);
    },
  };
}

function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    try {
      if (isAbandoned(path)) rmSync(path, { recursive: true, force: true });
    } catch {
      // another process sweeps it at the same moment, or it belongs to another user
    }
  }
}

/** Whether the process that a state folder belongs to has ended; kept logs are abandoned after a day. */
export function isAbandoned(path: string): boolean {
  const owner = join(path, OWNER);
  // Without an owner it holds logs that were kept on purpose, or is just being made.
  if (!existsSync(owner)) return Date.now() - statSync(path).mtimeMs > KEEP_LOGS_MS;
  const [pid, started] = readFileSync(owner, 'utf8').split(' ');
  return started !== undefined && startTimeOf(Number(pid)) !== started;
}
