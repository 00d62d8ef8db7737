import { EXIT_CODE } from '@espalier/api';
import { CommanderError } from 'commander';
import { EXIT_USAGE, exitCodeOf, explain } from './commands/exit.ts';
import { buildProgram } from './commands/program.ts';

// Whoever read our output may be gone, as when the runner was killed; the run itself goes on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  await buildProgram((code) => {
    process.exitCode = code;
  }).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT_CODE.done : EXIT_USAGE;
  } else {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
