import type { z } from 'zod';
import { experimentSchema } from '../v1alpha1/experiment.ts';
import { GROUP, VERSION } from '../v1alpha1/meta.ts';
import { trainerProfileSchema } from '../v1alpha1/trainer-profile.ts';
import { trialSchema } from '../v1alpha1/trial.ts';
import {
  EXPERIMENT_COLUMNS,
  PROFILE_COLUMNS,
  type PrinterColumn,
  TRIAL_COLUMNS,
} from './printer-columns.ts';
import { type StructuralSchema, structuralSchema } from './structural.ts';

/** A CustomResourceDefinition as YAML will show it. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced';
    readonly names: DefinitionNames;
    readonly versions: readonly DefinitionVersion[];
  };
}

interface DefinitionNames {
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories: readonly string[];
}

interface DefinitionVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly subresources?: object;
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
  readonly additionalPrinterColumns: readonly PrinterColumn[];
  readonly schema: { readonly openAPIV3Schema: StructuralSchema };
}

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly shortName?: string;
  readonly schema: z.ZodType;
  readonly columns: readonly PrinterColumn[];
  readonly subresources?: object;
  readonly selectable?: readonly string[];
}

const KINDS: readonly Kind[] = [
  {
    kind: 'Experiment',
    plural: 'experiments',
    shortName: 'exp',
    schema: experimentSchema,
    columns: EXPERIMENT_COLUMNS,
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.trials.parallel',
        statusReplicasPath: '.status.trials.running',
      },
    },
    selectable: ['.spec.desiredState', '.status.phase'],
  },
  {
    kind: 'Trial',
    plural: 'trials',
    schema: trialSchema,
    columns: TRIAL_COLUMNS,
    subresources: { status: {} },
    selectable: ['.spec.configuration', '.status.phase'],
  },
  {
    kind: 'TrainerProfile',
    plural: 'trainerprofiles',
    shortName: 'tprof',
    schema: trainerProfileSchema,
    columns: PROFILE_COLUMNS,
  },
];

/** The definitions of all our kinds, each complete and in a fixed order of keys. */
export function customResourceDefinitions(): CustomResourceDefinition[] {
  return KINDS.map(definition);
}

function definition(kind: Kind): CustomResourceDefinition {
  const { plural, shortName, subresources, selectable } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural,
        singular: kind.kind.toLowerCase(),
        ...(shortName !== undefined && { shortNames: [shortName] }),
        categories: ['espalier'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          ...(subresources !== undefined && { subresources }),
          ...(selectable !== undefined && {
            selectableFields: selectable.map((jsonPath) => ({ jsonPath })),
          }),
          additionalPrinterColumns: kind.columns,
          schema: { openAPIV3Schema: rootSchema(kind.schema) },
        },
      ],
    },
  };
}

/** The API server knows these better, and refuses schemas for anything in `metadata` but the name. */
const ROOT_PROPERTIES: Readonly<Record<string, StructuralSchema>> = {
  apiVersion: {
    type: 'string',
    description: 'apiVersion is the versioned schema of this representation of an object.',
  },
  kind: { type: 'string', description: 'kind is the REST resource that this object represents.' },
  metadata: { type: 'object' },
};

function rootSchema(schema: z.ZodType): StructuralSchema {
  const { properties, required, ...rest } = structuralSchema(schema);
  return {
    ...rest,
    required: required?.filter((name) => !(name in ROOT_PROPERTIES)) ?? [],
    properties: { ...properties, ...ROOT_PROPERTIES },
  };
}
