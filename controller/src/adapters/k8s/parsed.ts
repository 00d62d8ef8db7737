import { API_VERSION } from '@espalier/api';
import { EspalierError } from '../../ports/errors.ts';
import type { RawObject } from './raw-object.ts';
import type { Resource } from './resources.ts';

export interface Schema<T> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: Error };
}

/** What a server leaves out of objects inside a list, and some leave out of single ones, is put back. */
export function parsed<T>(schema: Schema<T>, { kind }: Resource, item: RawObject): T {
  const result = schema.safeParse({ apiVersion: API_VERSION, kind, ...item });
  if (result.success) return result.data;
  const message = `${kind} ${item.metadata.name} is not as this program writes it: ${result.error.message}`;
  throw new EspalierError('Storage', message.slice(0, 1000));
}
