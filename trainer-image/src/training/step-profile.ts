/** Where a step's time goes, in the order in which it goes there. */
export const STEP_PARTS = ['data', 'forward', 'loss', 'backward', 'norm', 'update'] as const;
export type StepPart = (typeof STEP_PARTS)[number];

/** Sums the milliseconds of each part of the steps. */
export class StepProfile {
  readonly #sums = new Map<StepPart, number>();
  #steps = 0;
  #mark = 0;

  /** Begins a step. */
  begin(): void {
    this.#steps += 1;
    this.#mark = performance.now();
  }

  /** What passed since the last mark was `part`. Ops block until they are done, so this is their time. */
  mark(part: StepPart): void {
    const now = performance.now();
    this.#sums.set(part, (this.#sums.get(part) ?? 0) + now - this.#mark);
    this.#mark = now;
  }

  /** A table, the mean of all steps. */
  lines(): string[] {
    const total = [...this.#sums.values()].reduce((a, b) => a + b, 0);
    if (this.#steps === 0 || total === 0) return ['Profile: no step was made.'];
    const rows = STEP_PARTS.map((part) => {
      const sum = this.#sums.get(part) ?? 0;
      const [ms, share] = [sum / this.#steps, (100 * sum) / total];
      return `  ${part.padEnd(9)}${ms.toFixed(2).padStart(10)} ms${share.toFixed(1).padStart(7)} %`;
    });
    const mean = (total / this.#steps).toFixed(2).padStart(10);
    return [`Profile of ${this.#steps} steps, mean per step:`, ...rows, `  step     ${mean} ms`];
  }
}
