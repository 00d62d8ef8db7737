import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';

export const ESPALIER = resolve(import.meta.dirname, '../../../cli/bin/espalier');

/** Reports an epoch every PACE seconds; a `stubborn` one does not end on SIGTERM. */
const TRAINER = `#!/bin/sh
pace=$1 epochs=$2 manner=$3
report=\${ESPALIER_REPORT#file:}
if [ "$manner" = stubborn ]; then trap '' TERM; else trap 'echo saving; exit 10' TERM; fi
trial=$(printf %s "$ESPALIER_TRIAL" | sed 's/.*"trial":"\\([^"]*\\)".*/\\1/')
digit=$(printf %s "$trial" | sed 's/.*\\(.\\)$/\\1/')
echo '{"kind":"started","time":0,"firstSeq":0,"resumedStep":0}' >> "$report"
epoch=1
while [ "$epoch" -le "$epochs" ]; do
  if [ "$manner" = stubborn ]; then sleep "$pace"; else sleep "$pace" & wait $!; fi
  echo "epoch $epoch of $trial"
  printf '{"kind":"points","points":[{"seq":%d,"step":%d,"epoch":%d,"values":{"valid_acc":0.%d%d,"images_per_second":1234,"epoch_seconds":2},"time":0}]}\\n' \\
    $((epoch - 1)) $((epoch * 100)) "$epoch" "$epoch" "$digit" >> "$report"
  epoch=$((epoch + 1))
done
[ "$manner" = failing ] && [ "$digit" = 1 ] && echo 'no such column: y' >&2 && exit 30
exit 0
`;

export interface Sweep {
  readonly name?: string;
  readonly max?: number;
  readonly parallel?: number;
  readonly pace?: number;
  readonly epochs?: number;
  readonly manner?: 'plain' | 'stubborn' | 'failing';
}

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly wallMs: number;
}

/** A folder with a trainer and manifests, where commands are run; gone after the test. */
export class Sandbox {
  readonly dir: string;
  readonly #started: Started[] = [];

  constructor(t: TestContext) {
    this.dir = mkdtempSync(join(tmpdir(), 'espalier-cli-'));
    const trainer = join(this.dir, 'train.sh');
    writeFileSync(trainer, TRAINER);
    chmodSync(trainer, 0o755);
    t.after(async () => {
      // A test that failed leaves its commands behind.
      for (const command of this.#started) command.kill('SIGKILL');
      await Promise.all(this.#started.map(({ ended }) => ended));
      for (const pid of this.trainers()) process.kill(pid, 'SIGKILL');
      rmSync(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    });
  }

  /** Writes a manifest and returns its name. */
  sweep(sweep: Sweep = {}): string {
    const {
      name = 'digits',
      max = 3,
      parallel = 2,
      pace = 0.1,
      epochs = 4,
      manner = 'plain',
    } = sweep;
    const file = `${name}.yaml`;
    writeFileSync(
      join(this.dir, file),
      `apiVersion: espalier.dev/v1alpha1
kind: Experiment
metadata: { name: ${name} }
spec:
  objective: { metric: valid_acc, goal: maximize }
  parameters:
    - { name: lr, float: { min: 1.0e-5, max: 1.0e-2, scale: log } }
    - { name: schedule, string: { values: [constant, cosine] } }
    - { name: epochs, int: { value: ${epochs} } }
  search: { algorithm: random, seed: 1 }
  trials: { max: ${max}, parallel: ${parallel} }
  trainer: { command: [./train.sh], args: ["${pace}", "${epochs}", ${manner}], gracePeriod: 30s }
`,
    );
    return file;
  }

  /** Runs a command without a terminal and waits for its end. */
  async espalier(...words: readonly string[]): Promise<Ran> {
    return this.start(words).ended;
  }

  /** Starts a command without a terminal. */
  start(words: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
    const started = new Started(this.dir, [ESPALIER, ...words], env);
    this.#started.push(started);
    return started;
  }

  /** Runs a line of shell in which `espalier` is the command. */
  async shell(line: string): Promise<Ran> {
    return new Started(this.dir, ['bash', '-c', line.replaceAll('espalier', ESPALIER)], {}).ended;
  }

  /** Processes of trainers of this folder that are alive. */
  trainers(): readonly number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => commandLine(pid).includes(join(this.dir, 'train.sh')));
  }
}

export class Started {
  readonly ended: Promise<Ran>;
  readonly #kill: (signal: NodeJS.Signals) => void;
  stdout = '';
  stderr = '';

  constructor(
    cwd: string,
    [file = '', ...words]: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    const startMs = performance.now();
    const child = spawn(file, words, {
      cwd,
      env: environment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#kill = (signal) => child.kill(signal);
    this.ended = once(child, 'close').then(() => ({
      exitCode: child.exitCode,
      stdout: this.stdout,
      stderr: this.stderr,
      wallMs: performance.now() - startMs,
    }));
  }

  kill(signal: NodeJS.Signals): void {
    this.#kill(signal);
  }
}

/** Ours, without what would change the look of the output. */
export function environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { NO_COLOR, FORCE_COLOR, ESPALIER_DIR, ESPALIER_DEBUG, NODE_OPTIONS, ...rest } =
    process.env;
  return { ...rest, ...more };
}

/** Waits until something is so. @throws what it was if that takes too long. */
export async function eventually(
  what: string,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`it never came true: ${what}`);
    await new Promise((resolvePause) => setTimeout(resolvePause, 50));
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has just ended.
    return '';
  }
}
