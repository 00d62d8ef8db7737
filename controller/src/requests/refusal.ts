import { MAX_EXTRA_FILES, quoteText, type TrainerAnswer, type TrainerRequest } from '@espalier/api';
import type { UploadRefusal } from '../domain/artifacts/upload.ts';
import type { Requester } from '../domain/trial/requester.ts';

export type RefusalReason =
  | Extract<Requester, { kind: 'refused' }>['reason']
  | UploadRefusal
  | 'InvalidRequest'
  | 'NoObjectStore'
  | 'DataNotAllowed'
  | 'DataNotFound'
  | 'CheckpointNotFound'
  | 'NotAnInput';

export type Refusal = Extract<TrainerAnswer, { kind: 'refused' }>;

/** The answer to a request that asking again cannot help; the message says what would. */
export function refuse(reason: RefusalReason, message: string): Refusal {
  return { kind: 'refused', reason, message };
}

export function refuseRequester(reason: 'OtherNamespace' | 'AttemptEnded'): Refusal {
  return refuse(
    reason,
    reason === 'AttemptEnded'
      ? 'this attempt has ended; only the one under way may ask'
      : 'this trial belongs to another namespace',
  );
}

export function refuseUploadOf(
  { path, size }: Extract<TrainerRequest, { kind: 'upload' }>,
  reason: UploadRefusal,
  quotaBytes: number,
): Refusal {
  const file = quoteText(path);
  switch (reason) {
    case 'InvalidPath':
      return refuse(reason, `${file} is no file of an attempt; put what is your own below extra/`);
    case 'TooManyExtraFiles':
      return refuse(reason, `${file} would be more than ${MAX_EXTRA_FILES} files below extra/`);
    case 'TooManyFiles':
      return refuse(reason, `${file} would be one file too many; write fewer checkpoints`);
    case 'QuotaExceeded':
      return refuse(
        reason,
        `${size} bytes of ${file} exceed what is left of the ${quotaBytes} bytes of an attempt; ` +
          'write less, or have the quota raised',
      );
  }
}
