import { FINALIZER } from '@espalier/api';
import type { Call } from '../../ports/cluster.ts';
import type { Clock, Logger } from '../../ports/telemetry.ts';
import type { Caches, KeptPod } from './caches.ts';
import type { KubernetesCluster } from './cluster.ts';
import type { ObjectClient } from './object-client.ts';
import { TRIALS } from './resources.ts';

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
 * our finalizer they would stay for ever.
 *
 * The cache only names suspects; a quorum read of the Trial decides.
 */
export async function freeOrphans(options: OrphansOptions, call: Call): Promise<void> {
  const { clock, log } = options;
  let suspects: ReadonlySet<string> = new Set();
  while (!call.signal.aborted) {
    const found = options.caches.pods.all().filter((pod) => isOrphan(options.caches, pod));
    for (const pod of found) {
      // Seen once may be a cache in the middle of an update.
      if (!suspects.has(pod.view.uid)) continue;
      try {
        await free(options, pod, call);
      } catch (error) {
        log.warn('an orphaned pod could not be freed', {
          pod: pod.view.name,
          error: String(error),
        });
      }
    }
    suspects = new Set(found.map(({ view }) => view.uid));
    await clock.sleep(options.everyMs ?? 30_000, call).catch(() => undefined);
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
