import { z } from 'zod';
import { experimentManifestSchema } from '../manifest/manifest-schema.ts';

/** The JSON schema (draft 7) with which an editor completes and checks an Experiment manifest. */
export function experimentJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(experimentManifestSchema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      for (const keyword of Object.keys(jsonSchema)) {
        if (keyword.startsWith('x-kubernetes-')) delete jsonSchema[keyword];
      }
    },
  });
  return { ...schema, title: 'Experiment', description: 'A manifest of Espalier.' };
}
