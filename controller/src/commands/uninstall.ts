import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  durationMs,
  type ExperimentPhase,
  FINALIZER,
  isTerminalExperiment,
  LABEL,
} from '@espalier/api';
import { isConflict, isInvalid, isNotFound } from '../adapters/k8s/api-error.ts';
import type { PatchOperation } from '../adapters/k8s/object-client.ts';
import type { RawList, RawObject } from '../adapters/k8s/raw-object.ts';
import {
  collectionPath,
  EXPERIMENTS,
  objectPath,
  PODS,
  PROFILES,
  type Resource,
  SECRETS,
} from '../adapters/k8s/resources.ts';
import type { Call } from '../ports/cluster.ts';
import type { ObjectKey } from '../ports/key.ts';
import { listOf } from './arguments.ts';
import { type OneTimeClient, oneTimeClient } from './one-time-client.ts';

const USAGE = `espalier-controller uninstall: ends what runs, so that the controller may go.

  --namespaces LIST   by comma; empty = all
  --timeout DURATION  how long Experiments and pods get to end (default 4m)
  --profiles LIST     TrainerProfiles that go too, as NAMESPACE/NAME, by comma
  --secrets LIST      Secrets of the pod's namespace that go too, by comma
  --kubeconfig FILE   default: the ServiceAccount of the pod

Experiments get desiredState Cancel; once they and their pods have ended, or the time is over, our
finalizers are taken off. Experiments and Trials stay.
`;

const PAUSE_MS = 1_000;
const PAGE = 500;

/** Idempotent; ends with 0 also when the time was over, so that nothing hangs for want of us. */
export async function uninstall(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean' },
      namespaces: { type: 'string' },
      timeout: { type: 'string', default: '4m' },
      profiles: { type: 'string' },
      secrets: { type: 'string' },
      kubeconfig: { type: 'string' },
    },
  });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const timeoutMs = durationMs(values.timeout);
  const named = listOf(values.namespaces);
  const namespaces: readonly (string | undefined)[] = named.length === 0 ? [undefined] : named;
  const own = oneTimeClient(values.kubeconfig);
  const call = { signal: new AbortController().signal };
  try {
    await cancelAll(own, namespaces, timeoutMs, call);
    await freeAll(own, namespaces, call);
    for (const profile of listOf(values.profiles)) {
      const [namespace = '', name = ''] = profile.split('/');
      await remove(own, PROFILES, { namespace, name }, call);
    }
    for (const name of listOf(values.secrets)) {
      await remove(own, SECRETS, { namespace: own.namespace, name }, call);
    }
  } finally {
    own.transport.close();
  }
  return 0;
}

/** Resolves once nothing runs any more, or the time is over. */
async function cancelAll(
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
      for await (const experiment of list(own, EXPERIMENTS, namespace, call)) {
        if (isOver(experiment)) continue;
        active += 1;
        if (desiredState(experiment) === 'Cancel') continue;
        if (await cancel(own, experiment, call)) cancelled += 1;
      }
      for await (const pod of list(own, PODS, namespace, call)) if (isHeld(pod)) held += 1;
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

/** Takes our finalizers off; pods that still run are deleted, for nobody will end them later. */
async function freeAll(
  own: OneTimeClient,
  namespaces: readonly (string | undefined)[],
  call: Call,
): Promise<void> {
  for (const namespace of namespaces) {
    for await (const pod of list(own, PODS, namespace, call)) {
      if (!isHeld(pod)) continue;
      const { namespace: where = '', name, uid } = pod.metadata;
      await own.client.remove(PODS, { namespace: where, name }, uid, call).catch(ignoreGone);
      await free(own, PODS, pod, call);
    }
    for await (const experiment of list(own, EXPERIMENTS, namespace, call)) {
      if (isHeld(experiment)) await free(own, EXPERIMENTS, experiment, call);
    }
  }
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

async function remove(
  { transport }: OneTimeClient,
  resource: Resource,
  key: ObjectKey,
  call: Call,
) {
  const path = objectPath(resource, key.namespace, key.name);
  await transport
    .request({ method: 'DELETE', path, resource: resource.plural }, call)
    .then(() => say(`removed ${resource.kind} ${key.namespace}/${key.name}`))
    .catch(ignoreGone);
}

/** All objects of a kind, by pages; pods: only ours. */
async function* list(
  { transport }: OneTimeClient,
  resource: Resource,
  namespace: string | undefined,
  call: Call,
): AsyncGenerator<RawObject> {
  const labelSelector = resource === PODS ? LABEL.trial : undefined;
  let next: string | undefined;
  do {
    const page: RawList = await transport.request(
      {
        method: 'GET',
        path: collectionPath(resource, namespace),
        query: { labelSelector, limit: PAGE, continue: next },
        resource: resource.plural,
      },
      call,
    );
    yield* page.items;
    next = page.metadata.continue === '' ? undefined : page.metadata.continue;
  } while (next !== undefined);
}

/** Only what a finished Experiment says of itself; one that is being deleted must get through first. */
function isOver({ metadata, status }: RawObject): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return isTerminalExperiment((status as { readonly phase?: ExperimentPhase } | undefined)?.phase);
}

function desiredState({ spec }: RawObject): string | undefined {
  return (spec as { readonly desiredState?: string } | undefined)?.desiredState;
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
