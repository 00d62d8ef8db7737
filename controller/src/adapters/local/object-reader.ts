import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  type Experiment,
  experimentSchema,
  type Trial,
  trialName,
  trialSchema,
} from '@espalier/api';
import type { ObjectKey } from '../../ports/key.ts';
import { describeProblem } from './damaged.ts';
import { TEMPORARY_PREFIX } from './durable-file.ts';
import { isSafeName, type Layout } from './layout.ts';

/** No object of ours comes near this; the API server's own limit is 1.5 MiB. */
const MAX_OBJECT_BYTES = 2 ** 20;

/** What lies in the folder of one Experiment. */
export interface StoredExperiment {
  readonly key: ObjectKey;
  readonly experiment?: Experiment;
  readonly trials: readonly Trial[];
  /** Nothing of an Experiment is there, only its folder and perhaps rubbish of a crash. */
  readonly isEmpty: boolean;
  /** Paths that are no object of ours, with the reason. */
  readonly broken: readonly { readonly path: string; readonly why: string }[];
}

/** Names of all folders that may hold an Experiment. */
export function storedKeys(layout: Layout): ObjectKey[] {
  return namesIn(layout.objects).flatMap((namespace) =>
    namesIn(join(layout.objects, namespace)).map((name) => ({ namespace, name })),
  );
}

/**
 * Reads one Experiment with its Trials. Whatever cannot be used is named in `broken` and left where
 * it is; nothing that lies there can make this throw.
 */
export function readStored(layout: Layout, key: ObjectKey): StoredExperiment {
  const broken: { path: string; why: string }[] = [];
  const attempt = <T>(path: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      broken.push({ path, why: describeProblem(error) });
      return undefined;
    }
  };
  if (!isSafeName(key.namespace) || !isSafeName(key.name)) {
    broken.push({ path: layout.experimentFolder(key), why: 'not the name of an Experiment' });
    return { key, trials: [], isEmpty: false, broken };
  }
  const path = layout.experimentFile(key);
  const experiment = attempt(path, () => readExperiment(path, key));
  const trials: Trial[] = [];
  for (const name of namesIn(layout.trialsFolder(key))) {
    const file = join(layout.trialsFolder(key), name);
    if (name.startsWith(TEMPORARY_PREFIX)) {
      attempt(file, () => rmSync(file, { recursive: true, force: true }));
      continue;
    }
    const trial = attempt(file, () => readTrial(file, name, key, experiment));
    if (trial !== undefined) trials.push(trial);
  }
  const isEmpty = [...namesIn(layout.experimentFolder(key)), ...namesIn(layout.trialsFolder(key))]
    .filter((name) => !name.startsWith(TEMPORARY_PREFIX))
    .every((name) => name === 'trials');
  return { key, ...(experiment === undefined ? {} : { experiment }), trials, isEmpty, broken };
}

function readExperiment(path: string, key: ObjectKey): Experiment {
  const experiment = experimentSchema.parse(readJson(path));
  const { namespace, name, uid } = experiment.metadata;
  if (namespace !== key.namespace || name !== key.name) {
    throw new Error(`it is ${namespace}/${name}, not ${key.namespace}/${key.name}`);
  }
  if (uid === '') throw new Error('it has no uid');
  return experiment;
}

function readTrial(
  path: string,
  fileName: string,
  key: ObjectKey,
  experiment: Experiment | undefined,
): Trial {
  const trial = trialSchema.parse(readJson(path));
  const { index } = trial.spec;
  if (fileName !== `${String(index).padStart(5, '0')}.json`) {
    throw new Error(`it has the index ${index}`);
  }
  if (
    trial.metadata.namespace !== key.namespace ||
    trial.metadata.name !== trialName(key.name, index)
  ) {
    throw new Error(`it is ${trial.metadata.namespace}/${trial.metadata.name}`);
  }
  if (trial.metadata.uid === '') throw new Error('it has no uid');
  const owner = trial.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (experiment !== undefined && owner?.uid !== experiment.metadata.uid) {
    throw new Error('it belongs to another Experiment of that name');
  }
  return trial;
}

function readJson(path: string): unknown {
  // A pipe or a device must not hold us up, and a link must not lead us elsewhere.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('it is no file');
    if (stat.size > MAX_OBJECT_BYTES) throw new Error(`it is too large: ${stat.size} bytes`);
    return JSON.parse(readFileSync(fd, 'utf8'));
  } finally {
    closeSync(fd);
  }
}

/** Nothing if the folder does not exist, or is no folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
