import { createInterface } from 'node:readline';
import { openDevice } from '../backend/device.ts';
import { toFloats } from '../data/batches.ts';
import { parseParameters } from '../parameters/parse-parameters.ts';
import { RandomStream } from '../random/stream.ts';
import { Session } from '../training/session.ts';
import { printLine } from './python.ts';

/**
 * `step-server.ts BATCH SIDE THREADS`: the same protocol as `scripts/parity/step_server.py`: a line on
 * stdin is one training step of the whole network.
 */

const WARM_UP = 2;
const [batch = 16, side = 128, threads = 1] = process.argv.slice(2).map(Number);
const device = openDevice({ threads, deterministic: true });
const session = new Session(device, parseParameters([['imageSize', side]]));
const random = new RandomStream(1, 'bench-pixels');
const pixels = Uint8Array.from({ length: batch * side * side * 3 }, () => random.below(256));
const labels = Int32Array.from({ length: batch }, (_, index) => index % 11);
let done = 0;

function step(): void {
  const progress = { step: done++, totalSteps: 1e6, stepsPerEpoch: 100 };
  session.train(toFloats(device, pixels.slice(), [batch, side, side, 3]), labels, progress);
}

for (let index = 0; index < WARM_UP; index++) step();
printLine({ ready: `espalier on TensorFlow ${device.version}` });
for await (const _ of createInterface({ input: process.stdin })) {
  const [began, used] = [performance.now(), process.cpuUsage()];
  step();
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(used);
  printLine({
    ms,
    cpuMs: (user + system) / 1000,
    peakRssMB: process.resourceUsage().maxRSS / 1024,
  });
}
