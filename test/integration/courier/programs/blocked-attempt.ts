/**
 * Reports an attempt over a courier thread while this thread does nothing but compute, as in a step that
 * takes seconds; the courier's thread dies twice meanwhile.
 */
import { existsSync } from 'node:fs';
import { type AttemptAddress, TRAINER_ENV, type TrainerTask } from '@espalier/api';
import { addressOf, CourierThread, natsServers } from '@espalier/courier';

const env = (name: string): string => process.env[name] ?? '';
const task = JSON.parse(env(TRAINER_ENV.trial)) as TrainerTask;
const address: AttemptAddress = addressOf(task);
const courier = new CourierThread({
  servers: natsServers(env(TRAINER_ENV.report)),
  address,
  credentials: env(TRAINER_ENV.credentials),
  reportFile: env('REPORT_FILE'),
  outFolder: env(TRAINER_ENV.out),
  syncMs: 300,
});

/** Resolves with the next thread that has begun to work. */
const nextThread = (): Promise<import('node:worker_threads').Worker> =>
  new Promise((resolve) =>
    process.once('worker', (worker) => worker.once('online', () => resolve(worker))),
  );

// A courier alone keeps no process alive.
const alive = setInterval(() => {}, 1_000);
let thread = nextThread();
courier.start();
for (let deaths = 0; deaths < 2; deaths++) {
  const worker = await thread;
  thread = nextThread();
  await worker.terminate();
}
await thread;
process.stdout.write('blocked\n');
// Deaf to everything until the test has seen what it wanted to see.
while (!existsSync(env('GO_ON_FILE')))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
clearInterval(alive);
const { missing } = await courier.finish();
process.stdout.write(`missing ${missing.length}\n`);
