/** What may follow a prefix, if the prefix does not end with one of them itself. */
const BOUNDARY = /^[/:@]/;

/**
 * Whether an image begins with one of the prefixes; without prefixes every image does.
 *
 * A prefix ends where a part of the name ends: `ghcr.io/acme` allows `ghcr.io/acme/x` and neither
 * `ghcr.io/acme-evil/x` nor `ghcr.io.evil.org/x`.
 */
export function imageIsAllowed(image: string, prefixes: readonly string[]): boolean {
  return prefixes.length === 0 || prefixes.some((prefix) => beginsWith(image, prefix));
}

function beginsWith(image: string, prefix: string): boolean {
  if (!image.startsWith(prefix)) return false;
  const rest = image.slice(prefix.length);
  return rest === '' || BOUNDARY.test(prefix.slice(-1)) || BOUNDARY.test(rest);
}
