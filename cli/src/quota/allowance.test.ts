import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodRequests, Quota } from '@espalier/controller/remote';
import { allowanceOf } from './allowance.ts';
import { quotaText, quotaWarnings } from './quota-text.ts';

const POD: PodRequests = {
  amounts: { cpu: 4, memory: 16 * 2 ** 30, 'nvidia.com/gpu': 1 },
  unset: [],
};
const WORK = { trials: 30, isNew: true };

function quota(
  limits: Readonly<Record<string, readonly [hard: number, used: number]>>,
  scopes: Quota['scopes'] = [],
  name = 'team',
): Quota {
  const amount = (value: number) => ({ text: String(value), value });
  return {
    name,
    scopes,
    limits: Object.entries(limits).map(([resource, [hard, used]]) => ({
      resource,
      hard: amount(hard),
      used: amount(used),
    })),
  };
}

type Case = {
  readonly quotas: readonly Quota[];
  readonly pod?: PodRequests;
  readonly want: readonly [now: number | undefined, ever: number | undefined];
  readonly by?: readonly string[];
};
const CASES: Readonly<Record<string, Case>> = {
  'no quota says nothing': { quotas: [], want: [undefined, undefined] },
  'a quota of other things says nothing': {
    quotas: [quota({ services: [0, 0], 'requests.storage': [0, 0] })],
    want: [undefined, undefined],
  },
  'GPUs that are left': {
    quotas: [quota({ 'requests.nvidia.com/gpu': [8, 5] })],
    want: [3, 8],
    by: ['requests.nvidia.com/gpu'],
  },
  'the scarcest of several quotas counts': {
    quotas: [
      quota({ 'requests.nvidia.com/gpu': [8, 0], pods: [10, 8] }),
      quota({ 'limits.cpu': [11, 0] }, [], 'cpus'),
    ],
    want: [2, 2],
    by: ['pods', 'limits.cpu'],
  },
  'memory by its old name': { quotas: [quota({ memory: [64 * 2 ** 30, 2 ** 30] })], want: [3, 4] },
  'a quota that is overdrawn has no room': { quotas: [quota({ pods: [2, 5] })], want: [0, 2] },
  'a quota of nothing': { quotas: [quota({ 'count/pods': [0, 0] })], want: [0, 0] },
  'every attempt has a Secret': { quotas: [quota({ secrets: [5, 4] })], want: [1, 5] },
  'halves of cores add up': {
    quotas: [quota({ 'requests.cpu': [0.3, 0] })],
    pod: { amounts: { cpu: 0.1 }, unset: ['memory'] },
    want: [3, 3],
  },
  'a quota of pods without requests does not count those that have some': {
    quotas: [quota({ pods: [0, 0] }, [{ name: 'BestEffort', operator: 'Exists', values: [] }])],
    want: [undefined, undefined],
  },
  'but it counts those that have none': {
    quotas: [quota({ pods: [1, 0] }, [{ name: 'BestEffort', operator: 'Exists', values: [] }])],
    pod: { amounts: {}, unset: ['cpu', 'memory'] },
    want: [1, 1],
  },
  'pods have no deadline of their own': {
    quotas: [
      quota({ pods: [0, 0] }, [{ name: 'Terminating', operator: 'Exists', values: [] }]),
      quota({ pods: [7, 0] }, [{ name: 'NotTerminating', operator: 'Exists', values: [] }]),
    ],
    want: [7, 7],
  },
  'a quota of another priority does not count': {
    quotas: [quota({ pods: [0, 0] }, [{ name: 'PriorityClass', operator: 'In', values: ['a'] }])],
    pod: { ...POD, priorityClassName: 'b' },
    want: [undefined, undefined],
  },
  'a quota of its priority does': {
    quotas: [quota({ pods: [4, 0] }, [{ name: 'PriorityClass', operator: 'In', values: ['b'] }])],
    pod: { ...POD, priorityClassName: 'b' },
    want: [4, 4],
  },
  'all conditions of a quota must hold': {
    quotas: [
      quota({ pods: [0, 0] }, [
        { name: 'NotBestEffort', operator: 'Exists', values: [] },
        { name: 'PriorityClass', operator: 'Exists', values: [] },
      ]),
    ],
    want: [undefined, undefined],
  },
};
for (const [name, { quotas, pod = POD, want, by }] of Object.entries(CASES)) {
  test(`at once: ${name}`, () => {
    const { now, ever, limits } = allowanceOf(quotas, pod, WORK);
    assert.deepEqual([now, ever], want);
    if (by !== undefined)
      assert.deepEqual(
        limits.map(({ limit }) => limit.resource),
        by,
      );
  });
}

test('names that every object has are no amounts', () => {
  const limits = Object.fromEntries(
    ['constructor', 'toString'].map((name) => [name, [0, 0] as const]),
  );
  const { now } = allowanceOf([quota(limits)], POD, WORK);
  assert.equal(now, undefined);
});

test('what is limited is told, with what to do', () => {
  const view = (quotas: readonly Quota[], pod = POD) =>
    ({ kind: 'known', namespace: 'team', allowance: allowanceOf(quotas, pod, WORK) }) as const;
  const gpus = quota({ 'requests.nvidia.com/gpu': [8, 5] });
  assert.equal(
    quotaText(view([gpus]), 4),
    '3 of 4 at once, 4 if nothing else ran (team: 5 of 8 requests.nvidia.com/gpu used, 1 a trial)',
  );
  assert.equal(
    quotaText(view([gpus]), 3),
    'room for 3 trials at once (team: 5 of 8 requests.nvidia.com/gpu used, 1 a trial)',
  );
  const memory = view([quota({ 'requests.memory': [2 ** 35, 0] })]);
  assert.match(quotaText(memory, 4), /^2 of 4 at once \(team: .*used, 16\.0 GiB a trial\)$/);
  assert.deepEqual(quotaWarnings(view([gpus])), []);
  const full = view([quota({ 'requests.nvidia.com/gpu': [8, 8] })]);
  assert.match(quotaWarnings(full)[0] ?? '', /^no trial can start now/);
  const never = view([quota({ 'requests.cpu': [2, 0] })]);
  assert.match(quotaWarnings(never)[0] ?? '', /^no trial can ever start/);
  const few = view([
    quota({ 'count/trials.espalier.dev': [20, 4], 'count/experiments.espalier.dev': [1, 1] }),
  ]);
  assert.deepEqual(quotaWarnings(few), [
    'quota team leaves room for 16 more of count/trials.espalier.dev, and 30 are needed',
    'quota team leaves room for 0 more of count/experiments.espalier.dev, and 1 are needed',
  ]);
  const unsaid = view([quota({ 'limits.memory': [8, 0] })], {
    amounts: { cpu: 1 },
    unset: ['memory'],
  });
  assert.match(quotaWarnings(unsaid)[0] ?? '', /spec\.trainer\.resources\.memory/);
});
