import { type Experiment, experimentSchema, isTerminalExperiment } from '@espalier/api';
import { checkExperiment, problemText } from '../../domain/experiment/check.ts';
import { EspalierError } from '../../ports/errors.ts';
import { describeProblem } from './damaged.ts';
import { canLeave, withSpec } from './desired-state.ts';
import type { ApplyOutcome } from './engine.ts';
import { immutableDifferences, isSameSpec } from './immutable.ts';
import { isSafeName } from './layout.ts';

/** What applying a manifest comes to; nothing has been written yet. */
export type ApplyPlan =
  | { readonly outcome: 'created'; readonly experiment: Experiment }
  | { readonly outcome: Exclude<ApplyOutcome, 'created'>; readonly next: Experiment };

/** @throws EspalierError InvalidSpec with everything that keeps it from being run. */
export function checkApplied(experiment: Experiment): Experiment {
  const parsed = experimentSchema.safeParse(experiment);
  if (!parsed.success) throw invalid(describeProblem(parsed.error));
  const { namespace, name } = parsed.data.metadata;
  for (const text of [namespace, name]) {
    if (!isSafeName(text)) throw invalid(`"${text}" is not a name: use a-z, 0-9 and -`);
  }
  const problems = checkExperiment(parsed.data.spec);
  if (problems.length > 0) throw invalid(problemText(problems));
  return parsed.data;
}

/**
 * Compares what is asked for with what exists: the same manifest again goes on with it.
 *
 * @throws EspalierError InvalidSpec if something differs that must not; Conflict during a deletion.
 */
export function planApply(existing: Experiment | undefined, asked: Experiment): ApplyPlan {
  if (existing === undefined) return { outcome: 'created', experiment: asked };
  const { name, deletionTimestamp } = existing.metadata;
  if (deletionTimestamp !== undefined) {
    throw new EspalierError('Conflict', `${name} is being deleted; try again when it is gone`);
  }
  const differences = immutableDifferences(existing.spec, asked.spec);
  if (differences.length > 0) {
    throw invalid(
      `${name} exists with another ${differences.slice(0, 8).join(', ')}; ` +
        'use another name, or delete it first',
    );
  }
  if (isTerminalExperiment(existing.status?.phase)) return { outcome: 'finished', next: existing };
  // What was stopped or cancelled from elsewhere stays so, whatever the manifest still says.
  const { desiredState } = existing.spec;
  const isKept = !canLeave(desiredState, asked.spec.desiredState);
  const spec = isKept ? { ...asked.spec, desiredState } : asked.spec;
  if (isSameSpec(existing.spec, spec)) return { outcome: 'unchanged', next: existing };
  return { outcome: 'updated', next: withSpec(existing, spec) };
}

function invalid(message: string): EspalierError {
  return new EspalierError('InvalidSpec', message);
}
