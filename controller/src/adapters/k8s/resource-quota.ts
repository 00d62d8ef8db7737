import { z } from 'zod';
import { quantityOf } from '../../domain/quantity.ts';
import type { RawObject } from './raw-object.ts';

/** A limit of a ResourceQuota: as the server writes it, and as a number. */
export interface QuotaAmount {
  readonly text: string;
  readonly value: number;
}

export interface QuotaLimit {
  /** Such as `requests.cpu`, `pods` or `count/secrets`. */
  readonly resource: string;
  readonly hard: QuotaAmount;
  readonly used: QuotaAmount;
}

/** Which pods a quota counts; all its conditions must hold. */
export interface QuotaScope {
  /** Such as `BestEffort` or `PriorityClass`. */
  readonly name: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** A ResourceQuota, as far as it has been counted. */
export interface Quota {
  readonly name: string;
  readonly limits: readonly QuotaLimit[];
  readonly scopes: readonly QuotaScope[];
}

const quantities = z.record(z.string(), z.union([z.string(), z.number()])).default({});
const schema = z.object({
  spec: z
    .object({
      hard: quantities,
      scopes: z.array(z.string()).default([]),
      scopeSelector: z
        .object({
          matchExpressions: z
            .array(
              z.object({
                scopeName: z.string(),
                operator: z.string(),
                values: z.array(z.string()).default([]),
              }),
            )
            .default([]),
        })
        .optional(),
    })
    .prefault({}),
  status: z.object({ hard: quantities.optional(), used: quantities }).prefault({}),
});

/** @throws {Error} if it is not as the API server writes it. */
export function quotaOf(item: RawObject): Quota {
  const { spec, status } = schema.parse(item);
  // Before it is counted for the first time it has no status.
  const limits = Object.entries(status.hard ?? spec.hard).flatMap(([resource, text]) => {
    const hard = amountOf(text);
    const used = amountOf(status.used[resource] ?? 0);
    return hard === undefined || used === undefined ? [] : [{ resource, hard, used }];
  });
  const selected = spec.scopeSelector?.matchExpressions ?? [];
  return {
    name: item.metadata.name,
    limits,
    scopes: [
      ...spec.scopes.map((name) => ({ name, operator: 'Exists', values: [] })),
      ...selected.map(({ scopeName: name, operator, values }) => ({ name, operator, values })),
    ],
  };
}

function amountOf(quantity: string | number): QuotaAmount | undefined {
  const text = String(quantity);
  const value = quantityOf(text);
  return value === undefined ? undefined : { text, value };
}
