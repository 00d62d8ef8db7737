import { resolve } from 'node:path';
import type { Experiment } from '@espalier/api';
import { startRunner } from '@espalier/controller/local';

/** Runs one Experiment to its end and prints what that cost this process, as one JSON line. */
const [dir = '', data = '', manifest = ''] = process.argv.slice(2);
const trainer = resolve(import.meta.dirname, '../../trainer-image/src/main.ts');
const began = performance.now();
let durable = { writes: 0, meanMs: 0 };
const runner = await startRunner(
  {
    dir,
    data,
    allowCpu: true,
    trainerCommand: [process.execPath, '--conditions=@espalier/source', trainer, 'trial'],
  },
  {
    onStats: (stats) => {
      durable = stats;
    },
  },
);
const experiment = JSON.parse(manifest) as Experiment;
const key = { namespace: experiment.metadata.namespace, name: experiment.metadata.name };
await runner.apply(experiment);
const { status } = await runner.finished(key, { signal: new AbortController().signal });
const wallMs = performance.now() - began;
const trials = (await runner.trials(key)).map(({ trial }) => trial);
await runner.close();
const { user, system } = process.cpuUsage();
process.stderr.write(`bench-local: ${key.name} ${status?.phase} ${status?.reason ?? ''}\n`);
process.stdout.write(
  `${JSON.stringify({
    wallMs,
    runnerCpuMs: (user + system) / 1000,
    rssMB: Math.round(process.resourceUsage().maxRSS / 1024),
    fsyncMs: durable.meanMs,
    writes: durable.writes,
    trials,
  })}\n`,
);
