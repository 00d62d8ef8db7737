/** Bounds of the paths in a data set, so that it can be unpacked on every system. */
const MAX_PARTS = 64;
const MAX_PART_BYTES = 255;
const MAX_PATH_BYTES = 3_000;

const encoder = new TextEncoder();

/**
 * Whether a file or folder of a data set may have that path: relative, below the folder into which it
 * is unpacked, and without characters that only fool people or other systems.
 */
export function isDataPath(path: string): boolean {
  const parts = path.split('/');
  return (
    parts.length <= MAX_PARTS &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..') &&
    parts.every((part) => encoder.encode(part).length <= MAX_PART_BYTES) &&
    encoder.encode(path).length <= MAX_PATH_BYTES &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: such names only fool terminals.
    !/[\0-\x1f\x7f\\]/.test(path)
  );
}
