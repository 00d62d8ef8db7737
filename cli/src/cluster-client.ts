import type { DesiredState, Experiment } from '@espalier/api';
import type { EventRecord, LocalClient, TrialView } from '@espalier/controller/local';
import type { ExperimentPicture, UserCluster, WatchNews } from '@espalier/controller/remote';
import { notFound } from './failure.ts';
import type { Key } from './key.ts';
import { printable } from './render/printable.ts';

/** A cluster as verbs see it: what they can do in a folder they can do here. */
export class ClusterClient implements LocalClient {
  readonly #cluster: UserCluster;
  readonly #namespace: string | undefined;
  readonly #signal: AbortSignal;
  /** By key, as they were read last: what is asked or done next is about those, and no later namesake. */
  readonly #read = new Map<string, Experiment>();

  /** @param namespace In which Experiments are listed; undefined = in all. */
  constructor(cluster: UserCluster, namespace: string | undefined, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#signal = signal;
  }

  async experiments(): Promise<readonly Experiment[]> {
    const all = await this.#cluster.experiments(this.#namespace, { signal: this.#signal });
    for (const one of all) this.#read.set(textOf(one.metadata), one);
    return all;
  }

  async experiment(key: Key): Promise<Experiment | undefined> {
    const found = await this.#cluster.experiment(key, { signal: this.#signal });
    if (found === undefined) this.#read.delete(textOf(key));
    else this.#read.set(textOf(key), found);
    return found;
  }

  async trials(key: Key): Promise<readonly TrialView[]> {
    const experiment = await this.#need(key);
    const trials = await this.#cluster.trials(experiment, { signal: this.#signal });
    return trials.map((trial) => ({ trial }));
  }

  watchExperiment(
    key: Key & { readonly uid: string },
  ): AsyncIterable<WatchNews<ExperimentPicture>> {
    return this.#cluster.watchExperiment(key, { signal: this.#signal });
  }

  watchExperiments(): AsyncIterable<WatchNews<readonly Experiment[]>> {
    return this.#cluster.watchExperiments(this.#namespace, { signal: this.#signal });
  }

  events(key: Key): Promise<readonly EventRecord[]> {
    return this.#cluster.events(key, { signal: this.#signal });
  }

  setDesiredState(key: Key, state: DesiredState): Promise<Experiment> {
    return this.#cluster.setDesiredState(key, state, { signal: this.#signal });
  }

  async deleteExperiment(key: Key): Promise<void> {
    await this.#cluster.remove(await this.#need(key), { signal: this.#signal });
  }

  /** Logs of a cluster are in its pods and in the store, not in files. */
  async logFile(): Promise<undefined> {
    return undefined;
  }

  async pointFiles(): Promise<readonly string[]> {
    return [];
  }

  /** Whether its controller is up is for `doctor` to tell: few may see its Lease. */
  async isDriven(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    this.#cluster.close();
  }

  async #need(key: Key): Promise<Experiment> {
    const experiment = this.#read.get(textOf(key)) ?? (await this.experiment(key));
    if (experiment !== undefined) return experiment;
    throw notFound(`no Experiment ${printable(key.name)} in namespace ${printable(key.namespace)}`);
  }
}

function textOf({ namespace, name }: Key): string {
  return `${namespace}/${name}`;
}
