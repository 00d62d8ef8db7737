import { z } from 'zod';
import { API_VERSION, objectMetaSchema, objectNameSchema } from './meta.ts';

const prefix = z.string().min(1).max(512);
const labelMap = z.record(z.string().max(253), z.string().max(63)).meta({ maxProperties: 16 });

export const trainerProfileSpecSchema = z
  .strictObject({
    imagePrefixes: z
      .array(prefix)
      .max(32)
      .default([])
      .describe('imagePrefixes are what an image name may begin with; empty = any image.'),
    dataPrefixes: z
      .array(prefix)
      .max(32)
      .default([])
      .describe('dataPrefixes are keys of shared data sets that Experiments may read.'),
    dataCacheClaim: objectNameSchema
      .optional()
      .describe(
        'dataCacheClaim is a PersistentVolumeClaim of this namespace that keeps fetched data sets for the next pods; the user of the courier image must be able to write to it.',
      ),
    gpuResourceName: z
      .string()
      .max(253)
      .default('nvidia.com/gpu')
      .describe('gpuResourceName is what a GPU is called on the nodes.'),
    nodeSelector: labelMap.optional().describe('nodeSelector restricts the nodes.'),
    tolerations: z
      .array(
        z.strictObject({
          key: z
            .string()
            .max(253)
            .optional()
            .describe('key is the key of the taint; absent = every key.'),
          operator: z
            .enum(['Exists', 'Equal'])
            .default('Equal')
            .describe('operator is Equal or Exists (whatever the value).'),
          value: z.string().max(63).optional().describe('value is the value of the taint.'),
          effect: z
            .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
            .optional()
            .describe('effect is the effect of the taint; absent = every effect.'),
        }),
      )
      .max(16)
      .optional()
      .describe('tolerations let the pods on tainted nodes.'),
    runtimeClassName: objectNameSchema
      .optional()
      .describe('runtimeClassName is the RuntimeClass of the pods.'),
    priorityClassName: objectNameSchema
      .optional()
      .describe('priorityClassName is the PriorityClass of the pods.'),
    serviceAccountName: objectNameSchema
      .optional()
      .describe(
        'serviceAccountName is the ServiceAccount of the pods; its token is never mounted.',
      ),
    imagePullSecrets: z
      .array(objectNameSchema)
      .max(8)
      .optional()
      .describe('imagePullSecrets are names of Secrets in the same namespace.'),
    image: z.string().max(512).optional().describe('image is the default trainer image.'),
    resources: z
      .strictObject({
        cpu: z.string().max(32).optional().describe('cpu is the default CPU request.'),
        memory: z.string().max(32).optional().describe('memory is the default memory request.'),
      })
      .optional()
      .describe('resources are the defaults of spec.trainer.resources.'),
  })
  .describe('spec is what the administrator allows and sets.');

/** What an administrator allows trainers to be; users only name it. */
export const trainerProfileSchema = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('TrainerProfile'),
    metadata: objectMetaSchema,
    spec: trainerProfileSpecSchema,
  })
  .describe('TrainerProfile is what an administrator allows trainers to be; users only name it.');
export type TrainerProfile = z.infer<typeof trainerProfileSchema>;
