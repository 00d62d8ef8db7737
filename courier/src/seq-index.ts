const MAX_ENTRIES = 1024;

/**
 * Where in the file a point lies, about: sparse, of bounded size whatever the file's length, and never
 * behind the point that is looked for.
 */
export class SeqIndex {
  #seqs: number[] = [];
  #offsets: number[] = [];
  /** Of so many lines, one is remembered. */
  #stride = 1;
  #lines = 0;

  /** A line at `offset` begins with the point `seq`; lines are added in the order of the file. */
  add(seq: number, offset: number): void {
    // In a file whose numbers go back, only the ascending ones can be found again by halving.
    if (seq <= (this.#seqs.at(-1) ?? -1)) return;
    const isDue = this.#lines % this.#stride === 0;
    this.#lines += 1;
    if (!isDue) return;
    this.#seqs.push(seq);
    this.#offsets.push(offset);
    if (this.#seqs.length <= MAX_ENTRIES) return;
    this.#seqs = this.#seqs.filter((_, position) => position % 2 === 0);
    this.#offsets = this.#offsets.filter((_, position) => position % 2 === 0);
    this.#stride *= 2;
  }

  /** An offset from which every point from `seq` on comes. */
  find(seq: number): number {
    let low = 0;
    let high = this.#seqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#seqs[middle] ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return this.#offsets[low - 1] ?? 0;
  }

  clear(): void {
    this.#seqs = [];
    this.#offsets = [];
    this.#stride = 1;
    this.#lines = 0;
  }
}
