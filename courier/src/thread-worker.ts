import { parentPort, workerData } from 'node:worker_threads';
import { Courier } from './courier.ts';
import { sayOnStderr } from './say.ts';
import type { ThreadData, ThreadNews, ThreadOrder } from './thread-messages.ts';

const courier = new Courier(workerData as ThreadData, sayOnStderr);
const late = new AbortController();

parentPort?.on('message', (order: ThreadOrder) => {
  if (order.kind === 'hurry') {
    setTimeout(() => late.abort(new Error('there is no more time')), order.withinMs);
    return;
  }
  void courier.finish(late.signal).then((delivery: ThreadNews) => {
    parentPort?.postMessage(delivery);
    parentPort?.close();
  });
});
courier.start();
