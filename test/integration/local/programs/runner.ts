/** A runner as a process of its own, so that a test can kill it. Usage: DIR MANIFEST.json */
import { readFileSync } from 'node:fs';
import { experimentSchema } from '@espalier/api';
import { startRunner } from '@espalier/controller/local';

const [dir = '', file = ''] = process.argv.slice(2);
const experiment = experimentSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const tell = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const runner = await startRunner(
  {
    dir,
    trainerCommand: [],
    allowCpu: true,
    onEvent: ({ type, reason, message, name }) => tell({ event: reason, type, name, message }),
  },
  { orphanGraceMs: 2000, onStats: (stats) => tell({ stats }) },
);
tell({ ready: process.pid });
const waiting = new AbortController();
process.once('SIGINT', () => {
  waiting.abort(new Error('interrupted'));
});
try {
  const outcome = await runner.apply(experiment);
  tell({ outcome });
  const ended = await runner.finished(experiment.metadata, waiting);
  tell({ phase: ended.status?.phase });
} catch (error) {
  if (!waiting.signal.aborted) throw error;
  tell({ interrupted: true });
} finally {
  await runner.close();
}
