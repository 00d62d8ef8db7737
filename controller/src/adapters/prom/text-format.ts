/** One family of the page: what Prometheus shows of it, and the words above its samples. */
export interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
}

/**
 * Longer names are not shown: Prometheus refuses the whole page if one label is beyond its
 * `labelValueLengthLimit` (bytes; a unit of UTF-16 takes at most three).
 */
export const MAX_LABEL_UNITS = 128;

/** A number as the text format writes it; Go's `ParseFloat` reads what JavaScript writes. */
export function sampleValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** `name="value"` by commas, for between the braces. Names are ours, values may be anything. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

/** Whether a text can be a label as it is: two that cannot would become one series. */
export function isShowable(value: string): boolean {
  return value.length <= MAX_LABEL_UNITS && value.isWellFormed();
}

/** The beginning of a text, as a label; only where it need not tell series apart. */
export function cutLabel(value: string): string {
  const text = value.toWellFormed();
  if (text.length <= MAX_LABEL_UNITS) return text;
  // A half of a pair at the end becomes U+FFFD.
  return `${text.slice(0, MAX_LABEL_UNITS - 1).toWellFormed()}…`;
}

function escapeLabel(value: string): string {
  if (!/[\\"\n]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** A page under construction: samples in any order, written out family by family as the format wants. */
export class Page {
  readonly #lines = new Map<Family, string[]>();

  /** `head` is what stands before the value: see {@link headOf}. */
  add(family: Family, head: string, value: number): void {
    let lines = this.#lines.get(family);
    if (lines === undefined) {
      lines = [];
      this.#lines.set(family, lines);
    }
    lines.push(head + sampleValue(value));
  }

  /** Families without a sample are left out. Each piece is whole lines. */
  *pieces(): Generator<string> {
    for (const [{ name, type, help }, lines] of this.#lines) {
      yield `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
      for (let at = 0; at < lines.length; at += PIECE_LINES) {
        yield `${lines.slice(at, at + PIECE_LINES).join('\n')}\n`;
      }
    }
  }
}

const PIECE_LINES = 5_000;

/** What stands before the value of a sample; worth keeping, since it is most of the line. */
export function headOf({ name }: Family, labels: string): string {
  return `${name}{${labels}} `;
}
