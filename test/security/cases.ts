/** How many hostile cases each input gets in `make test`; `ESPALIER_TEST_ALL=1` makes it ten times as many. */
export const CASES = {
  manifests: 1_500,
  'settings of the controller': 3_000,
  kubeconfigs: 2_000,
  'lines of a report': 10_500,
  'pieces of a report file': 6_000,
  'messages of the bus': 8_000,
  subjects: 7_000,
  'requests of trainers': 5_000,
  'answers to trainers': 4_000,
  'folds of reports': 3_000,
  'objects of the API server': 4_000,
  'labels and annotations of pods': 8_000,
  'termination messages': 3_000,
  'folders of objects': 1_500,
  'requests of commands': 4_000,
  'records of a search': 2_000,
  'whole records recomputed': 500,
  'keys of the store': 5_000,
  'listings of the store': 1_500,
  'files of an attempt': 2_500,
  'tar archives': 4_000,
  'tar archives on disk': 500,
  'safetensors files': 5_000,
  'folders to resume from': 500,
  pictures: 1_000,
  'names of files': 3_000,
  tables: 3_000,
  'parameters of a trial': 1_000,
} as const satisfies Record<string, number>;

export type Input = keyof typeof CASES;

/** What `make test` runs in all; the tenfold is 10^6. */
export const TOTAL = 100_000;

/** Set it to look elsewhere; a test that fails prints the seed that repeats it. */
export const SEED = Number(process.env['ESPALIER_FUZZ_SEED'] ?? 20_261_124);

const isAll = process.env['ESPALIER_TEST_ALL'] === '1';

export function casesOf(input: Input): number {
  return CASES[input] * (isAll ? 10 : 1);
}
