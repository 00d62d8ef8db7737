/** Every failure that our own code foresees; `code` is from a closed list and stable for programs. */
export type ErrorCode =
  | 'Conflict'
  | 'Terminal'
  | 'Wait'
  | 'LockHeld'
  | 'NotFound'
  | 'Storage'
  | 'InvalidSpec'
  | 'Unsupported';

export class EspalierError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Somebody else changed the object: observe again and plan anew. */
export class ConflictError extends EspalierError {
  constructor(message: string, options?: ErrorOptions) {
    super('Conflict', message, options);
  }
}

/** Trying again cannot help; the object is marked and left alone until it changes. */
export class TerminalError extends EspalierError {
  constructor(message: string, options?: ErrorOptions) {
    super('Terminal', message, options);
  }
}

/** What is waited for, as people see it in a Trial's reason. */
export type WaitReason = 'QuotaExceeded' | 'NamespaceTerminating' | 'ProfileNotFound' | 'NameTaken';

/** Something needs time; the key is looked at again after `afterMs`, without counting as an error. */
export class WaitError extends EspalierError {
  readonly afterMs: number;
  /** Absent = nobody needs to know. */
  readonly reason: WaitReason | undefined;
  constructor(
    message: string,
    afterMs: number,
    options: ErrorOptions & { readonly reason?: WaitReason } = {},
  ) {
    super('Wait', message, options);
    this.afterMs = afterMs;
    this.reason = options.reason;
  }
}
