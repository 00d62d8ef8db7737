/** How many images of a label were taken for which class; by label, then class, without zeros. */
export type Confusion = readonly (readonly [label: number, predicted: number, images: number])[];

/** Counts what a pass over labelled images takes them for. */
export class ConfusionTally {
  readonly #counts = new Map<number, Map<number, number>>();

  add(labels: Int32Array, predicted: Int32Array): void {
    for (const [place, label] of labels.entries()) {
      const taken = predicted[place] ?? 0;
      const row = this.#counts.get(label) ?? new Map<number, number>();
      row.set(taken, (row.get(taken) ?? 0) + 1);
      this.#counts.set(label, row);
    }
  }

  rows(): Confusion {
    return [...this.#counts]
      .flatMap(([label, row]) => [...row].map(([taken, images]) => [label, taken, images] as const))
      .sort(([a, c], [b, d]) => a - b || c - d);
  }
}

/** `extra/confusion.csv`. */
export function confusionTable(confusion: Confusion): string {
  return `${['label,predicted,count', ...confusion.map((row) => row.join(','))].join('\n')}\n`;
}
