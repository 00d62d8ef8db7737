import { readFileSync } from 'node:fs';

const NAMES =
  /\/(libtensorflow[^/]*|libcudart[^/]*|libcudnn[^/]*|libcublas[^/]*|tfjs_binding[^/]*)$/;

/** The libraries of TensorFlow and CUDA that this process has loaded, by their paths. */
export function loadedLibraries(): string[] {
  let maps: string;
  try {
    maps = readFileSync('/proc/self/maps', 'utf8');
  } catch {
    // No /proc: then nobody can tell.
    return [];
  }
  const paths = maps.split('\n').map((line) => line.slice(line.indexOf('/')));
  return [...new Set(paths.filter((path) => NAMES.test(path)))].sort();
}
