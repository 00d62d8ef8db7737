import { parseKey } from '../../ports/key.ts';
import type { EventSink, Fields, Logger } from '../../ports/telemetry.ts';

/**
 * There is no log on one machine that anybody reads: what went wrong with an object becomes a Warning
 * about it, and the rest is dropped.
 */
export class EventLogger implements Logger {
  readonly #events: EventSink;
  readonly #fields: Fields;

  constructor(events: EventSink, fields: Fields = {}) {
    this.#events = events;
    this.#fields = fields;
  }

  info(): void {
    // Nobody asked.
  }

  warn(message: string, fields: Fields = {}): void {
    this.#tell(message, fields);
  }

  error(message: string, fields: Fields = {}): void {
    this.#tell(message, fields);
  }

  with(fields: Fields): Logger {
    return new EventLogger(this.#events, { ...this.#fields, ...fields });
  }

  #tell(message: string, fields: Fields): void {
    const { controller, object, error } = { ...this.#fields, ...fields } as Record<string, unknown>;
    if (typeof object !== 'string') return;
    this.#events.emit({
      ...parseKey(object),
      kind: controller === 'trial' ? 'Trial' : 'Experiment',
      uid: '',
      type: 'Warning',
      reason: 'ReconcileFailed',
      message: error === undefined ? message : `${message}: ${String(error)}`.slice(0, 1000),
    });
  }
}
