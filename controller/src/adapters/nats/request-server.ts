import {
  type AttemptAddress,
  attemptName,
  inboxOf,
  parseRequestSubject,
  REQUEST_ROOT,
  type TrainerAnswer,
} from '@espalier/api';
import type { Bus, BusRequest } from './bus.ts';

/** Answers a trainer's request; undefined = not now, the trainer asks again. */
export type Answerer = (from: AttemptAddress, text: string) => Promise<string | undefined>;

export interface RequestCounts {
  readonly answered: number;
  /** Forged reply, wrong subject, too long. */
  readonly refused: number;
  /** Not taken up, because too many were in work; the trainer asks again. */
  readonly shed: number;
  readonly failed: number;
}

/** Silence would do, but the trainer would wait for its time-out before it asks again. */
const LATER = JSON.stringify({ kind: 'later' } satisfies TrainerAnswer);

const MAX_IN_WORK = 256;
/** So that no attempt keeps the others waiting. */
const MAX_IN_WORK_EACH = 16;
const MAX_REQUEST_BYTES = 16 * 1024;

/**
 * Answers the trainers' requests until it is stopped. The subject tells who asks, since the server
 * lets a trainer publish on no other; the reply subject is the asker's own choice, so an answer goes
 * out only into the inbox of that very attempt: else a trainer could make the controller, which may
 * do more, publish for it.
 */
export function serveRequests(
  bus: Pick<Bus, 'subscribe' | 'publish'>,
  answer: Answerer,
): { readonly counts: RequestCounts; stop(): void } {
  const counts = { answered: 0, refused: 0, shed: 0, failed: 0 };
  let inWork = 0;
  const inWorkEach = new Map<string, number>();
  const handle = async ({ subject, data, reply }: BusRequest): Promise<void> => {
    const from = parseRequestSubject(subject);
    if (from === undefined || data.length > MAX_REQUEST_BYTES || !isOwnInbox(from, reply)) {
      counts.refused += 1;
      return;
    }
    const each = inWorkEach.get(subject) ?? 0;
    if (inWork >= MAX_IN_WORK || each >= MAX_IN_WORK_EACH) {
      counts.shed += 1;
      return;
    }
    inWork += 1;
    inWorkEach.set(subject, each + 1);
    try {
      const text = await answer(from, Buffer.from(data).toString());
      bus.publish(reply, text ?? LATER);
      if (text !== undefined) counts.answered += 1;
    } catch {
      // Its own code has told why.
      counts.failed += 1;
      bus.publish(reply, LATER);
    } finally {
      inWork -= 1;
      const left = (inWorkEach.get(subject) ?? 1) - 1;
      if (left > 0) inWorkEach.set(subject, left);
      else inWorkEach.delete(subject);
    }
  };
  const stop = bus.subscribe(`${REQUEST_ROOT}.>`, (request) => void handle(request));
  return { counts, stop };
}

/** One more token of letters and digits, or several, behind the attempt's own prefix. */
function isOwnInbox(from: AttemptAddress, reply: string | undefined): reply is string {
  const prefix = `${inboxOf(attemptName(from))}.`;
  return (
    reply?.startsWith(prefix) === true && /^[\w-]+(\.[\w-]+)*$/.test(reply.slice(prefix.length))
  );
}
