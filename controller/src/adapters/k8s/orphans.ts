import { FINALIZER } from '@espalier/api';
import type { Call } from '../../ports/cluster.ts';
import { keyText } from '../../ports/key.ts';
import type { Clock, Logger } from '../../ports/telemetry.ts';
import { isInvalid } from './api-error.ts';
import type { Caches, KeptPod } from './caches.ts';
import type { KubernetesCluster } from './cluster.ts';
import type { ObjectClient, PatchOperation } from './object-client.ts';
import type { RawObject } from './raw-object.ts';
import { EXPERIMENTS, TRIALS } from './resources.ts';

const GATHER_MS = 50;

export interface OrphansOptions {
  readonly caches: Caches;
  readonly client: ObjectClient;
  readonly cluster: KubernetesCluster;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default 30 s. */
  readonly everyMs?: number;
}

/**
 * Frees pods whose Trial is gone, until the signal aborts: their end can be counted nowhere, and with
 * our finalizer they would stay for ever. At once if the Trial was seen to go, else when a sweep finds
 * them a second time: once may be a cache in the middle of an update.
 *
 * The cache only names suspects; a quorum read of the Trial decides.
 */
export async function freeOrphans(options: OrphansOptions, call: Call): Promise<void> {
  const { caches, clock, log } = options;
  const everyMs = options.everyMs ?? 30_000;
  let suspects: ReadonlySet<string> = new Set();
  let gone = new Set<string>();
  let wake = new AbortController();
  caches.onChange((change) => {
    if (change.kind !== 'Trial' || !change.gone) return;
    gone.add(keyText(change.key));
    wake.abort();
  });
  while (!call.signal.aborted) {
    wake = new AbortController();
    const went = gone;
    gone = new Set();
    const found = caches.pods.all().filter((pod) => isOrphan(caches, pod));
    for (const pod of found) {
      const { view, trialName } = pod;
      if (!suspects.has(view.uid) && !went.has(keyText({ ...view, name: trialName }))) continue;
      try {
        await free(options, pod, call);
      } catch (error) {
        log.warn('an orphaned pod could not be freed', { pod: view.name, error: String(error) });
      }
    }
    suspects = new Set(found.map(({ view }) => view.uid));
    for (const raw of caches.experiments.damaged()) {
      await freeDamaged(options, raw, call).catch((error: unknown) => {
        const { name } = raw.metadata;
        log.warn('a damaged experiment could not be freed', { name, error: String(error) });
      });
    }
    const signal = AbortSignal.any([call.signal, wake.signal]);
    await clock.sleep(everyMs, { signal }).catch(() => undefined);
    // Trials often go by the hundred.
    await clock.sleep(GATHER_MS, call).catch(() => undefined);
  }
}

/**
 * Lets an Experiment go that is being deleted and cannot be read: nobody knows what it asks for, so
 * the garbage collector takes its Trials, and their pods are orphans then.
 */
async function freeDamaged({ client, log }: OrphansOptions, raw: RawObject, call: Call) {
  const { namespace = '', name, uid, finalizers = [], deletionTimestamp } = raw.metadata;
  const at = finalizers.indexOf(FINALIZER);
  if (deletionTimestamp === undefined || at < 0) return;
  log.warn('freeing a damaged experiment that was deleted', { namespace, name });
  const path = `/metadata/finalizers/${at}`;
  const operations: PatchOperation[] = [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path, value: FINALIZER },
    { op: 'remove', path },
  ];
  const key = { namespace, name };
  try {
    await client.patch(EXPERIMENTS, key, operations, call);
  } catch (error) {
    if (!isInvalid(error)) throw error;
    // A status of the wrong shape lets no write pass, not even one of the metadata.
    const { apiVersion, kind } = EXPERIMENTS;
    const { resourceVersion } = raw.metadata;
    const metadata = { namespace, name, uid, resourceVersion };
    await client.replaceStatus(EXPERIMENTS, key, { apiVersion, kind, metadata }, call);
    await client.patch(EXPERIMENTS, key, operations, call);
  }
}

function isOrphan(caches: Caches, { view, trialName, finalizers }: KeptPod): boolean {
  if (!finalizers.includes(FINALIZER)) return false;
  const trial = caches.trials.get({ namespace: view.namespace, name: trialName });
  return trial?.metadata.uid !== view.trialUid;
}

async function free(options: OrphansOptions, pod: KeptPod, call: Call): Promise<void> {
  const { client, cluster, clock, log } = options;
  const { view, trialName } = pod;
  const trial = await client.get(TRIALS, { namespace: view.namespace, name: trialName }, call);
  if (trial?.metadata.uid === view.trialUid) return;
  log.warn('freeing a pod whose trial is gone', { namespace: view.namespace, pod: view.name });
  await cluster.deletePod(view, { force: false }, call);
  // Whatever it would have been kept for: nobody can find it any more.
  await cluster.releasePod({ ...view, deletingSinceMs: clock.now() }, call);
}
