/** Structured log lines: a constant message, values as fields. */
export interface Logger {
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  with(fields: Fields): Logger;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Numbers about the program itself. */
export interface Telemetry {
  reconciled(controller: string, outcome: 'done' | 'requeued' | 'error', seconds: number): void;
  queueDepth(controller: string, depth: number): void;
  /** A key was handed out, so long after it could have been. */
  queueWait(controller: string, seconds: number): void;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that never jump. */
  monotonic(): number;
  /** Resolves after that time; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, options: { readonly signal?: AbortSignal }): Promise<void>;
}

/** Something worth telling a person about an object; repeated ones are counted, not repeated. */
export interface ObjectEvent {
  readonly kind: 'Experiment' | 'Trial';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** An event and how often it was seen. */
export interface EventRecord extends ObjectEvent {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
}

export interface EventSink {
  emit(event: ObjectEvent): void;
}
