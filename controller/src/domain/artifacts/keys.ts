import {
  type ARTIFACT,
  attemptKey,
  experimentKey,
  isArtifactPath,
  recordFileName,
} from '@espalier/api';

/**
 * The grammar of the keys in the object store. The namespace follows the prefix, since it is the
 * tenant (G13): a key that is built here begins with `<prefix>/<namespace>/` whatever its parts are,
 * and what does not fit the grammar is nobody's and left alone.
 */

/** Names one Experiment for ever. */
export interface ExperimentPlace {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Names one attempt of one Trial for ever. */
export interface AttemptPlace {
  readonly experiment: ExperimentPlace;
  readonly index: number;
  readonly trialUid: string;
  readonly attempt: number;
}

/** What a key is about. */
export type KeyMeaning =
  | { readonly kind: 'attempt-file'; readonly place: AttemptPlace; readonly path: string }
  | {
      readonly kind: 'experiment-file';
      readonly experiment: ExperimentPlace;
      readonly name: string;
    };

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
// A UID of the API server has 36 characters, so the name before it may hold dashes.
const UID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const IS_LABEL = new RegExp(`^${LABEL}$`);
const IS_UID = new RegExp(`^${UID}$`);
const EXPERIMENT = new RegExp(`^(${LABEL})/(${LABEL})-(${UID})/(.+)$`);
const ATTEMPT = new RegExp(`^trials/(\\d{5}|[1-9]\\d{5,8})-(${UID})/a(0|[1-9]\\d{0,8})/(.+)$`);
/** In a store that ignores conditions, best.json has its digest in its name (probe.ts). */
const EXPERIMENT_FILE =
  /^(?:trials\.csv|experiment\.json|record-[0-9a-f]{64}\.jsonl|best\.json|best-[0-9a-f]{64}\.json)$/;
const PREFIX = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){0,9}$/;
const MAX_INDEX = 999_999_999;
/** That of `spec.data.s3.key`: no part begins with a dot, so none leaves the folder. */
const DATA_KEY = /^(?=.{1,512}$)[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/;
/** The commit mark of a data set: its digest, written last. */
export const DATA_MARK = '.sha256';

/**
 * Builds and reads keys below one prefix.
 *
 * Every method throws a RangeError for a part that the grammar refuses, so that no key leaves its
 * namespace, whoever chose the part.
 */
export class ArtifactKeys {
  /** Ends with a slash, unless it is empty. */
  readonly #root: string;

  /** @param prefix Folders joined by slashes; empty = the bucket is ours. */
  constructor(prefix: string) {
    if (prefix !== '' && !PREFIX.test(prefix)) throw new RangeError(`not a prefix: ${prefix}`);
    this.#root = prefix === '' ? '' : `${prefix}/`;
  }

  /** Below which everything of one tenant lies. */
  namespaceRoot(namespace: string): string {
    return `${this.#root}${checked(namespace, IS_LABEL, 'a namespace')}/`;
  }

  /** A data set of that tenant; its commit mark lies beside it. */
  dataSet(namespace: string, key: string): string {
    if (key.endsWith(DATA_MARK)) throw new RangeError(`the mark of a data set: ${key}`);
    checked(key, DATA_KEY, 'the key of a data set');
    return `${this.dataRoot(namespace)}${key}`;
  }

  /** Below which all data sets of one tenant lie. */
  dataRoot(namespace: string): string {
    return `${this.namespaceRoot(namespace)}datasets/`;
  }

  experimentRoot({ namespace, name, uid }: ExperimentPlace): string {
    checked(namespace, IS_LABEL, 'a namespace');
    checked(name, IS_LABEL, 'a name');
    return `${this.#root}${experimentKey(namespace, name, checked(uid, IS_UID, 'a uid'))}/`;
  }

  /** Every attempt of one Trial lies below. */
  trialRoot(place: Omit<AttemptPlace, 'attempt'>): string {
    const first = this.attemptRoot({ ...place, attempt: 0 });
    return first.slice(0, -'a0/'.length);
  }

  attemptRoot({ experiment, index, trialUid, attempt }: AttemptPlace): string {
    for (const number of [index, attempt]) {
      const fits = Number.isInteger(number) && number >= 0 && number <= MAX_INDEX;
      if (!fits) throw new RangeError(`not an index or attempt: ${number}`);
    }
    checked(trialUid, IS_UID, 'a uid');
    return `${this.experimentRoot(experiment)}${attemptKey(index, trialUid, attempt)}/`;
  }

  attemptFile(place: AttemptPlace, path: string): string {
    if (!isArtifactPath(path)) throw new RangeError(`not the path of an artifact: ${path}`);
    return `${this.attemptRoot(place)}${path}`;
  }

  experimentFile(
    experiment: ExperimentPlace,
    name: typeof ARTIFACT.best | typeof ARTIFACT.trialsCsv | typeof ARTIFACT.experiment,
  ): string {
    return `${this.experimentRoot(experiment)}${name}`;
  }

  /** Where one content of `best.json` lies in a store that cannot replace it safely. */
  bestByDigest(experiment: ExperimentPlace, sha256: string): string {
    checked(sha256, /^[0-9a-f]{64}$/, 'a digest');
    return `${this.experimentRoot(experiment)}best-${sha256}.json`;
  }

  /** A part of the record of an Experiment that has ended. */
  recordFile(experiment: ExperimentPlace, sha256: string): string {
    checked(sha256, /^[0-9a-f]{64}$/, 'a digest');
    return `${this.experimentRoot(experiment)}${recordFileName(sha256)}`;
  }

  /** Whether a namespace may read that key of the bucket, if somebody shares it: no tenant's but its own. */
  mayShare(namespace: string, key: string): boolean {
    if (!DATA_KEY.test(key)) return false;
    return !key.startsWith(this.#root) || key.startsWith(`${this.#root}${namespace}/`);
  }

  /** Undefined for a key that is not ours. */
  parse(key: string): KeyMeaning | undefined {
    if (!key.startsWith(this.#root)) return undefined;
    const [, namespace, name, uid, rest] = EXPERIMENT.exec(key.slice(this.#root.length)) ?? [];
    if (namespace === undefined || name === undefined || uid === undefined || rest === undefined) {
      return undefined;
    }
    const experiment = { namespace, name, uid };
    if (EXPERIMENT_FILE.test(rest)) return { kind: 'experiment-file', experiment, name: rest };
    const [, index, trialUid, attempt, path] = ATTEMPT.exec(rest) ?? [];
    if (trialUid === undefined || path === undefined || !isArtifactPath(path)) return undefined;
    const place = { experiment, index: Number(index), trialUid, attempt: Number(attempt) };
    return { kind: 'attempt-file', place, path };
  }
}

function checked(text: string, grammar: RegExp, what: string): string {
  if (!grammar.test(text)) throw new RangeError(`not ${what}: ${text}`);
  return text;
}
