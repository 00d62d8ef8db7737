import { type DesiredState, type Experiment, isTerminalExperiment } from '@espalier/api';
import { EspalierError } from '../../ports/errors.ts';

/**
 * The Experiment with another desired state; the same object if it has it already.
 *
 * @throws EspalierError InvalidSpec for a way back from Stop or Cancel, or after the end.
 */
export function withDesiredState(experiment: Experiment, state: DesiredState): Experiment {
  const { desiredState } = experiment.spec;
  if (desiredState === state) return experiment;
  const { name } = experiment.metadata;
  if (isTerminalExperiment(experiment.status?.phase)) {
    const phase = experiment.status?.phase.toLowerCase();
    throw new EspalierError('InvalidSpec', `${name} has ended (${phase}) and stays as it is`);
  }
  if (!canLeave(desiredState, state)) {
    throw new EspalierError(
      'InvalidSpec',
      `${name} is set to ${desiredState}, from which there is no way to ${state}`,
    );
  }
  return withSpec(experiment, { ...experiment.spec, desiredState: state });
}

/** Stop and Cancel are final, but what is stopping may be cancelled. */
export function canLeave(from: DesiredState, to: DesiredState): boolean {
  return from === 'Run' || from === 'Pause' || to === 'Cancel';
}

/** A changed spec is a new generation. */
export function withSpec(experiment: Experiment, spec: Experiment['spec']): Experiment {
  const { metadata } = experiment;
  return { ...experiment, spec, metadata: { ...metadata, generation: metadata.generation + 1 } };
}
