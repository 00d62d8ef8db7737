import { after, type TestContext, test } from 'node:test';

/** How long a step may take; it waits for conditions, so only a broken one comes near. */
const STEP_MS = 15 * 60_000;

type Step<R> = (rig: R, context: TestContext) => Promise<void>;

/** Steps that build on each other, and the times at which things happened in them. */
export interface Story<R> {
  /** A test of the story: what comes after a broken one would say nothing, and is skipped. */
  step(name: string, act: Step<R>, timeoutMs?: number): void;
  /** Notes the first time that something happened. */
  mark(what: string): void;
}

/**
 * A story whose steps are tests of the enclosing suite. Its timeline is printed at the end.
 *
 * @param rig what the steps work with.
 * @param explain what to print when a step breaks.
 */
export function tellStory<R>(rig: () => R, explain: () => Promise<string>): Story<R> {
  const marks: string[] = [];
  const beganMs = performance.now();
  let broken = false;
  after(() => {
    process.stdout.write(`timeline: ${marks.join(', ')}\n`);
  });
  return {
    mark: (what) => {
      if (marks.some((mark) => mark.startsWith(`${what} `))) return;
      marks.push(`${what} ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
    },
    step: (name, act, timeoutMs = STEP_MS) => {
      test(name, { timeout: timeoutMs }, async (context) => {
        if (broken) return context.skip('an earlier step failed');
        broken = true;
        try {
          await act(rig(), context);
        } catch (error) {
          for (const line of (await explain()).split('\n')) context.diagnostic(line);
          throw error;
        }
        broken = false;
      });
    },
  };
}
