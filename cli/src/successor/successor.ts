import {
  API_VERSION,
  type Experiment,
  type ExperimentSpec,
  LIMITS,
  type Trial,
} from '@espalier/api';
import { searchedParameters } from '../view/parameters.ts';
import { withoutDefaults } from './without-defaults.ts';

/** A manifest as a person would have written it. */
export interface Successor {
  readonly apiVersion: string;
  readonly kind: 'Experiment';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * An Experiment that tries configurations of another one again, in their order, and nothing else.
 *
 * @param trials Of configurations to be tried; of several replicates any.
 * @returns also how many configurations found no place: so many may be enqueued.
 */
export function retryOf(
  experiment: Experiment,
  trials: readonly Trial[],
  name: string,
): { readonly manifest: Successor; readonly left: number } {
  const { spec } = experiment;
  const replicated = spec.replicates?.parameter;
  const searched = searchedParameters(experiment).filter((one) => one !== replicated);
  const byConfiguration = new Map(trials.map((trial) => [trial.spec.configuration, trial]));
  const configurations = [...byConfiguration.values()].toSorted(
    (a, b) => a.spec.configuration - b.spec.configuration,
  );
  const kept = configurations.slice(0, LIMITS.enqueued);
  const enqueue = kept
    .map((trial) => trial.spec.parameters.filter((one) => searched.includes(one.name)))
    .map((parameters) => ({ parameters }))
    .filter(({ parameters }) => parameters.length > 0);
  const max = kept.length;
  const least = withoutDefaults({
    ...spec,
    desiredState: 'Run',
    // A race needs more configurations than are given; each is measured on all replicates.
    ...(spec.replicates === undefined ? {} : { replicates: withoutRace(spec.replicates) }),
    trials: { ...spec.trials, max },
  });
  const { warmStart: _learned, enqueue: _tried, search: _searched, ...rest } = least;
  return {
    manifest: manifestOf(experiment, name, {
      ...rest,
      // Nothing is left to search: every configuration is given.
      ...(enqueue.length === 0 ? {} : { enqueue }),
    }),
    left: configurations.length - kept.length,
  };
}

function withoutRace({ parameter, values }: NonNullable<ExperimentSpec['replicates']>) {
  return { parameter, values };
}

/** An Experiment that goes on with what another one has found. */
export function forkOf(
  experiment: Experiment,
  name: string,
  options: { readonly enqueue: number },
): Successor {
  const { spec, metadata } = experiment;
  // With the same seed a search would begin with the same configurations again.
  const search = { ...spec.search, seed: spec.search.seed + 1 };
  const least = withoutDefaults({ ...spec, search, desiredState: 'Run' });
  const { enqueue: _tried, warmStart: _learned, ...rest } = least;
  const earlier = spec.warmStart?.experiments ?? [];
  const experiments = [metadata.name, ...earlier].slice(0, LIMITS.warmStartExperiments);
  const again = options.enqueue === 0 ? {} : { enqueue: options.enqueue };
  return manifestOf(experiment, name, { ...rest, warmStart: { experiments, ...again } });
}

function manifestOf({ metadata }: Experiment, name: string, spec: Successor['spec']): Successor {
  const { namespace } = metadata;
  return { apiVersion: API_VERSION, kind: 'Experiment', metadata: { name, namespace }, spec };
}

/** The name with an ending, as long as names may be. */
export function successorName(name: string, ending: string): string {
  return `${name.slice(0, LIMITS.experimentName - ending.length).replace(/-+$/, '')}${ending}`;
}
