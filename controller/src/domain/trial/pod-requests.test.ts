import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantityOf } from '../quantity.ts';
import { type PodSetup, planFor, podOf } from '../testing/pod-plan.ts';
import { podRequests } from './pod-requests.ts';

const STREAMS = { servers: ['a.svc:4222'], courierImage: 'reg/courier:1', hasStore: true };

/** As Kubernetes counts the pod itself. */
function countedIn(setup: PodSetup): Readonly<Record<string, number>> {
  const defaults = { trainerImage: 't', streams: STREAMS };
  const { containers, initContainers = [] } = podOf({ ...setup, defaults }).spec;
  const amounts = (list: readonly object[]) =>
    list.flatMap((one) => {
      const { resources } = one as { resources?: { requests?: Record<string, string> } };
      return Object.entries(resources?.requests ?? {});
    });
  const isSidecar = (one: object) => 'restartPolicy' in one;
  const together = amounts([...containers, ...initContainers.filter(isSidecar)]);
  const total: Record<string, number> = {};
  for (const [name, text] of together) total[name] = (total[name] ?? 0) + (quantityOf(text) ?? NaN);
  for (const [name, text] of amounts(initContainers.filter((one) => !isSidecar(one)))) {
    total[name] = Math.max(total[name] ?? 0, quantityOf(text) ?? NaN);
  }
  return total;
}

const SETUPS: Readonly<Record<string, PodSetup & { readonly unset: readonly string[] }>> = {
  'one that asks for nothing': { unset: ['cpu', 'memory'] },
  'one with GPUs': {
    trainer: { resources: { gpu: 2, cpu: '4', memory: '16Gi' } },
    unset: [],
  },
  'one with a sidecar': {
    trainer: { resources: { cpu: '250m', memory: '1Gi' }, sidecar: true },
    unset: [],
  },
  'one that fetches, which asks for more than the trainer': {
    trainer: { resources: { cpu: '100m', memory: '1Gi' } },
    spec: { data: { s3: { key: 'digits' } } },
    unset: [],
  },
  'one with a sidecar and data, that asks for no CPU': {
    trainer: { resources: { memory: '64Mi' }, sidecar: true },
    spec: { data: { s3: { key: 'digits' } } },
    unset: ['cpu'],
  },
  "one with a profile's defaults and name of GPUs": {
    trainer: { profile: 'gpu', resources: { gpu: 1 } },
    profile: { gpuResourceName: 'amd.com/gpu', resources: { cpu: '8', memory: '32Gi' } },
    unset: [],
  },
};
for (const [name, { unset, ...setup }] of Object.entries(SETUPS)) {
  test(`what a quota counts is known before there is a pod: ${name}`, () => {
    const { experiment, profile } = planFor(setup);
    const found = podRequests(experiment, profile);
    assert.deepEqual(found.amounts, countedIn(setup));
    assert.deepEqual(found.unset, unset);
  });
}
