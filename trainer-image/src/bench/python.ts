import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPTS = fileURLToPath(new URL('../../../scripts/parity', import.meta.url));

/** The Python that `scripts/parity/setup.sh` made; undefined if there is none with `modules`. */
export function findPython(...modules: readonly string[]): string | undefined {
  const { ESPALIER_PARITY_VENV, XDG_CACHE_HOME } = process.env;
  const cache = join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'espalier');
  const python = join(ESPALIER_PARITY_VENV ?? join(cache, 'parity-venv'), 'bin', 'python');
  if (!existsSync(python)) return undefined;
  const finds = modules.map((name) => `importlib.util.find_spec(${JSON.stringify(name)})`);
  const code = `import importlib.util, sys; sys.exit(None in [${finds.join(',')}])`;
  return spawnSync(python, ['-c', code]).status === 0 ? python : undefined;
}

export const NO_PYTHON = 'no Python with these packages: run scripts/parity/setup.sh';

/** Runs a script of `scripts/parity`; its stdout. */
export function runPython(
  python: string,
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): string {
  return execFileSync(python, [join(SCRIPTS, script), ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** One line of JSON on stdout. */
export function printLine(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
