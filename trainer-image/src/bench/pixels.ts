import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeImage } from '../data/decode.ts';
import { findPython, NO_PYTHON, printLine, runPython } from './python.ts';

/**
 * `node --conditions=@espalier/source trainer-image/src/bench/pixels.ts`: decodes and resizes crops of
 * scikit-image's 11 photographs here and by Pillow. Ends with 1 unless all are equal bit for bit.
 */

interface Case {
  readonly path: string;
  readonly side: number;
  readonly sha: string;
}

const python = findPython('PIL', 'skimage');
if (python === undefined) printLine({ bench: 'pixels', skipped: NO_PYTHON });
else {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-pixels-'));
  try {
    runPython(python, 'pillow.py', ['photographs', folder]);
    const cases: Case[] = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'));
    const different: string[] = [];
    for (const { path, side, sha } of cases) {
      const pixels = await decodeImage(path, side, 'exact');
      const digest = createHash('sha256').update(pixels).digest('hex');
      if (!digest.startsWith(sha)) different.push(path);
    }
    const equal = cases.length - different.length;
    printLine({ bench: 'pixels', cases: cases.length, equal, different });
    if (different.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
