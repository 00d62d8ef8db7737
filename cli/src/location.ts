import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Experiment } from '@espalier/api';
import type { Damage, LocalClient, TrialView } from '@espalier/controller/local';
import type { UserCluster } from '@espalier/controller/remote';
import { type ClusterFlags, isOnCluster, openCluster } from './cluster.ts';
import type { ClusterClient } from './cluster-client.ts';
import { invalid, notFound } from './failure.ts';
import type { Key, Place } from './key.ts';
import { printable } from './render/printable.ts';
import type { Surroundings } from './surroundings.ts';
import { remoteWork } from './transfer/remote-work.ts';

/** Where a command looks, the folder or a cluster: every verb has these options. */
export interface Location extends ClusterFlags {
  readonly dir?: string;
}

export function folderOf({ cwd, env }: Surroundings, { dir }: Location): string {
  // A variable that is empty is one that is not set.
  return resolve(cwd, dir ?? (env.ESPALIER_DIR || '.espalier'));
}

/** That folder, whether it is there or can be made. @throws {Failure} if a file is in its place. */
export function stateFolder(surroundings: Surroundings, location: Location): string {
  const dir = folderOf(surroundings, location);
  let there = dir;
  while (!existsSync(there)) there = dirname(there);
  if (statSync(there).isDirectory()) return dir;
  throw invalid(`${printable(there)} is a file and not a folder`, [
    'state lies in a folder: --dir DIR (or ESPALIER_DIR) names it; a manifest is given with -f',
  ]);
}

/** Opens the folder or the cluster for one command and closes it whatever happens. */
export async function withClient<T>(
  surroundings: Surroundings,
  location: Location,
  work: (client: LocalClient, place: Place) => Promise<T>,
): Promise<T> {
  if (isOnCluster(location)) return onCluster(surroundings, location, work);
  const dir = stateFolder(surroundings, location);
  if (!existsSync(dir)) {
    throw notFound(`there is no folder ${printable(dir)}`, [
      'espalier run -f FILE makes it; --dir DIR (or ESPALIER_DIR) names another one',
      'for a cluster add --cluster or --context NAME',
    ]);
  }
  const engine = await surroundings.engine();
  const { stderr } = surroundings;
  const onDamage = ({ path, why, movedTo }: Damage) => {
    const where = movedTo === undefined ? '' : `, and was moved to ${movedTo}`;
    const text = printable(`warning: ${path} is left out: it cannot be used: ${why}${where}`);
    stderr.write(`${stderr.paint('warning', text)}\n`);
  };
  const client = await engine.openClient(dir, { onDamage });
  try {
    return await work(client, { namespace: location.namespace ?? 'default', name: dir });
  } finally {
    await client.close();
  }
}

async function onCluster<T>(
  surroundings: Surroundings,
  location: Location,
  work: (client: LocalClient, place: Place) => Promise<T>,
): Promise<T> {
  return withUserCluster(surroundings, location, ({ client, place }) => work(client, place));
}

/** A cluster that was opened for one command. */
export interface OpenedCluster {
  readonly cluster: UserCluster;
  readonly client: ClusterClient;
  readonly place: Place;
  /** Aborts when the command is told to end. */
  readonly signal: AbortSignal;
}

/**
 * Opens the cluster that the options name and closes it whatever happens.
 *
 * @param afterwards What a user can do after an interruption.
 */
export async function withUserCluster<T>(
  surroundings: Surroundings,
  location: Location & { readonly allNamespaces?: boolean },
  work: (opened: OpenedCluster) => Promise<T>,
  afterwards = 'look again: what was asked of the cluster may have been done',
): Promise<T> {
  const { ClusterClient } = await import('./cluster-client.ts');
  const cluster = await openCluster(surroundings, location);
  try {
    const namespace = location.namespace ?? cluster.namespace ?? 'default';
    const listed = location.allNamespaces === true ? undefined : namespace;
    return await remoteWork(
      surroundings,
      (signal) => {
        const client = new ClusterClient(cluster, listed, signal);
        return work({ cluster, client, place: { namespace, name: cluster.server }, signal });
      },
      afterwards,
    );
  } finally {
    cluster.close();
  }
}

/** @throws Failure naming the nearest Experiment that exists. */
export async function needExperiment(client: LocalClient, key: Key): Promise<Experiment> {
  const found = await client.experiment(key);
  if (found !== undefined) return found;
  throw await unknownName(client, key, 'Experiment');
}

export interface FoundTrial {
  readonly experiment: Experiment;
  readonly view: TrialView;
}

/** The Trial of that name; its Experiment is the part before the index. */
export async function findTrial(client: LocalClient, key: Key): Promise<FoundTrial | undefined> {
  const { trialOwner } = await import('@espalier/api');
  const owner = trialOwner(key.name);
  if (owner === undefined) return undefined;
  const ownerKey = { namespace: key.namespace, name: owner };
  const experiment = await client.experiment(ownerKey);
  if (experiment === undefined) return undefined;
  const views = await client.trials(ownerKey);
  const view = views.find(({ trial }) => trial.metadata.name === key.name);
  return view === undefined ? undefined : { experiment, view };
}

/** @param kind What was looked for. */
export async function unknownName(
  client: LocalClient,
  key: Key,
  kind: 'Experiment' | 'Experiment or Trial',
): Promise<Error> {
  const { nearestName, trialOwner } = await import('@espalier/api');
  const experiments = await client.experiments();
  const names = experiments
    .filter(({ metadata }) => metadata.namespace === key.namespace)
    .map(({ metadata }) => metadata.name);
  const elsewhere = experiments.find(({ metadata }) => metadata.name === key.name);
  const owner = names.find((name) => name === trialOwner(key.name));
  const near = owner === undefined ? nearestName(key.name, names) : undefined;
  const hints = [
    ...(owner === undefined ? [] : [hintOfTrial(owner, kind)]),
    ...(near === undefined ? [] : [`did you mean ${near}?`]),
    ...(elsewhere === undefined ? [] : [`there is one in -n ${elsewhere.metadata.namespace}`]),
    'espalier list shows what there is (with the same --dir or --context)',
  ];
  return notFound(
    `no ${kind} ${printable(key.name)} in namespace ${printable(key.namespace)}`,
    hints,
  );
}

function hintOfTrial(owner: string, kind: 'Experiment' | 'Experiment or Trial'): string {
  return kind === 'Experiment'
    ? `that is the name of a Trial; its Experiment is ${owner}`
    : `espalier trials ${owner} lists the Trials of ${owner}`;
}
