import { parseArgs } from 'node:util';
import { durationMs } from '@espalier/api';
import { isNotFound } from '../adapters/k8s/api-error.ts';
import { listObjects } from '../adapters/k8s/list-objects.ts';
import { LEASES, objectPath, PROFILES, type Resource, SECRETS } from '../adapters/k8s/resources.ts';
import type { Call } from '../ports/cluster.ts';
import { keyText, type ObjectKey } from '../ports/key.ts';
import { listOf } from './arguments.ts';
import { cancelAll, freeAll } from './end-experiments.ts';
import { type OneTimeClient, oneTimeClient } from './one-time-client.ts';
import { stopController } from './stop-controller.ts';

const USAGE = `espalier-controller uninstall: ends what runs, so that the controller may go.

  --namespaces LIST     by comma; empty = all
  --timeout DURATION    how long Experiments and pods get to end (default 4m)
  --controller NAME     Deployment of the pod's namespace that is scaled to nothing, and the Lease that goes
  --profiles SELECTOR   labels of the TrainerProfiles that go too
  --secrets LIST        Secrets of the pod's namespace that go too, by comma
  --kubeconfig FILE     default: the ServiceAccount of the pod

Experiments get desiredState Cancel; once they and their pods have ended, or the time is over, our
finalizers are taken off. Experiments and Trials stay, and so do the TrainerProfiles of Experiments that
have not ended.
`;

/** Idempotent; ends with 0 also when the time was over, so that nothing hangs for want of us. */
export async function uninstall(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean' },
      namespaces: { type: 'string' },
      timeout: { type: 'string', default: '4m' },
      controller: { type: 'string' },
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
  const { namespace } = own;
  const call = { signal: new AbortController().signal };
  try {
    await cancelAll(own, namespaces, timeoutMs, call);
    if (values.controller !== undefined) {
      const left = await stopController(own, values.controller, call);
      if (left > 0) process.stdout.write(`${left} pods of the controller do not end\n`);
    }
    const needed = await freeAll(own, namespaces, call);
    if (values.controller !== undefined) {
      await remove(own, LEASES, { namespace, name: values.controller }, call);
    }
    if (values.profiles !== undefined) {
      await removeProfiles(own, namespaces, values.profiles, needed, call);
    }
    for (const name of listOf(values.secrets)) {
      await remove(own, SECRETS, { namespace, name }, call);
    }
  } finally {
    own.transport.close();
  }
  return 0;
}

async function removeProfiles(
  own: OneTimeClient,
  namespaces: readonly (string | undefined)[],
  labelSelector: string,
  needed: ReadonlySet<string>,
  call: Call,
): Promise<void> {
  for (const namespace of namespaces) {
    for await (const { metadata } of listObjects(
      own.transport,
      PROFILES,
      { namespace, labelSelector },
      call,
    )) {
      const key = { namespace: metadata.namespace ?? '', name: metadata.name };
      if (!needed.has(keyText(key))) await remove(own, PROFILES, key, call);
    }
  }
}

async function remove(
  { transport }: OneTimeClient,
  resource: Resource,
  key: ObjectKey,
  call: Call,
): Promise<void> {
  const path = objectPath(resource, key.namespace, key.name);
  try {
    await transport.request({ method: 'DELETE', path, resource: resource.plural }, call);
    process.stdout.write(`removed ${resource.kind} ${keyText(key)}\n`);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
