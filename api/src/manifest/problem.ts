import { escapeText } from './quote-text.ts';

/** Path of a field from the root of a document. */
export type ManifestPath = readonly (string | number)[];

/** A stretch of one line; `line` and `column` count from 1, in characters. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** One thing that is wrong with a manifest, and where. */
export interface ManifestProblem extends Place {
  readonly path: ManifestPath;
  /** Without path, place and suggestion. */
  readonly message: string;
  /** What was probably meant: a name that is valid there. */
  readonly suggestion?: string;
}

/** Columns of a source line that are printed around the place. */
const MAX_SHOWN = 100;

/** `spec.parameters[2].when`; keys that are no names are quoted. */
export function formatPath(path: ManifestPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `["${escapeText(part.slice(0, 64))}"]`;
  }
  return text;
}

/** The sentence of a problem, with the suggestion. */
export function problemSentence(problem: Pick<ManifestProblem, 'message' | 'suggestion'>): string {
  if (problem.suggestion === undefined) return problem.message;
  return `${problem.message}; did you mean "${escapeText(problem.suggestion)}"?`;
}

/**
 * `file:line:column: path: message`, then the line with carets under the place, each line ended by a
 * newline. Safe to print whatever the manifest holds.
 */
export function formatProblem(problem: ManifestProblem, text: string, fileName: string): string {
  const place = `${escapeText(fileName)}:${problem.line}:${problem.column}`;
  const path = problem.path.length === 0 ? '' : `${formatPath(problem.path)}: `;
  const head = `${place}: ${path}${problemSentence(problem)}\n`;
  const source = lineOf(text, problem.line);
  if (source === undefined) return head;
  const chars = Array.from(source);
  const from = chars.length <= MAX_SHOWN ? 0 : Math.max(0, problem.column - 1 - MAX_SHOWN / 4);
  const shown = chars.slice(from, from + MAX_SHOWN).map(oneColumn);
  const at = problem.column - 1 - from;
  const carets = '^'.repeat(Math.max(1, Math.min(problem.length, shown.length - at)));
  const number = String(problem.line).padStart(4);
  return `${head}${number} | ${shown.join('')}\n     | ${' '.repeat(Math.max(0, at))}${carets}\n`;
}

/** What stands for a character so that the carets below stay under their place. */
function oneColumn(char: string): string {
  if (char === '\t') return ' ';
  return escapeText(char) === char ? char : '\ufffd';
}

function lineOf(text: string, line: number): string | undefined {
  let start = 0;
  for (let i = 1; i < line; i++) {
    start = text.indexOf('\n', start) + 1;
    if (start === 0) return undefined;
  }
  const end = text.indexOf('\n', start);
  return text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
}
