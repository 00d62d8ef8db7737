import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { TEAM } from '../e2e/experiments.ts';
import type { Rig } from '../e2e/rig.ts';
import { attemptRecord, objectsOf, type Store, withStore } from '../e2e/store.ts';
import { waitFor } from '../kit/wait.ts';
import { type Account, accountOf, type Ended, sumOf } from './judge.ts';
import { KeptLogs } from './kept-logs.ts';
import {
  filesOf,
  type Leftovers,
  objectsLeft,
  objectsOfTrials,
  uploadsLeft,
  wrongLeftovers,
} from './leftovers.ts';
import { memoryTrend } from './memory.ts';
import { RECOVERY_MS, type SoakOptions, type Strained, strain } from './strain.ts';
import { verdict } from './verdict.ts';

/** SOAK_MINUTES, else 3, and SOAK_SEED, else the one that is given. */
export function soakOptions(defaultSeed: number): SoakOptions {
  const { SOAK_MINUTES = '3', SOAK_SEED = String(defaultSeed) } = process.env;
  const [minutes, seed] = [Number(SOAK_MINUTES), Number(SOAK_SEED)];
  assert.ok(minutes > 0, `SOAK_MINUTES is "${SOAK_MINUTES}"`);
  assert.ok(Number.isSafeInteger(seed), `SOAK_SEED is "${SOAK_SEED}"`);
  return { minutes, seed };
}

/** How long all of it may take: the faults, and until everything has recovered and was judged. */
export const soakTimeoutMs = ({ minutes }: SoakOptions): number =>
  minutes * 90_000 + 2 * RECOVERY_MS;

/**
 * Small Experiments one after the other while everything is killed in turn; at the end every trial has to be
 * accounted for, no point lost, nothing made twice and nothing left behind.
 */
export async function soak(rig: Rig, context: TestContext, options: SoakOptions): Promise<void> {
  const { kubernetes, target, files } = rig;
  const { own } = target;
  if (own === undefined) return context.skip('the kubelet and the containers are not ours to kill');
  const say = (text: string) => context.diagnostic(text);
  say(`SOAK_SEED=${options.seed} SOAK_MINUTES=${options.minutes}`);
  const logs = new KeptLogs(own.podLogs, process.env['SOAK_LOGS'] ?? files.file('logs'));
  const before = new Set(await objectsOfTrials(kubernetes));
  const strained = await strain({ kubernetes, own, logs, say }, options);
  rig.mark('strained');
  await judge(rig, context, { ...strained, before }, logs, options);
  rig.mark('soak judged');
}

async function judge(
  { kubernetes, pods }: Rig,
  context: TestContext,
  { ended, samples, faults, before }: Strained & { readonly before: ReadonlySet<string> },
  logs: KeptLogs,
  options: SoakOptions,
): Promise<void> {
  writeFileSync(join(logs.folder, 'memory.json'), JSON.stringify(samples));
  const { objects, ...streams } = await waitFor(
    async () => {
      const found = await objectsLeft(kubernetes, before);
      const wrong = wrongLeftovers({ ...found, uploads: [], files: [] });
      if (wrong.length > 0) throw new Error(wrong.join(', '));
      return found;
    },
    { what: 'nothing is left', timeoutMs: RECOVERY_MS, maxPauseMs: 1_000 },
  );
  const inStore = await withStore(kubernetes, async (store) => ({
    account: sumOf(await accounts(ended, logs, store)),
    uploads: await uploadsLeft(store),
    files: await filesOf(store, ended),
  }));
  const { account, uploads, files } = inStore;
  const left: Leftovers = { objects, ...streams, uploads, files };
  const podsTwice = pods.twice.filter((pod) => ended.some(({ job }) => pod.startsWith(job.name)));
  const peaks = new Map(ended.map(({ job: { name } }) => [name, pods.peakOf(TEAM, name)]));
  const memory = memoryTrend(samples);
  const wrong = verdict({ ended, account, podsTwice, peaks, left, memory });
  const trials = ended.flatMap((one) => one.trials);
  const { wrong: _, ...points } = account;
  const result = {
    ...options,
    experiments: ended.length,
    trials: trials.length,
    attempts: trials.reduce((sum, { status }) => sum + (status?.attempts.length ?? 0), 0),
    faults,
    ...points,
    podsTwice: podsTwice.length,
    memory,
    left: { ...streams, objects: objects.length, uploads: uploads.length, files: files.length },
    troubles: logs.troubles(),
    wrong: wrong.length,
  };
  context.diagnostic(JSON.stringify({ soak: result }));
  assert.deepEqual(wrong, []);
}

async function accounts(ended: readonly Ended[], logs: KeptLogs, store: Store): Promise<Account[]> {
  const all: Account[] = [];
  for (const { job, experiment, trials } of ended) {
    const names = job.keepsFiles ? await objectsOf(store, experiment) : [];
    for (const trial of trials) {
      const { name } = trial.metadata;
      const printed = logs.attemptsOf(TEAM, name);
      const attempt = trial.status?.attempts.at(-1)?.number ?? 0;
      const record = job.keepsFiles
        ? await attemptRecord(store, { experiment, trial, attempt }, names)
        : undefined;
      const stored = job.keepsFiles ? (record?.points ?? []) : undefined;
      const account = accountOf(trial, { printed, stored });
      const missing = (record?.missing ?? []).map((path) => `${path} of ${name} is missing`);
      all.push({ ...account, wrong: [...account.wrong, ...missing] });
    }
  }
  return all;
}
