const BAR_CELLS = 24;

/** Shows how far a pass is. */
export interface ProgressDisplay {
  show(what: string, done: number, all: number): void;
  /** Frees the line for other output. */
  clear(): void;
}

/** For logs: a bar would fill them with copies of itself. */
export const NO_PROGRESS: ProgressDisplay = { show() {}, clear() {} };

/** A bar that redraws one line of a terminal. */
export function progressBar(terminal: NodeJS.WriteStream): ProgressDisplay {
  return {
    show(what, done, all) {
      const cells = Math.round((done / all) * BAR_CELLS);
      const bar = '#'.repeat(cells).padEnd(BAR_CELLS, '.');
      terminal.write(`\r${what} [${bar}] ${done}/${all}\u001b[K`);
    },
    clear: () => void terminal.write('\r\u001b[K'),
  };
}
