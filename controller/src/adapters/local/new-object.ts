import { randomUUID } from 'node:crypto';
import {
  API_VERSION,
  type Experiment,
  LABEL,
  type TrainerProfile,
  type Trial,
  type TrialSpec,
  trainerProfileSchema,
  trialName,
} from '@espalier/api';
import type { ObjectKey } from '../../ports/key.ts';

/** An Experiment as an API server would complete it. */
export function newExperiment(asked: Experiment, nowMs: number): Experiment {
  const { namespace, name, labels, annotations } = asked.metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'Experiment',
    metadata: {
      namespace,
      name,
      uid: randomUUID(),
      resourceVersion: '',
      generation: 1,
      creationTimestamp: new Date(nowMs).toISOString(),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: asked.spec,
  };
}

export function newTrial(experiment: Experiment, spec: TrialSpec, nowMs: number): Trial {
  const { namespace, name, uid } = experiment.metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'Trial',
    metadata: {
      namespace,
      name: trialName(name, spec.index),
      uid: randomUUID(),
      resourceVersion: '',
      generation: 1,
      creationTimestamp: new Date(nowMs).toISOString(),
      labels: { [LABEL.experiment]: name },
      ownerReferences: [
        { apiVersion: API_VERSION, kind: 'Experiment', name, uid, controller: true },
      ],
    },
    spec,
  };
}

/** Profiles are a cluster's: here every name means "no restriction". */
export function openProfile(key: ObjectKey): TrainerProfile {
  return trainerProfileSchema.parse({
    apiVersion: API_VERSION,
    kind: 'TrainerProfile',
    metadata: { namespace: key.namespace, name: key.name },
    spec: {},
  });
}
