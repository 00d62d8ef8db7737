import { after, before } from 'node:test';
import { PodWatch } from '../kit/pod-watch.ts';
import { makeStateFolder, type StateFolder } from '../kit/state-folder.ts';
import { started, watchOutcome } from '../kit/suite.ts';
import { Experiments, TEAM } from './experiments.ts';
import { whatIsThere } from './faults.ts';
import { type Kubernetes, openKubernetes } from './kubernetes.ts';
import { Release } from './release.ts';
import { type Story, tellStory } from './story.ts';
import { type Target, useTarget } from './target.ts';

/** Everything that the steps of the suite work with. */
export interface Rig {
  readonly target: Target;
  readonly kubernetes: Kubernetes;
  readonly release: Release;
  readonly experiments: Experiments;
  /** What looks like the release's and was there before it. */
  readonly before: ReadonlySet<string>;
  /** Follows all pods from {@link Rig.follow} on. */
  readonly pods: PodWatch;
  follow(): void;
  /** A folder that goes with the suite. */
  readonly files: StateFolder;
  /** Notes a time for the timeline. */
  mark(what: string): void;
}

/**
 * Finds or starts the cluster before the tests of the enclosing suite, and leaves it as it was.
 *
 * @param upgrades whether a step goes to the next version. @default true
 */
export function useRig({ upgrades = true } = {}): Story<Rig> {
  let rig: Rig | undefined;
  /** What to end, the newest first. */
  const ends: (() => Promise<void> | void)[] = [];
  const suite = new AbortController();
  const outcome = watchOutcome();
  const story = tellStory(
    () => started(rig),
    async () => (rig ? explain(rig) : ''),
  );
  before(async () => {
    const target = await useTarget(upgrades);
    ends.push(() => target.stop(outcome));
    const kubernetes = await openKubernetes(target.kubeconfig);
    ends.push(kubernetes.close);
    const release = new Release(kubernetes);
    if (target.stays) ends.push(await makeRoom(kubernetes, release));
    const pods = new PodWatch(kubernetes.client);
    const files = makeStateFolder('e2e');
    ends.push(files.remove);
    rig = {
      target,
      kubernetes,
      pods,
      files,
      release,
      before: new Set(await release.objects()),
      experiments: new Experiments(kubernetes),
      mark: story.mark,
      follow: () => {
        const following = pods.run(suite.signal);
        ends.push(() => following);
      },
    };
    story.mark(target.what);
  });
  after(async () => {
    suite.abort();
    for (const end of ends.reverse()) await end();
  });
  return story;
}

/** Takes a release away that is there; what is returned leaves the cluster as it was. */
async function makeRoom(kubernetes: Kubernetes, release: Release): Promise<() => Promise<void>> {
  const wasThere = await release.isInstalled();
  const clear = async () => {
    if (await release.isInstalled()) await release.uninstall();
    await kubernetes.kubectl(['delete', 'namespace', TEAM, '--ignore-not-found']);
  };
  await clear();
  return async () => {
    await clear();
    if (wasThere) await release.install({});
  };
}

async function explain({ kubernetes, target }: Rig): Promise<string> {
  const log = target.node?.kubeletLog(40) ?? 'it is not ours';
  return `${await whatIsThere(kubernetes)}\n--- kubelet\n${log}`;
}
