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

/** Least time between two lines of a pass. */
const LINE_MS = 10_000;

/** For a log that somebody follows: a plain line now and then while a pass takes long. */
export function progressLines(
  write: (line: string) => void,
  now: () => number = () => performance.now(),
): ProgressDisplay {
  let last = now();
  return {
    show(what, done, all) {
      if (done === all || now() - last < LINE_MS) return;
      last = now();
      write(`${what} ${done}/${all}`);
    },
    clear() {},
  };
}

/** A bar on a terminal, plain lines elsewhere. */
export function progressFor(stream: NodeJS.WriteStream): ProgressDisplay {
  return stream.isTTY ? progressBar(stream) : progressLines((line) => stream.write(`${line}\n`));
}
