import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** A folder of the enclosing suite, gone with it. */
export function useScratch(label: string): string {
  const folder = mkdtempSync(join(tmpdir(), `espalier-fuzz-${label}-`));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
