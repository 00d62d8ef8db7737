import { setTimeout as sleep } from 'node:timers/promises';
import { reportSubject } from '@espalier/api';
import { connect, credsAuthenticator, type JetStreamClient } from 'nats';
import { batchOf } from './streams-points.ts';

/**
 * The trainers of `streams.ts`, in a process of their own: all trials by one user without limits over
 * a few connections. Told by its parent what to send; tells how that went.
 */

export type PublisherTask =
  | {
      readonly kind: 'connect';
      readonly url: string;
      readonly ca: string;
      readonly credentials: string;
      readonly namespace: string;
      readonly trialUids: readonly string[];
    }
  /** As fast as the server takes them: `batches` of each trial, round robin. */
  | { readonly kind: 'flood'; readonly batches: number; readonly points: number }
  /** A batch of each trial a second, spread over the second; the page is read meanwhile. */
  | {
      readonly kind: 'steady';
      readonly seconds: number;
      readonly points: number;
      readonly page: string;
      readonly pageEveryMs: number;
    };

export interface PublisherResult {
  readonly points: number;
  readonly seconds: number;
  /** Of each batch of `steady`, from its publish to the end of the first page that shows it. */
  readonly lagsMs: readonly number[];
}

const CONNECTIONS = 4;
const IN_FLIGHT = 512;
const PUBLISH_TIMEOUT_MS = 30_000;

let streams: JetStreamClient[] = [];
let subjects: readonly string[] = [];
/** The next point of each trial. */
let next: number[] = [];

process.on('message', (task: PublisherTask) => {
  void run(task).then((result) => process.send?.(result));
});

async function run(task: PublisherTask): Promise<PublisherResult> {
  const began = performance.now();
  const done = (points = 0, lagsMs: number[] = []): PublisherResult => ({
    points,
    seconds: (performance.now() - began) / 1000,
    lagsMs,
  });
  switch (task.kind) {
    case 'connect': {
      const { url, ca, credentials, namespace, trialUids } = task;
      const open = async () =>
        (
          await connect({
            servers: url,
            authenticator: credsAuthenticator(Buffer.from(credentials)),
            inboxPrefix: '_INBOX.witness',
            tls: { ca },
          })
        ).jetstream();
      streams = await Promise.all(Array.from({ length: CONNECTIONS }, open));
      subjects = trialUids.map((trialUid) =>
        reportSubject({ namespace, trialUid, attempt: 0 }, 'points'),
      );
      next = subjects.map(() => 0);
      return done();
    }
    case 'flood':
      return done(await flood(task.batches, task.points));
    case 'steady': {
      const lagsMs = await steady(task);
      return done(lagsMs.length * task.points, lagsMs);
    }
  }
}

async function send(trial: number, points: number): Promise<void> {
  const first = next[trial] as number;
  next[trial] = first + points;
  const stream = streams[trial % streams.length] as JetStreamClient;
  await stream.publish(subjects[trial] as string, batchOf(trial, first, points), {
    msgID: `${trial}.${first}`,
    timeout: PUBLISH_TIMEOUT_MS,
  });
}

async function flood(batches: number, points: number): Promise<number> {
  const flying = new Set<Promise<void>>();
  for (let batch = 0; batch < batches; batch++) {
    for (let trial = 0; trial < subjects.length; trial++) {
      const sent: Promise<void> = send(trial, points).finally(() => flying.delete(sent));
      flying.add(sent);
      if (flying.size >= IN_FLIGHT) await Promise.race(flying);
    }
  }
  await Promise.all(flying);
  return batches * points * subjects.length;
}

async function steady(task: PublisherTask & { readonly kind: 'steady' }): Promise<number[]> {
  const { seconds, points, page, pageEveryMs } = task;
  /** By trial: when the batch was sent whose last step is the key. */
  const waiting = subjects.map(() => new Map<number, number>());
  const lagsMs: number[] = [];
  let sending = true;
  const look = async (): Promise<void> => {
    const text = await (await fetch(page)).text();
    const nowMs = performance.now();
    for (const [, trial, step] of text.matchAll(/^espalier_trial_step\{.*-(\d{5})"\} (\d+)$/gm)) {
      const sent = waiting[Number(trial)];
      for (const [last, sentMs] of sent ?? []) {
        if (last > Number(step)) break;
        sent?.delete(last);
        lagsMs.push(nowMs - sentMs);
      }
    }
  };
  const looking = (async () => {
    while (sending || waiting.some(({ size }) => size > 0)) {
      await look();
      await sleep(pageEveryMs);
    }
  })();
  const total = seconds * subjects.length;
  const began = performance.now();
  const flying: Promise<void>[] = [];
  for (let sent = 0; sent < total; ) {
    const due = ((performance.now() - began) * subjects.length) / 1000;
    for (; sent < Math.min(due, total); sent++) {
      const trial = sent % subjects.length;
      waiting[trial]?.set((next[trial] as number) + points, performance.now());
      flying.push(send(trial, points));
    }
    await sleep(5);
  }
  await Promise.all(flying);
  sending = false;
  await looking;
  return lagsMs;
}
