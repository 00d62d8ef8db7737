import { isArtifactPath, MAX_ARTIFACT_BYTES, MAX_EXTRA_FILES } from '@espalier/api';
import type { ArtifactKeys, ExperimentPlace } from './keys.ts';

/** What a trainer asks for: to put one file with that content into its own folder. */
export interface UploadRequest {
  /** Namespace, trial and attempt come from the subject of the request, which is its identity. */
  readonly namespace: string;
  readonly trialUid: string;
  readonly attempt: number;
  /** The rest is what the trainer says, and not yet believed. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** What is known of the Trial that the subject names. */
export interface UploadFacts {
  /** Undefined: there is no such Trial. */
  readonly trial:
    | {
        readonly experiment: ExperimentPlace;
        readonly uid: string;
        readonly index: number;
        /** Undefined: none is under way, since the Trial has ended or its next pod is not there. */
        readonly currentAttempt: number | undefined;
      }
    | undefined;
  /** Bytes by path, of what this attempt has stored or may still store. */
  readonly granted: ReadonlyMap<string, number>;
  readonly quotaBytes: number;
}

export type UploadRefusal =
  | 'UnknownTrial'
  | 'OtherNamespace'
  | 'NotCurrentAttempt'
  | 'InvalidPath'
  | 'InvalidSize'
  | 'InvalidDigest'
  | 'TooManyExtraFiles'
  | 'QuotaExceeded';

export type UploadDecision =
  | { readonly kind: 'granted'; readonly key: string }
  | { readonly kind: 'refused'; readonly reason: UploadRefusal };

/** Whether this attempt may have a URL for this file, and for which key; first reason wins. */
export function decideUpload(
  keys: ArtifactKeys,
  request: UploadRequest,
  { trial, granted, quotaBytes }: UploadFacts,
): UploadDecision {
  const { namespace, trialUid, attempt, path, size, sha256 } = request;
  if (trial === undefined || trial.uid !== trialUid) return refused('UnknownTrial');
  const { experiment, index } = trial;
  if (experiment.namespace !== namespace) return refused('OtherNamespace');
  if (trial.currentAttempt !== attempt) return refused('NotCurrentAttempt');
  if (!isArtifactPath(path)) return refused('InvalidPath');
  if (!Number.isInteger(size) || size < 0 || size > MAX_ARTIFACT_BYTES)
    return refused('InvalidSize');
  if (!/^[0-9a-f]{64}$/.test(sha256)) return refused('InvalidDigest');
  const after = grantedWith(granted, path, size);
  if (path.startsWith('extra/') && extraFiles(after) > MAX_EXTRA_FILES) {
    return refused('TooManyExtraFiles');
  }
  if (total(after) > quotaBytes) return refused('QuotaExceeded');
  const place = { experiment, index, trialUid, attempt };
  return { kind: 'granted', key: keys.attemptFile(place, path) };
}

/**
 * What is granted after one more grant. Asking again for a path costs nothing more: a key is written
 * once, so of several URLs for it at most one is used, and the largest is what counts.
 */
export function grantedWith(
  granted: ReadonlyMap<string, number>,
  path: string,
  size: number,
): ReadonlyMap<string, number> {
  return new Map(granted).set(path, Math.max(size, granted.get(path) ?? 0));
}

function extraFiles(granted: ReadonlyMap<string, number>): number {
  return [...granted.keys()].filter((path) => path.startsWith('extra/')).length;
}

function total(granted: ReadonlyMap<string, number>): number {
  let bytes = 0;
  for (const size of granted.values()) bytes += size;
  return bytes;
}

function refused(reason: UploadRefusal): UploadDecision {
  return { kind: 'refused', reason };
}
