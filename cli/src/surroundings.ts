import type { Experiment, ExperimentSpec, Trial, TrialStatus } from '@espalier/api';
import type {
  ClientOptions,
  LocalClient,
  LocalOptions,
  LocalRunner,
  SpecProblem,
  Verification,
  VerifyProgress,
} from '@espalier/controller/local';
import type { Problem, Standing, StopRule } from '@espalier/search';
import type { Channel } from './channel.ts';
import type { SignalSource } from './run/interrupts.ts';

/** What the local engine offers; a test brings one of its own. */
export interface Engine {
  startRunner(options: LocalOptions): Promise<LocalRunner>;
  openClient(dir: string, options: ClientOptions): Promise<LocalClient>;
  /** All that keeps a spec from being run. */
  checkExperiment(spec: ExperimentSpec): readonly SpecProblem[];
  /** The search problem of a spec in which nothing is wrong. */
  problemOf(spec: ExperimentSpec): Problem;
  /** How the configurations stand, the best first. */
  leaderboardOf(spec: ExperimentSpec, trials: readonly Trial[]): readonly Standing[];
  /** Whether what was observed of a Trial misses a constraint, or does not tell. */
  missesConstraints(
    spec: ExperimentSpec,
    observed: Pick<NonNullable<TrialStatus['observation']>, 'value' | 'values'>,
  ): boolean;
  /** Of the Trials of one configuration: hyperband judges them by different ones. */
  stopRuleOf(spec: ExperimentSpec, configuration: number): StopRule;
  importanceOf(
    spec: ExperimentSpec,
    trials: readonly Trial[],
  ): readonly { readonly name: string; readonly importance: number }[];
  /** Recomputes a record; yields after every configuration. */
  verifying(
    experiment: Experiment,
    trials: readonly Trial[],
    options: { readonly oneController: boolean },
  ): Generator<VerifyProgress, Verification>;
}

/** The environment variables that the command line looks at; README.md lists them. */
export interface Environment {
  readonly ESPALIER_DIR?: string | undefined;
  readonly ESPALIER_DEBUG?: string | undefined;
  readonly ESPALIER_S3_BUCKET?: string | undefined;
  readonly ESPALIER_S3_PREFIX?: string | undefined;
  readonly ESPALIER_S3_ENDPOINT?: string | undefined;
  readonly ESPALIER_S3_REGION?: string | undefined;
  readonly ESPALIER_S3_PATH_STYLE?: string | undefined;
  readonly ESPALIER_S3_CHECKSUMS?: string | undefined;
  readonly AWS_REGION?: string | undefined;
  readonly KUBECONFIG?: string | undefined;
  readonly HOME?: string | undefined;
}

/** Everything outside the program that a command may touch. */
export interface Surroundings {
  readonly stdout: Channel;
  readonly stderr: Channel;
  readonly env: Environment;
  readonly cwd: string;
  readonly now: () => number;
  readonly signals: SignalSource;
  /** Whether kubectl has started the program, as its plugin. */
  readonly isPlugin?: boolean;
  /** Loaded when a command needs it: help must not wait for it. */
  readonly engine: () => Promise<Engine>;
  /** Texts that stand for files of these names: what a command has written itself. */
  readonly texts?: ReadonlyMap<string, string>;
  /** Asks and returns the line; undefined where nobody can answer. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}
