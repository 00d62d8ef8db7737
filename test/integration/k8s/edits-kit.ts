import assert from 'node:assert/strict';
import { type Experiment, type ExperimentSpec, isTerminalTrial, type Trial } from '@espalier/api';
import fc from 'fast-check';
import type { ApiClient } from '../../kit/api-client.ts';
import type { SeenRequest } from '../../kit/fault-rules.ts';
import { experimentsPath } from './objects.ts';
import type { PodWitness } from './pod-witness.ts';

export type Edit =
  | { readonly kind: 'parallel' | 'max'; readonly to: number }
  | { readonly kind: 'desired'; readonly to: 'Run' | 'Pause' | 'Stop' | 'Cancel' }
  /** One that no Experiment allows. */
  | { readonly kind: 'immutable'; readonly spec: object };

/** An edit, and the write of the controller that it comes before. */
export interface Moment {
  readonly edit: Edit;
  readonly afterWrites: number;
}

const IMMUTABLE: readonly object[] = [
  { search: { seed: 99 } },
  { search: { algorithm: 'grid' } },
  { objective: { goal: 'minimize' } },
  { parameters: [{ name: 'lr', float: { min: 0.001, max: 0.2 } }] },
  { replicates: { parameter: 'seed', values: [1, 2] } },
];

const anyEdit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('parallel' as const),
      to: fc.nat(3).map((n) => n + 1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('max' as const), to: fc.nat(6).map((n) => n + 1) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('desired' as const),
      to: fc.constantFrom('Run' as const, 'Pause' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('desired' as const),
      to: fc.constant('Stop' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('immutable' as const),
      spec: fc.constantFrom(...IMMUTABLE),
    }),
  },
);

export const anyMoments = fc.array(fc.record({ edit: anyEdit, afterWrites: fc.nat(12) }), {
  minLength: 1,
  maxLength: 8,
});

/** What a user does at the end, so that there is one. */
export const anyLast = fc.constantFrom('Run', 'Stop', 'Cancel', 'delete');
export type Last = 'Run' | 'Stop' | 'Cancel' | 'delete';

/** The edits of an Experiment that the API server accepted. */
export class EditLog {
  readonly #client: ApiClient;
  readonly #path: string;
  readonly #specs: { readonly generation: number; readonly spec: ExperimentSpec }[] = [];
  desired: 'Run' | 'Pause' | 'Stop' | 'Cancel' = 'Run';
  /** The largest `max` that ever was. */
  largestMax = 0;
  accepted = 0;
  rejected = 0;

  constructor(client: ApiClient, namespace: string, name: string, made: Experiment) {
    this.#client = client;
    this.#path = experimentsPath(namespace, name);
    this.#take(made);
  }

  /** @throws {AssertionError} if the API server accepts what it must refuse, or the reverse. */
  async apply(edit: Edit): Promise<void> {
    const body = { spec: specOf(edit) };
    const { status, text } = await this.#client.request('PATCH', this.#path, {
      contentType: 'application/merge-patch+json',
      body,
    });
    const isRefused = edit.kind === 'immutable' || this.#isWayBack(edit);
    assert.equal(status, isRefused ? 422 : 200, `${JSON.stringify(edit)}: ${text.slice(0, 300)}`);
    if (isRefused) {
      this.rejected += 1;
      return;
    }
    this.accepted += 1;
    this.#take(JSON.parse(text) as Experiment);
  }

  /** The most pods that may be live when a pod is created by whoever knew this generation. */
  limitFrom(generation: number): number {
    const known = this.#specs.findLastIndex((one) => one.generation <= generation);
    const since = this.#specs.slice(Math.max(0, known));
    return Math.max(...since.map(({ spec }) => spec.trials.parallel));
  }

  /** The spec that was judged; what is edited after the end changes nothing. */
  specAt(generation: number | undefined): ExperimentSpec {
    const found = this.#specs.find((one) => one.generation === generation);
    assert.ok(found !== undefined, `no edit made generation ${generation}`);
    return found.spec;
  }

  #isWayBack(edit: Edit): boolean {
    if (edit.kind !== 'desired' || edit.to === this.desired) return false;
    return this.desired === 'Cancel' || (this.desired === 'Stop' && edit.to !== 'Cancel');
  }

  #take({ spec, metadata }: Experiment): void {
    this.desired = spec.desiredState;
    this.largestMax = Math.max(this.largestMax, spec.trials.max);
    this.#specs.push({ generation: metadata.generation, spec });
  }
}

