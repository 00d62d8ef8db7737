import { z } from 'zod';
import { experimentSpecSchema } from '../v1alpha1/experiment.ts';
import { LIMITS } from '../v1alpha1/limits.ts';
import { API_VERSION, labelNameSchema } from '../v1alpha1/meta.ts';
import { trainerProfileSpecSchema } from '../v1alpha1/trainer-profile.ts';

/** Written by the API server; a manifest that came out of `kubectl get` may carry it along. */
const serverField = z.unknown().optional().describe('Written by the API server, not read.');

const labels = z.record(z.string(), z.string()).optional();

function metadataSchema(name: z.ZodString) {
  return z.strictObject({
    name: name.describe('name is unique among its kind in the namespace.'),
    namespace: labelNameSchema
      .default('default')
      .describe('namespace keeps the objects of one team apart from those of another.'),
    labels: labels.describe('labels are for selecting.'),
    annotations: labels.describe('annotations are notes.'),
    uid: serverField,
    resourceVersion: serverField,
    generation: serverField,
    creationTimestamp: serverField,
    deletionTimestamp: serverField,
    deletionGracePeriodSeconds: serverField,
    finalizers: serverField,
    ownerReferences: serverField,
    managedFields: serverField,
    selfLink: serverField,
  });
}

/** What a user writes: no more than the object has, and `status` is not read. */
export const experimentManifestSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION).describe('apiVersion is the version of this format.'),
  kind: z.literal('Experiment').describe('kind is Experiment.'),
  metadata: metadataSchema(labelNameSchema.max(LIMITS.experimentName)).describe(
    'metadata names the object.',
  ),
  spec: experimentSpecSchema,
  status: serverField,
});

export const trainerProfileManifestSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION).describe('apiVersion is the version of this format.'),
  kind: z.literal('TrainerProfile').describe('kind is TrainerProfile.'),
  metadata: metadataSchema(labelNameSchema).describe('metadata names the object.'),
  spec: trainerProfileSpecSchema,
});
