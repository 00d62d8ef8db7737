import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Our trainer beside this workspace: its sources where this file is one, else what was built. */
const CANDIDATES: readonly (readonly [string, readonly string[]])[] = import.meta.url.endsWith(
  '.ts',
)
  ? [['../../trainer-image/src/main.ts', ['--conditions=@espalier/source']]]
  : [
      ['../../trainer-image/dist/main.js', []],
      ['../../trainer-image/src/main.ts', ['--conditions=@espalier/source']],
    ];

/**
 * What runs when a manifest names no `trainer.command`: our own trainer, or `undefined` if it is not
 * installed here.
 */
export function defaultTrainerCommand(): readonly string[] | undefined {
  for (const [place, flags] of CANDIDATES) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(path)) return [process.execPath, ...flags, path, 'trial'];
  }
  return undefined;
}
