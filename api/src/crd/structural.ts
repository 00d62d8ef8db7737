import { z } from 'zod';

/** A schema as a CustomResourceDefinition may hold it. */
export interface StructuralSchema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly required?: readonly string[];
  readonly items?: StructuralSchema;
  readonly additionalProperties?: StructuralSchema;
  readonly anyOf?: readonly StructuralSchema[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly {
    readonly rule: string;
    readonly message: string;
    readonly fieldPath?: string;
    readonly reason?: string;
  }[];
}

/** What zod writes: the same keywords, some of them with more meanings. */
type JsonSchema = Omit<StructuralSchema, 'properties' | 'items' | 'additionalProperties'> & {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
};

/**
 * The structural schema of a zod schema: what zod's OpenAPI 3.0 output becomes once everything is
 * gone that an API server refuses or that would change its meaning there.
 */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  const options = { target: 'openapi-3.0', io: 'input', unrepresentable: 'any' } as const;
  return clean(z.toJSONSchema(schema, options) as JsonSchema);
}

/** Not structural, or of no meaning to an API server. */
const DROPPED = new Set(['$schema', 'propertyNames', 'anyOf']);

function clean(json: JsonSchema): StructuralSchema {
  const { properties, items, additionalProperties, pattern, ...rest } = json;
  const kept = Object.entries(rest).filter(([keyword]) => !DROPPED.has(keyword));
  return {
    ...Object.fromEntries(kept),
    ...(json.type === 'integer' && { format: 'int64' }),
    // The pattern of a date is longer than all the rest, and the format says the same.
    ...(pattern !== undefined && json.format !== 'date-time' && { pattern }),
    // The only union that a structural schema knows, and only in exactly this form.
    ...(json['x-kubernetes-int-or-string'] && { anyOf: [{ type: 'integer' }, { type: 'string' }] }),
    ...(items && { items: clean(items) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, clean(property)]),
      ),
    }),
    // Unknown fields are pruned, and refused by a client that validates; `false` is no schema.
    ...(!properties &&
      typeof additionalProperties === 'object' && {
        additionalProperties: clean(additionalProperties),
      }),
  };
}
