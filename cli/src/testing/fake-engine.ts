import {
  checkExperiment,
  type DesiredState,
  type Experiment,
  type ExperimentSpec,
} from '@espalier/api';
import type {
  ApplyOutcome,
  EventRecord,
  LocalOptions,
  LocalRunner,
  SpecProblem,
  TrialView,
  Verification,
  VerifyProgress,
} from '@espalier/controller/local';
import { compileSpace, type Problem, type Standing, type StopRule } from '@espalier/search';
import type { Engine } from '../surroundings.ts';
import { EPOCH_MS } from './objects.ts';

type Key = { readonly namespace: string; readonly name: string };

/** An error with a code, as the engine throws them. */
export function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Objects in memory instead of a folder; a run does what the test tells it to do. */
export class FakeEngine implements Engine {
  standings: readonly Standing[] = [];
  readonly objects = new Map<string, Experiment>();
  readonly trialsOf = new Map<string, TrialView[]>();
  readonly eventsOf = new Map<string, EventRecord[]>();
  readonly logs = new Map<string, string>();
  /** Paths of files with points, by trial. */
  readonly points = new Map<string, readonly string[]>();
  /** A metric that must not be above 0. */
  bounded = '';
  importance: readonly { readonly name: string; readonly importance: number }[] = [];
  /** Everything that was asked for, in order, such as `apply digits`. */
  readonly calls: string[] = [];
  options: LocalOptions | undefined;
  outcome: ApplyOutcome = 'created';
  /** Whether a runner holds the folder. */
  isDriven = true;
  verification: Verification = {
    trials: 3,
    suggestions: { equal: 3, different: 0, unknown: 0 },
    verdicts: { equal: 2, different: 0, unknown: 0 },
    differences: [],
    unknowns: [],
    missing: [],
    sharedOrders: 0,
  };
  startFailure: Error | undefined;
  /** What happens during a run; its end is that of the Experiment. */
  script: (runner: FakeRunner, key: Key) => Promise<void> = async () => {};

  add(experiment: Experiment, trials: readonly TrialView[] = []): this {
    const key = keyText(experiment.metadata);
    this.objects.set(key, experiment);
    this.trialsOf.set(key, [...trials]);
    return this;
  }

  async startRunner(options: LocalOptions): Promise<FakeRunner> {
    if (this.startFailure !== undefined) throw this.startFailure;
    this.options = options;
    return new FakeRunner(this);
  }

  async openClient(): Promise<FakeRunner> {
    return new FakeRunner(this);
  }

  checkExperiment(spec: ExperimentSpec): readonly SpecProblem[] {
    return checkExperiment(spec).map(({ path, message }) => ({ path, message }));
  }

  /** Of a space with one float; what a plan says of spaces is tested with the real engine. */
  problemOf(spec: ExperimentSpec): Problem {
    const space = compileSpace([{ name: 'lr', kind: 'float', min: 1e-5, max: 1e-2, scale: 'log' }]);
    return { space, goal: 'maximize', algorithm: 'random', seed: 0, maxTrials: spec.trials.max };
  }

  /** What is said of a leaderboard is tested with the real engine. */
  leaderboardOf(): readonly Standing[] {
    return this.standings;
  }

  missesConstraints(
    _: ExperimentSpec,
    { values = [] }: { readonly values?: readonly { metric: string; value: number }[] | undefined },
  ): boolean {
    return values.some(({ metric, value }) => metric === this.bounded && value > 0);
  }

  stopRuleOf(): StopRule {
    return { kind: 'none' };
  }

  importanceOf(): readonly { readonly name: string; readonly importance: number }[] {
    return this.importance;
  }

  /** Finds what the test says; how a record is recomputed is tested with the real engine. */
  *verifying(): Generator<VerifyProgress, Verification> {
    yield { done: 1, total: 2 };
    yield { done: 2, total: 2 };
    return this.verification;
  }
}

export class FakeRunner implements LocalRunner {
  readonly #engine: FakeEngine;
  readonly #listeners: (() => void)[] = [];
  readonly #interrupted = Promise.withResolvers<void>();
  /** Settles the promise that `interrupt` returned. */
  readonly saved = Promise.withResolvers<void>();

  constructor(engine: FakeEngine) {
    this.#engine = engine;
  }

  async experiments(): Promise<readonly Experiment[]> {
    return [...this.#engine.objects.values()];
  }

  async experiment(key: Key): Promise<Experiment | undefined> {
    return this.#engine.objects.get(keyText(key));
  }

  async trials(key: Key): Promise<readonly TrialView[]> {
    return this.#engine.trialsOf.get(keyText(key)) ?? [];
  }

  async events(key: Key): Promise<readonly EventRecord[]> {
    return this.#engine.eventsOf.get(keyText(key)) ?? [];
  }

  async setDesiredState(key: Key, state: DesiredState): Promise<Experiment> {
    this.#engine.calls.push(`${state} ${key.name}`);
    const before = this.#engine.objects.get(keyText(key));
    if (before === undefined) throw coded('NotFound', `no Experiment ${key.name}`);
    if (before.spec.desiredState === 'Stop' && state === 'Run') {
      throw coded('InvalidSpec', 'desiredState cannot go back');
    }
    const after = { ...before, spec: { ...before.spec, desiredState: state } };
    this.#engine.objects.set(keyText(key), after);
    return after;
  }

  async deleteExperiment(key: Key): Promise<void> {
    this.#engine.calls.push(`delete ${key.name}`);
    this.#engine.objects.delete(keyText(key));
  }

  async logFile(trial: { metadata: { name: string } }, attempt = 0): Promise<string | undefined> {
    return this.#engine.logs.get(`${trial.metadata.name} ${attempt}`);
  }

  async pointFiles(trial: { metadata: { name: string } }): Promise<readonly string[]> {
    return this.#engine.points.get(trial.metadata.name) ?? [];
  }

  async isDriven(): Promise<boolean> {
    return this.#engine.isDriven;
  }

  async close(): Promise<void> {
    this.#engine.calls.push('close');
  }

  async apply(experiment: Experiment): Promise<ApplyOutcome> {
    this.#engine.calls.push(`apply ${experiment.metadata.name}`);
    const key = keyText(experiment.metadata);
    if (!this.#engine.objects.has(key)) this.#engine.objects.set(key, experiment);
    return this.#engine.outcome;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async finished(key: Key): Promise<Experiment> {
    await this.#engine.script(this, key);
    const object = this.#engine.objects.get(keyText(key));
    if (object === undefined) throw coded('NotFound', `no Experiment ${key.name}`);
    return object;
  }

  interrupt(): Promise<void> {
    this.#engine.calls.push('interrupt');
    this.#interrupted.resolve();
    return this.saved.promise;
  }

  async kill(): Promise<void> {
    this.#engine.calls.push('kill');
  }

  /** For scripts: an Experiment and its Trials change, and whoever listens is told. */
  change(experiment: Experiment, trials: readonly TrialView[]): void {
    this.#engine.add(experiment, trials);
    for (const listener of this.#listeners) listener();
  }

  /** For scripts: never ends, as a run that waits for a signal. */
  forever(): Promise<never> {
    return new Promise(() => {});
  }
}

export function event(reason: string, message: string, seconds: number): EventRecord {
  const ms = EPOCH_MS + 1000 * seconds;
  return {
    kind: 'Experiment',
    namespace: 'default',
    name: 'digits',
    uid: 'uid-digits',
    type: 'Normal',
    reason,
    message,
    firstMs: ms,
    lastMs: ms,
    count: 1,
  };
}

function keyText({ namespace, name }: Key): string {
  return `${namespace}/${name}`;
}
