import { CONDITION, type Experiment, GROUP } from '@espalier/api';
import type { ControllerLease, FieldTree, NodeGpus, Right } from '@espalier/controller/remote';
import { formatDuration } from '../render/duration.ts';
import { count } from '../render/number.ts';
import { bad, type Finding, hidden, ok } from './finding.ts';
import { fieldGaps } from './known-fields.ts';

/** Judgements of what a probe has seen; docs/install.md and docs/operations.md tell more. */

const OLDEST_MINOR = 30;
const WORST_SKEW_MS = 5000;
const MOST_NAMED = 5;

export function versionFinding(version: string): Finding {
  const what = 'API server';
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined) return hidden(what, `answers, but with the version "${version}"`);
  if (Number(major) > 1 || Number(minor) >= OLDEST_MINOR) return ok(what, version);
  return bad(what, `${version} is older than v1.${OLDEST_MINOR}`, 'upgrade the cluster');
}

export function clockFinding(aheadMs: number | undefined): Finding {
  const what = 'clock';
  if (aheadMs === undefined) return hidden(what, 'the server tells no time');
  const size = Math.abs(aheadMs);
  const side = aheadMs > 0 ? 'ahead of' : 'behind';
  if (size <= WORST_SKEW_MS)
    return ok(what, size < 1000 ? 'as the server' : `${formatDuration(size)} ${side} the server`);
  return bad(
    what,
    `${formatDuration(size)} ${side} the server's`,
    'ages and times left are wrong by that; the store refuses requests from 15 minutes on',
    'let NTP set this machine: timedatectl set-ntp true',
  );
}

export function kindsFinding(served: ReadonlyMap<string, FieldTree> | undefined): Finding {
  const what = 'kinds';
  if (served === undefined || !served.has('Experiment')) {
    return bad(
      what,
      `the server does not know ${GROUP}`,
      'espalier install prints how to install it',
    );
  }
  const { missing, newer } = fieldGaps(served);
  if (missing.length > 0) {
    return bad(
      what,
      `the server's are older than this program: without ${some(missing)}`,
      'upgrade the release: helm upgrade, see docs/install.md',
    );
  }
  return newer.length === 0
    ? ok(what, 'as this program knows them')
    : ok(what, `newer than this program: it does not know ${some(newer)}`);
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
}

/** What the verbs of this program need. */
export const RIGHTS: readonly Omit<Right, 'namespace'>[] = [
  ...['get', 'list', 'create', 'patch', 'delete'].map((verb) => ours(verb, 'experiments')),
  ...['get', 'list'].map((verb) => ours(verb, 'trials')),
  { verb: 'list', group: 'events.k8s.io', resource: 'events' },
  { verb: 'get', group: '', resource: 'pods', subresource: 'log' },
];

function ours(verb: string, resource: string): Omit<Right, 'namespace'> {
  return { verb, group: GROUP, resource };
}

export function rightsFinding(
  missing: readonly Omit<Right, 'namespace'>[],
  namespace: string,
): Finding {
  const what = 'rights';
  if (missing.length === 0) return ok(what, `all that this program needs in ${namespace}`);
  const byResource = Map.groupBy(missing, ({ group, resource, subresource }) => {
    const name = group === '' ? resource : `${resource}.${group}`;
    return subresource === undefined ? name : `${name}/${subresource}`;
  });
  const list = [...byResource].map(
    ([resource, rights]) => `${rights.map(({ verb }) => verb).join(', ')} ${resource}`,
  );
  return bad(
    what,
    `none in ${namespace} to ${list.join('; ')}`,
    `ask for the role "edit" there: kubectl create rolebinding YOU --clusterrole=edit --user=YOU -n ${namespace}`,
  );
}

export function controllerFinding(
  leases: readonly ControllerLease[] | 'hidden',
  images: readonly string[] | 'hidden',
  serverNowMs: number,
): Finding {
  const what = 'controller';
  const seen = images === 'hidden' ? [] : images;
  const image = seen.length === 0 ? '' : `, ${[...new Set(seen)].join(', ')}`;
  if (leases === 'hidden') {
    return hidden(
      what,
      `its Lease is not for your eyes${image}`,
      'whoever may: kubectl get lease -A | grep espalier',
    );
  }
  if (leases.length === 0) {
    return bad(what, 'there is no Lease of one', 'espalier install prints how to install it');
  }
  const held = leases.filter(
    ({ holder, renewedMs, durationMs }) =>
      holder !== '' && serverNowMs - renewedMs < 3 * durationMs,
  );
  const [first] = leases;
  if (held.length === 0 && first !== undefined) {
    const age = Number.isNaN(first.renewedMs)
      ? 'never'
      : `${formatDuration(serverNowMs - first.renewedMs)} ago`;
    return bad(
      what,
      `none holds the Lease ${first.name} in ${first.namespace}: renewed ${age}`,
      `kubectl get pods -n ${first.namespace} -l app.kubernetes.io/name=espalier`,
      'docs/operations.md tells what its log says',
    );
  }
  const places = held.map(({ namespace, holder }) => `${holder} in ${namespace}`).join(', ');
  return ok(what, `${places}${image}`);
}

/** NATS and the store as the controller sees them: it tells on every Experiment that it concerns. */
export function partsFinding(experiments: readonly Experiment[], namespace: string): Finding {
  const what = 'NATS, store';
  const running = experiments.filter(({ status }) => status?.completionTime === undefined);
  const troubles = running.flatMap(({ metadata, status }) =>
    (status?.conditions ?? [])
      .filter(({ type, status: is }) => type === CONDITION.degraded && is === 'True')
      .map(({ reason, message }) => `${metadata.name}: ${reason}: ${message}`),
  );
  if (troubles.length > 0) {
    return bad(what, some(troubles), 'docs/operations.md tells what to do about each');
  }
  if (running.length === 0) {
    return hidden(
      what,
      `nothing runs in ${namespace} that could tell`,
      'helm test espalier -n espalier-system tries both',
    );
  }
  return ok(what, `no complaint of ${count(running.length, 'Experiment')} that run`);
}

export function gpusFinding(nodes: readonly NodeGpus[] | 'hidden'): Finding {
  const what = 'GPUs';
  if (nodes === 'hidden') return hidden(what, 'nodes and pods of others are not for your eyes');
  if (nodes.length === 0) {
    return hidden(
      what,
      'no node offers any',
      'trials that ask for one wait until deadlines.pending',
    );
  }
  const total = nodes.reduce((sum, node) => sum + node.total, 0);
  const free = nodes.map(({ node, total: all, used }) => ({ node, free: Math.max(0, all - used) }));
  const left = free.reduce((sum, node) => sum + node.free, 0);
  const where = free.filter((node) => node.free > 0).map(({ node, free: n }) => `${node} ${n}`);
  const places = where.length === 0 ? '' : `: ${some(where)}`;
  return ok(what, `${left} of ${total} free on ${count(nodes.length, 'node')}${places}`);
}
