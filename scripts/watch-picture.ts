import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/**
 * Writes docs/pictures/watch.svg: the live table as a real terminal has it while the sweep of `make demo`
 * (real images) runs, its last frame in which it knows how long it will still take. Run `make demo` first,
 * which prepares the data: node --conditions=@espalier/source scripts/watch-picture.ts
 */

const ROOT = resolve(import.meta.dirname, '..');
const CACHE = process.env['ESPALIER_CACHE'] ?? join(homedir(), '.cache', 'espalier');
const DATA = join(CACHE, 'datasets', 'digits');
const PICTURE = join(ROOT, 'docs/pictures/watch.svg');
const [COLUMNS, ROWS] = [128, 22];
const CELL = { width: 8.4, height: 19 };
const PAD = 14;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const BEGINNING = /\r\x1b\[\d+A/;

if (!existsSync(DATA)) throw new Error(`there is no ${DATA}: make demo writes it`);
const state = mkdtempSync(join(tmpdir(), 'espalier-picture-'));
try {
  const frames = framesOf(await runOnTerminal(state));
  const shown = frames.findLast(([head = '']) => / left$/.test(stripVTControlCharacters(head)));
  if (shown === undefined) throw new Error('no frame tells how much time is left');
  writeFileSync(PICTURE, svgOf(shown));
} finally {
  rmSync(state, { recursive: true });
}

/** What a run writes on a terminal of that size. */
function runOnTerminal(dir: string): Promise<string> {
  const pty = ['test/integration/cli/on-pty.py', String(COLUMNS), String(ROWS)];
  const manifest = ['-f', 'manifests/samples/digits-sweep.yaml'];
  const run = ['cli/bin/espalier', 'run', ...manifest, '--dir', dir, '--data', DATA];
  const child = spawn('python3', [...pty, ...run], {
    cwd: ROOT,
    env: { ...process.env, TERM: 'xterm-256color' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((done, fail) => {
    child.on('error', fail).on('close', (code) => {
      if (code === 0) done(output);
      else fail(new Error(`the run ended with ${code}:\n${output.slice(-2000)}`));
    });
  });
}

/** Each frame begins where the last one did, ends by clearing what is below, and its lines so as well. */
function framesOf(output: string): readonly (readonly string[])[] {
  return output
    .split('\x1b[J')
    .map((text) => text.split(BEGINNING).at(-1) ?? '')
    .map((frame) => frame.split('\x1b[K\r\n').slice(0, -1))
    .filter((lines) => lines.length > 3);
}

interface Run {
  readonly column: number;
  readonly text: string;
  readonly classes: string;
}

/** Pieces of one look, each where it stands on the line. */
function runsOf(line: string): readonly Run[] {
  const runs: Run[] = [];
  const on = new Set<number>();
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
  for (const piece of line.split(/(\x1b\[\d+m)/)) {
    const code = Number(piece.slice(2, -1));
    if (piece.startsWith('\x1b')) {
      // 22 ends bold and dim, 24 underline, 39 a colour.
      for (const old of [...on]) if (code === endOf(old)) on.delete(old);
      if (code < 22 || (code > 29 && code < 39)) on.add(code);
      continue;
    }
    for (const { 0: text, index } of piece.matchAll(/\S+(?: \S+)*/g)) {
      const classes = [...on].map((one) => `c${one}`).join(' ');
      runs.push({ column: column + index, text, classes });
    }
    column += piece.length;
  }
  return runs;
}

function endOf(code: number): number {
  if (code > 29) return 39;
  return code === 4 ? 24 : 22;
}

function svgOf(lines: readonly string[]): string {
  const width = Math.ceil(COLUMNS * CELL.width + 2 * PAD);
  const height = lines.length * CELL.height + 2 * PAD;
  const rows = lines.map((line, row) => {
    const y = PAD + (row + 0.75) * CELL.height;
    const spans = runsOf(line).map(({ column, text, classes }) => {
      const place = `x="${(PAD + column * CELL.width).toFixed(1)}" textLength="${(text.length * CELL.width).toFixed(1)}"`;
      return `<tspan ${place}${classes === '' ? '' : ` class="${classes}"`}>${escaped(text)}</tspan>`;
    });
    return spans.length === 0 ? '' : `<text y="${y.toFixed(1)}">${spans.join('')}</text>\n`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>espalier run: the live table of a sweep</title>
<style>
rect { fill: #ffffff; stroke: #d0d7de } text { fill: #1f2328; font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
.c1 { font-weight: 700 } .c2 { fill: #59636e } .c4 { text-decoration: underline }
.c31 { fill: #b42318 } .c32 { fill: #116329 } .c33 { fill: #7d4e00 } .c36 { fill: #1b6a7d }
@media (prefers-color-scheme: dark) {
rect { fill: #0d1117; stroke: #3d444d } text { fill: #e6edf3 }
.c2 { fill: #9198a1 } .c31 { fill: #ff7b72 } .c32 { fill: #56d364 } .c33 { fill: #e3b341 } .c36 { fill: #56d4dd }
}
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${rows.join('')}</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
