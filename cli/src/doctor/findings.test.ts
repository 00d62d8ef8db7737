import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customResourceDefinitions } from '@espalier/api';
import type { FieldTree } from '@espalier/controller/remote';
import { experiment } from '../testing/objects.ts';
import {
  clockFinding,
  controllerFinding,
  gpusFinding,
  kindsFinding,
  partsFinding,
  RIGHTS,
  rightsFinding,
  versionFinding,
} from './cluster-findings.ts';
import type { Finding } from './finding.ts';
import { nodeFinding } from './local-findings.ts';

const NOW = Date.parse('2026-01-01T00:01:00Z');

/** What a server of this program's age serves. */
function served(): Map<string, FieldTree> {
  return new Map(
    customResourceDefinitions().map(({ spec }) => [
      spec.names.kind,
      structuredClone(spec.versions[0]?.schema.openAPIV3Schema ?? {}) as FieldTree,
    ]),
  );
}

function without(field: string): Map<string, FieldTree> {
  const kinds = served();
  const spec = kinds.get('Experiment')?.properties?.['spec']?.properties as Record<
    string,
    FieldTree
  >;
  delete spec[field];
  return kinds;
}

function withMore(field: string): Map<string, FieldTree> {
  const kinds = served();
  const spec = kinds.get('Trial')?.properties?.['spec']?.properties as Record<string, FieldTree>;
  spec[field] = {};
  return kinds;
}

const lease = (secondsAgo: number, holder = 'pod-1') => ({
  namespace: 'espalier-system',
  name: 'espalier-controller',
  holder,
  renewedMs: NOW - 1000 * secondsAgo,
  durationMs: 15_000,
});

const degraded = experiment({
  status: {
    phase: 'Running',
    conditions: [
      {
        type: 'Degraded',
        status: 'True',
        reason: 'StreamUnavailable',
        message: 'NATS does not answer',
        lastTransitionTime: '2026-01-01T00:00:00Z',
        observedGeneration: 1,
      },
    ],
  },
});
const calm = experiment({ status: { phase: 'Running' } });

const CASES: Readonly<Record<string, readonly [Finding, Finding['state'], RegExp]>> = {
  'a server that is new enough': [versionFinding('v1.34.4'), 'ok', /v1\.34\.4/],
  'a server that is too old': [versionFinding('v1.29.1'), 'bad', /older than v1\.30/],
  'clocks that agree': [clockFinding(300), 'ok', /as the server/],
  'a clock that is ahead': [clockFinding(90_000), 'bad', /1m30s ahead of/],
  'a clock that is behind': [clockFinding(-20_000), 'bad', /20s behind/],
  'kinds as ours': [kindsFinding(served()), 'ok', /as this program knows them/],
  'kinds that are older': [
    kindsFinding(without('enqueue')),
    'bad',
    /without Experiment\.spec\.enqueue/,
  ],
  'kinds that are newer': [kindsFinding(withMore('colour')), 'ok', /newer.*Trial\.spec\.colour/],
  'no kinds': [kindsFinding(undefined), 'bad', /does not know espalier\.dev/],
  'all rights': [rightsFinding([], 'team'), 'ok', /all/],
  'missing rights': [
    rightsFinding(
      RIGHTS.filter(({ verb }) => verb !== 'list'),
      'team',
    ),
    'bad',
    /none in team to get, create, patch, delete experiments\.espalier\.dev; get trials.*get pods\/log/,
  ],
  'a controller that is up': [
    controllerFinding([lease(2)], ['x/controller:1'], NOW),
    'ok',
    /pod-1 in espalier-system, x\/controller:1/,
  ],
  'a controller that is down': [
    controllerFinding([lease(600)], [], NOW),
    'bad',
    /renewed 10m00s ago/,
  ],
  'a Lease that nobody holds': [controllerFinding([lease(1, '')], [], NOW), 'bad', /none holds/],
  'no controller': [controllerFinding([], [], NOW), 'bad', /no Lease/],
  'a Lease of others': [controllerFinding('hidden', 'hidden', NOW), 'hidden', /not for your eyes/],
  'trouble that the controller tells': [
    partsFinding([calm, degraded], 'team'),
    'bad',
    /digits: StreamUnavailable: NATS does not answer/,
  ],
  'no trouble': [partsFinding([calm], 'team'), 'ok', /no complaint of 1 Experiment/],
  'nobody who could tell': [partsFinding([], 'team'), 'hidden', /nothing runs in team/],
  'free GPUs': [
    gpusFinding([
      { node: 'a', total: 8, used: 8 },
      { node: 'b', total: 4, used: 1 },
    ]),
    'ok',
    /3 of 12 free on 2 nodes: b 3/,
  ],
  'no GPUs': [gpusFinding([]), 'hidden', /no node offers any/],
  'a Node that is new enough': [nodeFinding('22.19.0'), 'ok', /22\.19/],
  'a Node that is too old': [nodeFinding('22.9.1'), 'bad', /older than 22\.19/],
};
for (const [name, [finding, state, detail]] of Object.entries(CASES)) {
  test(`doctor tells of ${name}`, () => {
    assert.equal(finding.state, state, finding.detail);
    assert.match(finding.detail, detail);
    // Whoever hears of trouble hears what to do.
    if (state === 'bad') assert.ok((finding.todo ?? []).length > 0);
  });
}
