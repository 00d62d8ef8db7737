import { MemoryChannel } from '../../../cli/src/channel.ts';
import { runCommandLine } from '../../../cli/src/program.ts';
import type { Surroundings } from '../../../cli/src/surroundings.ts';

/** What a command line of this process said. */
export interface SaidHere {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly wallMs: number;
}

/** Those of a command without a terminal, whose output is kept. */
export function surroundingsHere(
  cwd: string,
): Surroundings & Record<'stdout' | 'stderr', MemoryChannel> {
  return {
    stdout: new MemoryChannel(),
    stderr: new MemoryChannel(),
    env: { AWS_REGION: 'none' },
    cwd,
    now: Date.now,
    signals: { on: () => ({ off() {} }) },
    engine: () => import('@espalier/controller/local'),
    ask: undefined,
  };
}

/** Runs a command line with all that is real but the process: a hundred of them cost a second. */
export async function runHere(words: readonly string[], cwd: string): Promise<SaidHere> {
  const surroundings = surroundingsHere(cwd);
  const { stdout, stderr } = surroundings;
  const startMs = performance.now();
  const exitCode = await runCommandLine(words, surroundings);
  const wallMs = performance.now() - startMs;
  return { exitCode, stdout: stdout.text, stderr: stderr.text, wallMs };
}
