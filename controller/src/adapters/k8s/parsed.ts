import { API_VERSION } from '@espalier/api';
import { EspalierError } from '../../ports/errors.ts';
import type { RawObject } from './raw-object.ts';
import type { Resource } from './resources.ts';

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export interface Schema<T> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly Issue[] } };
}

const MOST_TOLD = 3;

/** What a server leaves out of objects inside a list, and some leave out of single ones, is put back. */
export function parsed<T>(schema: Schema<T>, { kind }: Resource, item: RawObject): T {
  const result = schema.safeParse({ apiVersion: API_VERSION, kind, ...item });
  if (result.success) return result.data;
  // Whatever a proxy has sent in its place may have no name.
  const { name = 'without a name' } = item.metadata ?? {};
  const issues = result.error.issues
    .slice(0, MOST_TOLD)
    .map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  throw new EspalierError(
    'Storage',
    `${kind} ${name} is not as this program writes it: ${issues.join('; ').slice(0, 1000)}; is it of a newer one?`,
  );
}
