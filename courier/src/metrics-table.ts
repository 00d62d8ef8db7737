import type { Point } from '@espalier/api';

const MAX_ROWS = 100_000;
const MAX_COLUMNS = 256;

/**
 * `metrics.csv` for a trainer that wrote none: a row per epoch, each value the last one that was reported
 * with that epoch. Of bounded size, whatever is added.
 */
export class MetricsTable {
  readonly #rows = new Map<number, { step: number; readonly values: Map<string, number> }>();
  readonly #names = new Set<string>();

  add({ epoch, step, values }: Point): void {
    const row = this.#rows.get(epoch) ?? { step, values: new Map() };
    if (this.#rows.size >= MAX_ROWS && !this.#rows.has(epoch)) return;
    this.#rows.set(epoch, row);
    row.step = step;
    for (const [name, value] of Object.entries(values)) {
      if (!this.#names.has(name) && this.#names.size >= MAX_COLUMNS) continue;
      this.#names.add(name);
      row.values.set(name, value);
    }
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  toString(): string {
    const names = [...this.#names];
    const lines = [...this.#rows]
      .sort(([a], [b]) => a - b)
      .map(([epoch, { step, values }]) =>
        [epoch, step, ...names.map((name) => values.get(name) ?? '')].join(','),
      );
    return `${[['epoch', 'step', ...names.map(quoted)].join(','), ...lines].join('\n')}\n`;
  }
}

/** @see RFC 4180 */
function quoted(name: string): string {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
