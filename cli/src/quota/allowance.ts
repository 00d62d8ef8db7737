import type { PodRequests, Quota, QuotaLimit, QuotaScope } from '@espalier/controller/remote';

/** What a quota leaves for trials that run at the same time. */
export interface Room {
  readonly quota: string;
  readonly limit: QuotaLimit;
  /** Of the limit's resource, by one trial. */
  readonly each: number;
  /** So many trials fit into what is left; into all of it, were nothing else there. */
  readonly now: number;
  readonly ever: number;
}

/** What quotas allow an Experiment. */
export interface Allowance {
  /** Trials at the same time, beside what runs already; undefined if no quota counts them. */
  readonly now: number | undefined;
  /** The same if nothing else ran. */
  readonly ever: number | undefined;
  /** What allows no more than `now`, and is to be asked for more. */
  readonly limits: readonly Room[];
  /** Objects that the Experiment makes altogether and that some quota has no place for. */
  readonly short: readonly Room[];
  /** Of CPU and memory what a quota wants to know of a pod, and the trainer does not say. */
  readonly unsaid: readonly { readonly quota: string; readonly resource: string }[];
}

/** Whole trials are asked for: an amount that is a hair too small for the last one is rounding. */
const ROUNDING = 1e-9;

/** Quotas of these count from a trial's first pod to its last one; every attempt has one of each. */
const OBJECTS_OF_A_POD = ['pods', 'count/pods', 'secrets', 'count/secrets'];

/**
 * Judges what the quotas of a namespace allow an Experiment of `trials` trials, one pod each.
 *
 * @param isNew Whether the Experiment itself is still to be created.
 */
export function allowanceOf(
  quotas: readonly Quota[],
  pod: PodRequests,
  { trials, isNew }: { readonly trials: number; readonly isNew: boolean },
): Allowance {
  const counting = quotas.filter(({ scopes }) => scopes.every((scope) => holds(scope, pod)));
  const all = counting.flatMap(({ name, limits }) =>
    limits.map((limit) => ({ quota: name, limit })),
  );
  const rooms = all.flatMap(({ quota, limit }) => {
    const each = takenByPod(limit.resource, pod);
    return each > 0 ? [roomOf(quota, limit, each)] : [];
  });
  const now = least(rooms.map((room) => room.now));
  const objects: Readonly<Record<string, number>> = {
    'count/trials.espalier.dev': trials,
    'count/experiments.espalier.dev': isNew ? 1 : 0,
  };
  const short = all.flatMap(({ quota, limit }) => {
    const needed = objects[limit.resource] ?? 0;
    const room = roomOf(quota, limit, 1);
    return room.now < needed ? [{ ...room, each: needed }] : [];
  });
  return {
    now,
    ever: least(rooms.map((room) => room.ever)),
    limits: rooms.filter((room) => room.now === now),
    short,
    unsaid: all.flatMap(({ quota, limit: { resource } }) => {
      const basic = resource.replace(/^(requests|limits)\./, '');
      return pod.unset.includes(basic) ? [{ quota, resource }] : [];
    }),
  };
}

function roomOf(quota: string, limit: QuotaLimit, each: number): Room {
  const whole = (amount: number) => Math.max(0, Math.floor(amount / each + ROUNDING));
  const { hard, used } = limit;
  return { quota, limit, each, now: whole(hard.value - used.value), ever: whole(hard.value) };
}

/** Requests and limits of our pods are equal. */
function takenByPod(resource: string, { amounts }: PodRequests): number {
  if (OBJECTS_OF_A_POD.includes(resource)) return 1;
  const name = resource.replace(/^(requests|limits)\./, '');
  return Object.hasOwn(amounts, name) ? (amounts[name] ?? 0) : 0;
}

/** Whether the quota counts our pods, which have no deadline of their own and no affinity. */
function holds({ name, operator, values }: QuotaScope, pod: PodRequests): boolean {
  const isBestEffort = Object.keys(pod.amounts).every(
    (each) => each !== 'cpu' && each !== 'memory',
  );
  switch (name) {
    case 'NotTerminating':
      return true;
    case 'BestEffort':
      return isBestEffort;
    case 'NotBestEffort':
      return !isBestEffort;
    case 'PriorityClass':
      return hasPriority(pod.priorityClassName, operator, values);
    default:
      return false;
  }
}

function hasPriority(
  name: string | undefined,
  operator: string,
  values: readonly string[],
): boolean {
  const isAmong = name !== undefined && values.includes(name);
  switch (operator) {
    case 'In':
      return isAmong;
    case 'NotIn':
      return !isAmong;
    case 'DoesNotExist':
      return name === undefined;
    default:
      return name !== undefined;
  }
}

function least(numbers: readonly number[]): number | undefined {
  return numbers.length === 0 ? undefined : Math.min(...numbers);
}
