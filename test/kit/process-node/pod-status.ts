import type { Condition } from '../kube-types.ts';
import type { Container } from './container.ts';
import { isSidecar } from './pod-spec.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** What a status is made from. */
export interface PodFacts {
  readonly phase: PodPhase;
  readonly startTime: string;
  readonly init: readonly Container[];
  readonly main: readonly Container[];
  /** All init containers that are no sidecars have succeeded. */
  readonly isInitialized: boolean;
  /** The conditions written before, whose times stay until they change. */
  readonly before: readonly TimedCondition[];
}

export interface TimedCondition extends Condition {
  readonly lastTransitionTime: string;
}

/** The status of a pod as the kubelet writes it, without what others write into it. */
export function podStatus(facts: PodFacts) {
  const { phase, startTime, init, main } = facts;
  return {
    phase,
    startTime,
    conditions: conditions(facts),
    initContainerStatuses: init.map(containerStatus),
    containerStatuses: main.map(containerStatus),
  };
}

/** Whether the pod has succeeded, once nothing of it runs; sidecars do not count. */
export function finalPhase(main: readonly Container[]): PodPhase {
  return main.every(({ exitCode }) => exitCode === 0) ? 'Succeeded' : 'Failed';
}

function containerStatus({ spec, state, restarts, isRunning, exitCode }: Container) {
  return {
    name: spec.name,
    image: spec.image,
    imageID: spec.image,
    state,
    ready: isRunning || (!isSidecar(spec) && exitCode === 0),
    started: isRunning,
    restartCount: restarts,
  };
}

function conditions({ phase, main, isInitialized, before }: PodFacts): TimedCondition[] {
  const ready = phase === 'Running' && main.every(({ isRunning }) => isRunning);
  const wanted: readonly (readonly [string, boolean])[] = [
    ['Initialized', isInitialized],
    ['Ready', ready],
    ['ContainersReady', ready],
  ];
  return wanted.map(([type, holds]) => {
    const status = holds ? 'True' : 'False';
    const old = before.find((condition) => condition.type === type);
    if (old?.status === status) return old;
    return { type, status, lastTransitionTime: new Date().toISOString() };
  });
}
