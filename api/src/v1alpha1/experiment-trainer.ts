import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { durationSchema, labelNameSchema, objectNameSchema } from './meta.ts';
import { ONE_DATA_SOURCE } from './rules/spec-statements.ts';
import { enforced } from './rules/statement.ts';

/** What runs in a pod, on which data, and what stays of it. */

const argument = z.string().max(LIMITS.argBytes);
const quantity = z
  .string()
  .max(32)
  .regex(
    /^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/,
    'must be a quantity such as 500m, 4 or 16Gi',
  );

export const trainerSchema = z
  .strictObject({
    profile: labelNameSchema.optional().describe('profile is the TrainerProfile to use.'),
    image: z.string().max(512).optional().describe('image is the trainer image.'),
    command: z
      .array(argument)
      .min(1)
      .max(LIMITS.args)
      .optional()
      .describe('command replaces what the image runs; never passed through a shell.'),
    args: z
      .array(argument)
      .max(LIMITS.args)
      .optional()
      .describe('args are passed to the command as they are.'),
    sidecar: z
      .boolean()
      .default(false)
      .describe(
        'sidecar adds a container that streams the report file and uploads the artifact folder, for images that cannot do it themselves.',
      ),
    resources: z
      .strictObject({
        gpu: z.int().min(0).max(64).default(0).describe('gpu is the number of GPUs.'),
        cpu: quantity.optional().describe('cpu is the CPU request and limit.'),
        memory: quantity.optional().describe('memory is the memory request and limit.'),
      })
      .prefault({})
      .describe('resources are what one pod gets.'),
    gracePeriod: durationSchema
      .default('120s')
      .describe('gracePeriod is the time between SIGTERM and SIGKILL.'),
  })
  .describe('trainer is what runs.');

/** Without `..`, so that nobody reads beyond the folder it is joined to. */
const relativePath = z
  .string()
  .min(1)
  .max(512)
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/,
    'must be a relative path of letters, digits, _, . and -, no part of which begins with a dot',
  );

export const dataSchema = z
  .strictObject({
    s3: z
      .strictObject({
        key: relativePath.describe("key is the data set's key below the namespace's datasets."),
      })
      .optional()
      .describe('s3 fetches the data set from the object store.'),
    persistentVolumeClaim: z
      .strictObject({
        claimName: objectNameSchema.describe('claimName is the claim, in the same namespace.'),
        subPath: relativePath.optional().describe('subPath is a folder of the volume.'),
      })
      .optional()
      .describe('persistentVolumeClaim mounts a volume, read only.'),
  })
  .meta(enforced(ONE_DATA_SOURCE))
  .describe('data is where the data set comes from.');

export const artifactsSchema = z
  .strictObject({
    keep: z
      .enum(['best', 'all'])
      .default('best')
      .describe('keep tells which checkpoints stay: the best of the Experiment, or all.'),
    checkpoint: z
      .strictObject({
        everyEpochs: z
          .int()
          .min(1)
          .default(1)
          .describe('everyEpochs is the distance of checkpoints to resume from.'),
      })
      .prefault({})
      .describe('checkpoint tells when the trainer saves.'),
    onDelete: z
      .enum(['Retain', 'Delete'])
      .default('Retain')
      .describe('onDelete tells what happens to the artifacts when the Experiment is deleted.'),
  })
  .describe('artifacts tells what is kept.');
