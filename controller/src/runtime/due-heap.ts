interface Due {
  readonly atMs: number;
  readonly key: string;
}

/** A binary heap of keys by due time; the caller decides whether a popped entry is still valid. */
export class DueHeap {
  private readonly entries: Due[] = [];

  get size(): number {
    return this.entries.length;
  }

  get first(): Due | undefined {
    return this.entries[0];
  }

  push(entry: Due): void {
    const { entries } = this;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (this.dueAt(parent) <= entry.atMs) break;
      entries[at] = entries[parent] as Due;
      at = parent;
    }
    entries[at] = entry;
  }

  pop(): Due | undefined {
    const { entries } = this;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && this.dueAt(child + 1) < this.dueAt(child)) child += 1;
      if (last.atMs <= this.dueAt(child)) break;
      entries[at] = entries[child] as Due;
      at = child;
    }
    entries[at] = last;
    return first;
  }

  private dueAt(index: number): number {
    return (this.entries[index] as Due).atMs;
  }
}
