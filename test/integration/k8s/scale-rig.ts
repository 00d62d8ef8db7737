import { after, before } from 'node:test';
import type { Stage } from '../../kit/kwok-stages.ts';
import { PodWatch } from '../../kit/pod-watch.ts';
import { type Cluster, useCluster } from '../../kit/suite.ts';
import { applyCrds } from './objects.ts';
import { type Program, startProgram, tokenAccess } from './program.ts';

export const HOUR_MS = 3_600_000;

/** A cluster with the controller and a count of its pods; readable from the first test on. */
export interface ScaleRig {
  readonly cluster: Cluster;
  readonly pods: PodWatch;
  readonly program: Program;
}

/** Starts all of it before the tests of the enclosing suite and ends it after them. */
export function useScaleRig(label: string, stages: readonly Stage[]): ScaleRig {
  const cluster = useCluster({ label, nodes: { stages } });
  const stop = new AbortController();
  let parts: Pick<ScaleRig, 'pods' | 'program'> | undefined;
  let watching: Promise<void> | undefined;
  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    const pods = new PodWatch(plane.client);
    watching = pods.run(stop.signal);
    watching.catch(() => {});
    const program = startProgram(tokenAccess(plane));
    parts = { pods, program };
    await program.controller.ready;
  });
  after(async () => {
    stop.abort();
    await parts?.program.stop();
    // The servers may be gone before the watch is told to end.
    await watching?.catch(() => {});
  });
  const started = (): Pick<ScaleRig, 'pods' | 'program'> => {
    if (parts === undefined) throw new Error("the rig runs only while the suite's tests do");
    return parts;
  };
  return {
    cluster,
    get pods() {
      return started().pods;
    },
    get program() {
      return started().program;
    },
  };
}
