import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { waitFor } from '../../kit/wait.ts';
import { trialsIn } from '../k8s/objects.ts';
import { applyQuick, succeeded } from './quick-experiment.ts';
import { assertNothingLost, compareWithTrainers } from './record.ts';
import type { StreamsRig } from './rig.ts';

export const TEST_ALL = process.env['ESPALIER_TEST_ALL'] === '1';
/** For tests that take a minute on a busy machine. */
export const whyNotNow = TEST_ALL ? false : 'only with ESPALIER_TEST_ALL=1';
export const EPOCHS = 6;
const TRIALS = TEST_ALL ? 12 : 3;

/** Applies an Experiment whose trials all run at once. */
export async function applyAtOnce(rig: StreamsRig, namespace: string): Promise<void> {
  await rig.namespace(namespace);
  await applyQuick(rig, namespace, {
    trials: { max: TRIALS, parallel: TRIALS, maxFailed: 0 },
    pace: { epochs: EPOCHS, epochMs: 300 },
  });
}

/** Resolves once the first trainer has done so many epochs, whatever the servers do. */
export async function epochsDone(
  rig: StreamsRig,
  namespace: string,
  epochs: number,
): Promise<void> {
  await waitFor(() => printed(rig, namespace)?.includes(`epoch ${epochs} of`), {
    what: `the trainer has done ${epochs} epochs`,
    timeoutMs: 60_000,
  });
}

/** What the first trainer has printed so far; undefined until its pod is there. */
function printed({ node }: StreamsRig, namespace: string): string | undefined {
  try {
    return readFileSync(node.container(namespace, 'e-00000-a0').logFile, 'utf8');
  } catch {
    return undefined;
  }
}

/** Waits for the end: every trial needed one attempt, and nothing of it was lost. */
export async function assertWhole(
  context: TestContext,
  rig: StreamsRig,
  namespace: string,
): Promise<void> {
  const experiment = await succeeded(rig, namespace, 120_000);
  for (const { metadata, status } of await trialsIn(rig.client, namespace)) {
    assert.equal(status?.attempts.length, 1, `${metadata.name} needed no second attempt`);
  }
  assertNothingLost(context, namespace, await compareWithTrainers(rig, experiment));
}
