import assert from 'node:assert/strict';
import {
  experimentSchema,
  type Trial,
  trainerProfileSchema,
  trainerTaskSchema,
  trialSchema,
} from '@espalier/api';
import type { PodManifest } from '../trial/pod-manifest.ts';
import {
  type PodDefaults,
  type PodPlan,
  type PodTemplate,
  podTemplate,
} from '../trial/pod-template.ts';
import type { ResumePoint } from '../trial/resume-point.ts';

export const TRIAL_UID = '00000000-0000-4000-8000-000000000003';

/** What a test sets of a pod's plan; the rest is ordinary. */
export interface PodSetup {
  readonly trainer?: object;
  readonly spec?: object;
  readonly profile?: object;
  readonly parameters?: object[];
  readonly defaults?: PodDefaults;
  readonly resumeFrom?: ResumePoint;
}

export function planFor({
  trainer,
  spec,
  profile,
  parameters = [],
  resumeFrom,
}: PodSetup): PodPlan {
  const experiment = experimentSchema.parse({
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Experiment',
    metadata: { name: 'digits', namespace: 'team-a', uid: 'e-uid' },
    spec: {
      objective: { metric: 'acc', goal: 'maximize' },
      parameters: [{ name: 'lr', float: { value: 1 } }],
      ...spec,
      ...(trainer === undefined ? {} : { trainer }),
    },
  });
  const trial: Trial = trialSchema.parse({
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Trial',
    metadata: {
      name: 'digits-00003',
      namespace: 'team-a',
      uid: TRIAL_UID,
      ownerReferences: [
        {
          apiVersion: 'espalier.dev/v1alpha1',
          kind: 'Experiment',
          name: 'digits',
          uid: 'e-uid',
          controller: true,
        },
      ],
    },
    spec: { index: 3, configuration: 3, parameters, algorithm: 'random@1' },
  });
  return {
    experiment,
    trial,
    attempt: 1,
    task: trainerTaskSchema.parse({
      namespace: 'team-a',
      experiment: 'digits',
      trial: 'digits-00003',
      uid: TRIAL_UID,
      attempt: 1,
      parameters,
      objective: { metric: 'acc', goal: 'maximize' },
      checkpoint: { everyEpochs: 1 },
    }),
    ...(resumeFrom === undefined ? {} : { resumeFrom }),
    ...(profile === undefined
      ? {}
      : {
          profile: trainerProfileSchema.parse({
            apiVersion: 'espalier.dev/v1alpha1',
            kind: 'TrainerProfile',
            metadata: { name: 'gpu', namespace: 'team-a' },
            spec: profile,
          }),
        }),
  };
}

export function template(setup: PodSetup): PodTemplate {
  return podTemplate(planFor(setup), setup.defaults ?? { trainerImage: 'reg/espalier/trainer:1' });
}

export function podOf(setup: PodSetup): PodManifest {
  const made = template(setup);
  assert.ok(made.kind === 'pod', JSON.stringify(made));
  return made.pod;
}

export function envValue(
  env: readonly { readonly name: string; readonly value: string }[] | undefined,
  name: string,
): string | undefined {
  return env?.find((one) => one.name === name)?.value;
}
