import { readdirSync, type Stats, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ConfigurationError, messageOf, systemCode } from '../trainer-error.ts';

/** An image on disk, with what decides whether its decoded pixels may be reused. */
export interface ImageFile {
  readonly path: string;
  readonly name: string;
  /** The class in the file's name; -1 if there is none, as in a test set. */
  readonly label: number;
  readonly size: number;
  readonly modifiedMs: number;
}

/** The label of a file without one. */
const NO_LABEL = -1;

/**
 * The images of a folder: its files ending in exactly `.jpg`, not those of its sub-folders, by name
 * in code-point order (`0_10.jpg` before `0_2.jpg`).
 *
 * @returns undefined if there is no such folder.
 */
export function listImages(folder: string): ImageFile[] | undefined {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    const message = `cannot list ${folder}: ${messageOf(error)}`;
    throw new ConfigurationError(message, { cause: error });
  }
  return names
    .filter((each) => each.endsWith('.jpg'))
    .sort(compareCodePoints)
    .flatMap((name) => describeFile(join(folder, name)) ?? []);
}

/**
 * An explicit list of images, in its own order.
 *
 * @throws {ConfigurationError} naming a path that is no file.
 */
export function listFiles(paths: readonly string[]): ImageFile[] {
  return paths.map((path) => {
    const file = describeFile(path);
    if (file === undefined) throw new ConfigurationError(`${path} is not a file`);
    return file;
  });
}

/** undefined if `path` is a folder or the like. */
function describeFile(path: string): ImageFile | undefined {
  let stat: Stats;
  try {
    stat = statSync(path);
  } catch (error) {
    throw new ConfigurationError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  if (!stat.isFile()) return undefined;
  const name = basename(path);
  return { path, name, label: labelOf(name), size: stat.size, modifiedMs: stat.mtimeMs };
}

/** The whole number before the first `_` of a file's name; {@link NO_LABEL} if that is none. */
export function labelOf(name: string): number {
  const separator = name.indexOf('_');
  const prefix = separator < 0 ? '' : name.slice(0, separator);
  return /^-?\d{1,9}$/.test(prefix) ? Number(prefix) : NO_LABEL;
}

/** @throws {ConfigurationError} naming the first files whose label is not one of the classes. */
export function requireLabels(files: readonly ImageFile[], classes: number): void {
  const wrong = files.filter((file) => file.label < 0 || file.label >= classes);
  if (wrong.length === 0) return;
  const shown = wrong.slice(0, 5).map((file) => file.path);
  const rest = wrong.length > shown.length ? ` and ${wrong.length - shown.length} more` : '';
  throw new ConfigurationError(
    `the label before "_" must be 0 to ${classes - 1} (classes: ${classes}): ${shown.join(', ')}${rest}`,
  );
}

function compareCodePoints(a: string, b: string): number {
  // UTF-8 sorts as its code points do; UTF-16 does not beyond the basic plane.
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
