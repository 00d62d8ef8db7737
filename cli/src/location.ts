import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Experiment } from '@espalier/api';
import type { LocalClient, TrialView } from '@espalier/controller/local';
import { notFound } from './failure.ts';
import { printable } from './render/printable.ts';
import type { Surroundings } from './surroundings.ts';

/** Where a command looks: every verb has these options. */
export interface Location {
  readonly dir?: string;
  readonly namespace?: string;
}

export interface Key {
  readonly namespace: string;
  readonly name: string;
}

export function folderOf(surroundings: Surroundings, { dir }: Location): string {
  return resolve(surroundings.cwd, dir ?? surroundings.env.ESPALIER_DIR ?? '.espalier');
}

/** The key of a NAME argument, which may be written as `-o name` prints it. */
export function keyOf(name: string, { namespace = 'default' }: Location): Key {
  return { namespace, name: name.replace(/^(experiment|trial)s?(\.espalier\.dev)?\//, '') };
}

/** Opens the folder for one command and closes it whatever happens. */
export async function withClient<T>(
  surroundings: Surroundings,
  location: Location,
  work: (client: LocalClient) => Promise<T>,
): Promise<T> {
  const dir = folderOf(surroundings, location);
  if (!existsSync(dir)) {
    throw notFound(`there is no folder ${printable(dir)}`, [
      'espalier run -f FILE makes it; --dir DIR (or ESPALIER_DIR) names another one',
    ]);
  }
  const engine = await surroundings.engine();
  const client = await engine.openClient(dir);
  try {
    return await work(client);
  } finally {
    await client.close();
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
  const owner = /^(.+)-\d{5}$/.exec(key.name)?.[1];
  if (owner === undefined) return undefined;
  const ownerKey = { namespace: key.namespace, name: owner };
  const experiment = await client.experiment(ownerKey);
  if (experiment === undefined) return undefined;
  const views = await client.trials(ownerKey);
  const view = views.find(({ trial }) => trial.metadata.name === key.name);
  return view === undefined ? undefined : { experiment, view };
}

export async function unknownName(client: LocalClient, key: Key, kind: string): Promise<Error> {
  const { nearestName } = await import('@espalier/api');
  const experiments = await client.experiments();
  const names = experiments
    .filter(({ metadata }) => metadata.namespace === key.namespace)
    .map(({ metadata }) => metadata.name);
  const elsewhere = experiments.find(({ metadata }) => metadata.name === key.name);
  const near = nearestName(key.name, names);
  const hints = [
    ...(near === undefined ? [] : [`did you mean ${near}?`]),
    ...(elsewhere === undefined ? [] : [`there is one in -n ${elsewhere.metadata.namespace}`]),
    'espalier list shows what there is (with the same --dir)',
  ];
  return notFound(
    `no ${kind} ${printable(key.name)} in namespace ${printable(key.namespace)}`,
    hints,
  );
}
