import type { HistoryEntry } from '@espalier/search';

/** Entries by configuration number; results arrive nearly in order, so an insert moves few. */
export class SortedHistory {
  readonly entries: HistoryEntry[] = [];

  has(number: number): boolean {
    return this.entries[this.position(number)]?.index === number;
  }

  set(entry: HistoryEntry): void {
    const at = this.position(entry.index);
    this.entries.splice(at, this.entries[at]?.index === entry.index ? 1 : 0, entry);
  }

  delete(number: number): void {
    const at = this.position(number);
    if (this.entries[at]?.index === number) this.entries.splice(at, 1);
  }

  private position(number: number): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.entries[middle] as HistoryEntry).index < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
