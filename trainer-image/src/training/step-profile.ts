/** Where a step's time goes, in the order in which it goes there. */
export const STEP_PARTS = ['data', 'forward', 'loss', 'backward', 'norm', 'update'] as const;
export type StepPart = (typeof STEP_PARTS)[number];

/** Sums the milliseconds of each part of the steps. */
export class StepProfile {
  readonly #sums = new Map<StepPart, number>();
  /** Of the steps from the second epoch on, when all images are decoded. */
  readonly #later = { data: 0, all: 0 };
  #steps = 0;
  #epoch = 0;
  #mark = 0;

  /** The next step begins, in epoch `epoch` (from 0). */
  begin(epoch: number): void {
    this.#epoch = epoch;
    this.#mark = performance.now();
  }

  /** What passed since the last mark was `part`. Ops block until they are done, so this is their time. */
  mark(part: StepPart): void {
    const now = performance.now();
    const ms = now - this.#mark;
    this.#sums.set(part, (this.#sums.get(part) ?? 0) + ms);
    if (this.#epoch > 0) {
      this.#later.all += ms;
      if (part === 'data') this.#later.data += ms;
    }
    if (part === STEP_PARTS.at(-1)) this.#steps += 1;
    this.#mark = now;
  }

  /** A table, the mean of all steps, and the share of waiting for data once all is decoded. */
  lines(): string[] {
    const total = [...this.#sums.values()].reduce((a, b) => a + b, 0);
    if (this.#steps === 0 || total === 0) return ['Profile: no step was made.'];
    const rows = STEP_PARTS.map((part) => {
      const sum = this.#sums.get(part) ?? 0;
      const [ms, share] = [sum / this.#steps, (100 * sum) / total];
      return `  ${part.padEnd(9)}${ms.toFixed(2).padStart(10)} ms${share.toFixed(1).padStart(7)} %`;
    });
    const mean = (total / this.#steps).toFixed(2).padStart(10);
    const lines = [
      `Profile of ${this.#steps} steps, mean per step:`,
      ...rows,
      `  step     ${mean} ms`,
    ];
    if (this.#later.all > 0) {
      const share = ((100 * this.#later.data) / this.#later.all).toFixed(2);
      lines.push(`  data from the second epoch on: ${share} % of a step`);
    }
    return lines;
  }
}
