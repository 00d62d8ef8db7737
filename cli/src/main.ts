import { EXIT } from './exit-codes.ts';
import { ProcessSignals } from './process-signals.ts';
import { runCommandLine } from './program.ts';
import { StreamChannel } from './stream-channel.ts';
import type { Surroundings } from './surroundings.ts';
import { terminalQuestions } from './terminal-questions.ts';

const signals = new ProcessSignals(process);

// `espalier trials x | head` ends as any program does whose reader has gone: quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  const isGone = error.code === 'EPIPE';
  if (!isGone) process.stderr.write(`error: cannot write the output: ${error.message}\n`);
  // A run lets its trainers save first.
  if (!signals.brokenPipe()) process.exit(isGone ? EXIT.brokenPipe : EXIT.unexpected);
});
// Nobody reads the talk any more (the terminal was closed); the work goes on without it.
process.stderr.on('error', () => {});

const surroundings: Surroundings = {
  stdout: new StreamChannel(process.stdout, process.env),
  stderr: new StreamChannel(process.stderr, process.env),
  env: process.env,
  cwd: process.cwd(),
  now: Date.now,
  signals,
  isPlugin: process.env['ESPALIER_KUBECTL_PLUGIN'] === '1',
  engine: () => import('@espalier/controller/local'),
  ask: process.stdin.isTTY === true ? terminalQuestions(process.stdin, process.stderr) : undefined,
};

const exitCode = await runCommandLine(process.argv.slice(2), surroundings);
await Promise.all([surroundings.stdout.flush(), surroundings.stderr.flush()]);
// Not only `exitCode`: a trainer's pipe or a timer must not keep the command alive.
process.exit(exitCode);
