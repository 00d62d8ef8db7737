import { setTimeout as sleep } from 'node:timers/promises';
import { type ExperimentPhase, FINALIZER, isTerminalExperiment, LABEL } from '@espalier/api';
import { isConflict, isInvalid, isNotFound } from '../adapters/k8s/api-error.ts';
import { listObjects } from '../adapters/k8s/list-objects.ts';
import type { PatchOperation } from '../adapters/k8s/object-client.ts';
import type { RawObject } from '../adapters/k8s/raw-object.ts';
import { EXPERIMENTS, PODS, type Resource } from '../adapters/k8s/resources.ts';
import type { Call } from '../ports/cluster.ts';
import { keyText } from '../ports/key.ts';
import type { OneTimeClient } from './one-time-client.ts';

const PAUSE_MS = 1_000;

/** Resolves once nothing runs any more, or the time is over. */
export async function cancelAll(
  own: OneTimeClient,
  namespaces: readonly (string | undefined)[],
  timeoutMs: number,
  call: Call,
): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  for (let cancelled = 0; ; await sleep(PAUSE_MS)) {
    let active = 0;
    let held = 0;
    for (const namespace of namespaces) {
      for await (const experiment of listObjects(own.transport, EXPERIMENTS, { namespace }, call)) {
        if (isOver(experiment)) continue;
        active += 1;
        if (specOf(experiment)?.desiredState === 'Cancel') continue;
        if (await cancel(own, experiment, call)) cancelled += 1;
      }
      for await (const pod of listObjects(
        own.transport,
        PODS,
        { namespace, labelSelector: LABEL.trial },
        call,
      ))
        if (isHeld(pod)) held += 1;
    }
    if (active === 0 && held === 0) return say(`all has ended; cancelled ${cancelled}`);
    if (performance.now() > untilMs) {
      return say(`the time is over: ${active} experiments and ${held} pods have not ended`);
    }
  }
}

async function cancel({ client }: OneTimeClient, { metadata }: RawObject, call: Call) {
  const { namespace = '', name } = metadata;
  const change = { spec: { desiredState: 'Cancel' } };
  try {
    await client.mergePatch(EXPERIMENTS, { namespace, name }, change, call);
    say(`cancelled experiment ${namespace}/${name}`);
    return true;
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error) && !isInvalid(error)) throw error;
    return false;
  }
}

/**
 * Takes our finalizers off; pods that still run are deleted, for nobody will end them later.
 *
 * @returns the TrainerProfiles, as `namespace/name`, of Experiments that have not ended.
 */
export async function freeAll(
  own: OneTimeClient,
  namespaces: readonly (string | undefined)[],
  call: Call,
): Promise<ReadonlySet<string>> {
  const needed = new Set<string>();
  for (const namespace of namespaces) {
    for await (const pod of listObjects(
      own.transport,
      PODS,
      { namespace, labelSelector: LABEL.trial },
      call,
    )) {
      if (!isHeld(pod)) continue;
      const { namespace: where = '', name, uid } = pod.metadata;
      await own.client.remove(PODS, { namespace: where, name }, uid, call).catch(ignoreGone);
      await free(own, PODS, pod, call);
    }
    for await (const experiment of listObjects(own.transport, EXPERIMENTS, { namespace }, call)) {
      if (isHeld(experiment)) await free(own, EXPERIMENTS, experiment, call);
      const profile = specOf(experiment)?.trainer?.profile;
      if (profile === undefined || isOver(experiment)) continue;
      needed.add(keyText({ namespace: experiment.metadata.namespace ?? '', name: profile }));
    }
  }
  return needed;
}

async function free(own: OneTimeClient, resource: Resource, seen: RawObject, call: Call) {
  const { namespace = '', name, uid } = seen.metadata;
  for (let object: RawObject | undefined = seen; object !== undefined && isHeld(object); ) {
    if (object.metadata.uid !== uid) return;
    const path = `/metadata/finalizers/${object.metadata.finalizers?.indexOf(FINALIZER)}`;
    const operations: PatchOperation[] = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path, value: FINALIZER },
      { op: 'remove', path },
    ];
    try {
      await own.client.patch(resource, { namespace, name }, operations, call);
      return say(`freed ${resource.kind} ${namespace}/${name}`);
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isInvalid(error) && !isConflict(error)) throw error;
      // Somebody changed its finalizers: look again.
      object = await own.client.get(resource, { namespace, name }, call);
    }
  }
}

/** Only what a finished Experiment says of itself; one that is being deleted must get through first. */
function isOver({ metadata, status }: RawObject): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return isTerminalExperiment((status as { readonly phase?: ExperimentPhase } | undefined)?.phase);
}

interface UncheckedSpec {
  readonly desiredState?: string;
  readonly trainer?: { readonly profile?: string };
}

function specOf({ spec }: RawObject): UncheckedSpec | undefined {
  return spec as UncheckedSpec | undefined;
}

function isHeld({ metadata }: RawObject): boolean {
  return metadata.finalizers?.includes(FINALIZER) === true;
}

function ignoreGone(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
