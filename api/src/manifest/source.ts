import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import { formatProblem, type ManifestPath, type ManifestProblem, type Place } from './problem.ts';

/** Which end of a field a problem is about. */
export type PlaceOf = 'value' | 'key';

/** Text of a manifest file with its line starts. */
export class ManifestText {
  readonly text: string;
  readonly #lineStarts: readonly number[];

  constructor(text: string) {
    this.text = text;
    const starts = [0];
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1))
      starts.push(at + 1);
    this.#lineStarts = starts;
  }

  /** The place of the characters from `start` to `end`, cut at the end of the first line. */
  place(start: number, end: number): Place {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= start) low = middle;
      else high = middle - 1;
    }
    const lineStart = this.#lineStarts[low] ?? 0;
    const lineEnd = (this.#lineStarts[low + 1] ?? this.text.length + 1) - 1;
    const column = characters(this.text.slice(lineStart, start)) + 1;
    const length = characters(this.text.slice(start, Math.min(end, lineEnd)).trimEnd());
    return { line: low + 1, column, length: Math.max(1, length) };
  }

  /** The place of a node of the parsed document; of the first line, if it spans several. */
  placeOfNode(node: unknown): Place {
    const range = hasRange(node) ? node.range : undefined;
    return this.place(range?.[0] ?? 0, range?.[1] ?? 0);
  }
}

/** One document of a manifest file: finds the place of any path, also of one that does not exist. */
export class ManifestSource {
  readonly fileName: string;
  readonly #text: ManifestText;
  readonly #document: Document;
  readonly #targets: ReadonlyMap<Alias, Node>;

  constructor(
    fileName: string,
    text: ManifestText,
    document: Document,
    targets: ReadonlyMap<Alias, Node>,
  ) {
    this.fileName = fileName;
    this.#text = text;
    this.#document = document;
    this.#targets = targets;
  }

  /**
   * The place of a field's value or key; if there is no such field, that of the key of the nearest
   * field around it that exists, and at last the beginning of the document.
   */
  locate(path: ManifestPath, of: PlaceOf = 'value'): Place {
    let value: unknown = this.#document.contents;
    let key: unknown;
    for (const part of path) {
      const child = this.#child(value, part);
      if (child === undefined) return this.#text.placeOfNode(key ?? firstKey(value) ?? value);
      ({ key, value } = child);
    }
    if (of === 'key' && key !== undefined) return this.#text.placeOfNode(key);
    return this.#text.placeOfNode(isEmptyValue(value) ? (key ?? value) : value);
  }

  /** A problem with the field at `path`. */
  problem(
    path: ManifestPath,
    message: string,
    more: { suggestion?: string | undefined; of?: PlaceOf } = {},
  ): ManifestProblem {
    const { suggestion, of = 'value' } = more;
    const place = this.locate(path, of);
    return { path, message, ...place, ...(suggestion !== undefined && { suggestion }) };
  }

  /** The problem as text for people, see `formatProblem`. */
  format(problem: ManifestProblem): string {
    return formatProblem(problem, this.#text.text, this.fileName);
  }

  #child(parent: unknown, part: string | number): { key: unknown; value: unknown } | undefined {
    const node = isAlias(parent) ? this.#targets.get(parent) : parent;
    if (isSeq(node) && typeof part === 'number') {
      const item = node.items[part];
      return item === undefined ? undefined : { key: item, value: item };
    }
    if (!isMap(node)) return undefined;
    const pair = node.items.find(
      ({ key }) => isScalar(key) && (key.value === part || key.source === part),
    );
    return pair === undefined ? undefined : { key: pair.key, value: pair.value };
  }
}

function hasRange(node: unknown): node is { range: readonly number[] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function firstKey(node: unknown): unknown {
  return isMap(node) ? node.items[0]?.key : undefined;
}

/** `key:` with nothing behind it: the parser puts the value somewhere after the key. */
function isEmptyValue(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null && node.source === '');
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