function specOf(edit: Edit): object {
  switch (edit.kind) {
    case 'parallel':
    case 'max':
      return { trials: { [edit.kind]: edit.to } };
    case 'desired':
      return { desiredState: edit.to };
    case 'immutable':
      return edit.spec;
  }
}

/** A create that was on its way when a status was written is no excess. */
const ON_ITS_WAY_MS = 300;

/**
 * Pods that were one too many when they were created (G14). The limit is the largest `parallel` since
 * the generation that the controller had acknowledged in the status when it sent the create.
 */
export function excess(
  writes: readonly SeenRequest[],
  witness: PodWitness,
  edits: EditLog,
): string[] {
  const found: string[] = [];
  const acknowledged: { readonly atMs: number; readonly generation: number }[] = [];
  for (const { method, path, body, atMs, serverStatus } of writes) {
    if (method === 'PUT' && /\/experiments\/[^/]+\/status/.test(path) && serverStatus === 200) {
      const { status } = JSON.parse(body) as { status: { observedGeneration?: number } };
      acknowledged.push({ atMs, generation: status.observedGeneration ?? 0 });
    }
    if (method !== 'POST' || !path.endsWith('/pods') || serverStatus !== 201) continue;
    const { name } = (JSON.parse(body) as { metadata: { name: string } }).metadata;
    const known = acknowledged.findLast((one) => one.atMs < atMs - ON_ITS_WAY_MS);
    const limit = edits.limitFrom(known?.generation ?? 0);
    const live = witness.liveAtCreation.get(name) ?? 0;
    if (live > limit) found.push(`${name} was live pod ${live} of ${limit}`);
  }
  return found;
}

/** What no end state may be; empty = it is legal. */
export function illegal(
  { status }: Experiment,
  trials: readonly Trial[],
  edits: EditLog,
): string[] {
  const found: string[] = [];
  const check = (isLegal: boolean, what: string) => {
    if (!isLegal) found.push(what);
  };
  const phases = trials.map((trial) => trial.status?.phase);
  check(
    trials.every((trial) => isTerminalTrial(trial.status?.phase)),
    `trials ${phases.join(' ')}`,
  );
  check(trials.length <= edits.largestMax, `${trials.length} trials of ${edits.largestMax}`);
  check(status?.trials?.total === trials.length, `total ${status?.trials?.total}`);
  const succeeded = phases.filter((phase) => phase === 'Succeeded').length;
  check(status?.trials?.succeeded === succeeded, `succeeded ${status?.trials?.succeeded}`);
  check(status?.configurations?.completed === trials.length, 'completed');
  for (const { metadata, status: trial } of trials) {
    const numbers = trial?.attempts.map(({ number }) => number) ?? [];
    check(
      numbers.every((number, at) => number === at),
      `${metadata.name}: attempts ${numbers}`,
    );
    check(
      trial?.attempts.every(({ outcome }) => outcome !== undefined) ?? true,
      `${metadata.name}: an attempt without an outcome`,
    );
  }
  const { phase, reason } = status ?? {};
  const { desiredState, trials: wanted } = edits.specAt(status?.observedGeneration);
  switch (reason) {
    case 'MaxTrialsReached':
      check(trials.length >= wanted.max, `${trials.length} of ${wanted.max} trials`);
      check(phase === 'Succeeded', `${phase} ${reason}`);
      break;
    case 'StopRequested':
      check(phase === 'Succeeded' && desiredState === 'Stop', `${phase} ${reason}`);
      break;
    case 'CancelRequested':
      check(phase === 'Cancelled' && desiredState === 'Cancel', `${phase} ${reason}`);
      break;
    case 'NoValue':
      check(phase === 'Failed' && succeeded === 0, `${phase} ${reason}`);
      break;
    default:
      found.push(`${phase} ${reason}`);
  }
  return found;
}
