import { keyText } from '../ports/key.ts';
import { DEFAULT_BACKOFF } from '../runtime/backoff.ts';
import { type Reconcile, runController } from '../runtime/controller.ts';
import { WorkQueue } from '../runtime/work-queue.ts';
import { ExperimentIndex } from './experiment-index.ts';
import { createExperimentReconciler } from './experiment-reconciler.ts';
import type { ControllerOptions, ControllerPorts, Controllers } from './ports.ts';
import { ThreadSearcher } from './thread-searcher.ts';
import { createTrialReconciler } from './trial-reconciler.ts';
import { Wiring } from './wiring.ts';

/**
 * Runs the reconcilers of Experiments and Trials until the signal aborts.
 *
 * Call it after the caches are filled: every object that the cluster reports as changed is looked at,
 * and all that exist now.
 */
export function startControllers(
  ports: ControllerPorts,
  { signal, workers = 4, viewIntervalMs = 1000, searcher }: ControllerOptions,
): Controllers {
  const index = new ExperimentIndex(ports.cluster);
  const shared = { index, viewIntervalMs };
  const queueOf = (name: string) =>
    new WorkQueue(ports.clock, DEFAULT_BACKOFF, (waitedMs) =>
      ports.telemetry.queueWait(name, waitedMs / 1000),
    );
  const trials = queueOf('trial');
  const experiments = queueOf('experiment');
  const wiring = new Wiring(ports, index, trials, experiments);
  index.onStoreTurn = (key) => experiments.add(keyText(key));
  ports.cluster.onChange((change) => wiring.objectChanged(change));
  ports.health?.onChange(() => {
    for (const key of index.busyKeys()) experiments.add(keyText(key));
  });
  ports.feed.onChange((trialUid) => wiring.reportsChanged(trialUid));

  const run = (name: string, queue: WorkQueue, reconcile: Reconcile) =>
    runController({ ...ports, name, queue, reconcile, workers }, signal);
  const thread = new ThreadSearcher(ports.log);
  const ended = Promise.all([
    run('trial', trials, createTrialReconciler(ports, shared)),
    run(
      'experiment',
      experiments,
      createExperimentReconciler(ports, { ...shared, searcher: searcher ?? thread }),
    ),
  ]);
  return { done: ended.then(() => thread.close()) };
}
