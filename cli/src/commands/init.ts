import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readManifests } from '@espalier/api';
import { writeLines } from '../channel.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure, invalid, notFound } from '../failure.ts';
import { printable } from '../render/printable.ts';
import { shellWords } from '../render/shell-words.ts';
import type { Surroundings } from '../surroundings.ts';
import { DOMAIN_FORMS, parseDomain } from '../sweep/domain.ts';
import { buildSweep } from '../sweep/manifest.ts';
import type { ParameterWord } from '../sweep/parameter-words.ts';
import { parseMetric } from '../sweep/settings.ts';
import { writeYaml } from '../sweep/write-yaml.ts';

export interface InitOptions {
  readonly force?: boolean;
}

type Ask = (question: string) => Promise<string>;

/** Asks what a sweep needs and writes its manifest. Nothing is written before the last answer. */
export async function init(
  surroundings: Surroundings,
  file: string,
  { force = false }: InitOptions,
): Promise<ExitCode> {
  const { ask, stderr, cwd } = surroundings;
  const path = resolve(cwd, file);
  needPlace(path, file, force);
  if (ask === undefined) {
    throw invalid('init asks questions, and there is no terminal to ask on', [
      'the same from flags: espalier sweep --print --metric valid_acc:max --lr 1e-5..1e-2:log',
    ]);
  }
  writeLines(stderr, [
    'An empty line takes what stands in [brackets]; Ctrl-C ends without a file.',
  ]);
  const again = (doing: string) => writeLines(stderr, [doing]);
  const manifest = await askAll(ask, again);
  const yaml = writeYaml(manifest, 'made by: espalier init');
  const { problems } = readManifests(yaml, file);
  const [problem] = problems;
  if (problem !== undefined) {
    throw invalid(`this cannot be a sweep: ${printable(problem.message)}`, ['nothing was written']);
  }
  write(path, file, yaml, force);
  const shown = shellWords([file]);
  const place = manifest.spec.trainer?.image === undefined ? 'run' : 'submit --cluster';
  writeLines(stderr, [
    `wrote ${printable(file)}`,
    printable(`what it would do: espalier plan -f ${shown}`),
    printable(`start it:         espalier ${place} -f ${shown}`),
  ]);
  return EXIT.ok;
}

/** Before everything is answered in vain. */
function needPlace(path: string, file: string, force: boolean): void {
  const folder = dirname(path);
  if (!existsSync(folder)) {
    throw notFound(`there is no folder ${printable(folder)}`, ['make it first']);
  }
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory()) {
    throw invalid(`${printable(file)} is a folder`, ['name the file that is to be written']);
  }
  if (!force) throw isThere(file);
}

async function askAll(
  ask: Ask,
  tell: (line: string) => void,
): Promise<ReturnType<typeof buildSweep>> {
  const metric = await askUntil(
    ask,
    tell,
    'What does the trainer report? [valid_acc] ',
    (line) => {
      parseMetric(`${line}:max`);
      return line;
    },
    'valid_acc',
  );
  const goal = await askUntil(
    ask,
    tell,
    `Is more of ${printable(metric)} better? max or min [max] `,
    (line) => {
      parseMetric(`${metric}:${line}`);
      return line;
    },
    'max',
  );
  const parameters = await askParameters(ask, tell);
  const trials = await askUntil(ask, tell, 'How many configurations? [20] ', wholeNumber, '20');
  const parallel = await askUntil(ask, tell, 'How many at once? [1] ', wholeNumber, '1');
  const image = (await ask('Image of the trainer; empty: it runs on this machine [] ')).trim();
  const command = await ask(
    'Command of the trainer, words apart by spaces; empty: as it comes [] ',
  );
  return buildSweep(
    {
      metric: [`${metric}:${goal}`],
      trials,
      parallel,
      name: await askUntil(ask, tell, 'Name of the sweep? [sweep] ', soundName, 'sweep'),
      ...(image === '' ? {} : { image }),
    },
    { parameters, command: command.split(/\s+/).filter((word) => word !== '') },
  );
}

async function askParameters(
  ask: Ask,
  tell: (line: string) => void,
): Promise<readonly ParameterWord[]> {
  const parameters: ParameterWord[] = [];
  tell(`Parameters as NAME VALUES: ${DOMAIN_FORMS}. An empty line ends them.`);
  for (;;) {
    const line = (await ask(`Parameter ${parameters.length + 1}: `)).trim();
    if (line === '' && parameters.length > 0) return parameters;
    const [name = '', ...rest] = line.split(/\s+/);
    const text = rest.join('');
    if (text === '') {
      tell('  a name and its values, such as: lr 1e-5..1e-2:log');
      continue;
    }
    if (parameters.some((other) => other.name === name)) {
      tell(`  ${printable(name)} is there already`);
      continue;
    }
    const isSound = await attempt(tell, () => parseDomain(name, text));
    if (isSound !== undefined) parameters.push({ flag: name, name, text });
  }
}

async function askUntil<T>(
  ask: Ask,
  tell: (line: string) => void,
  question: string,
  read: (line: string) => T,
  usual: string,
): Promise<T> {
  for (;;) {
    const line = (await ask(question)).trim();
    const answer = await attempt(tell, () => read(line === '' ? usual : line));
    if (answer !== undefined) return answer;
  }
}

/** What was typed wrongly is told, and asked again. */
async function attempt<T>(tell: (line: string) => void, read: () => T): Promise<T | undefined> {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    tell(`  ${error.message}`);
    return undefined;
  }
}

/** What a manifest says of that name, before everything else was answered in vain. */
function soundName(name: string): string {
  const parameters = [{ flag: 'lr', name: 'lr', text: '1..2' }];
  const manifest = buildSweep({ metric: ['loss:min'], name }, { parameters, command: [] });
  const [problem] = readManifests(writeYaml(manifest, 'a try'), '<name>').problems;
  if (problem === undefined) return name;
  throw invalid(`${printable(name)}: ${printable(problem.message)}`);
}

function wholeNumber(line: string): number {
  const value = Number(line);
  if (/^\d+$/.test(line) && Number.isSafeInteger(value) && value > 0) return value;
  throw invalid(`${printable(line)} is no whole number above 0`);
}

function write(path: string, file: string, text: string, force: boolean): void {
  try {
    // Not even one that appeared while questions were asked is lost.
    writeFileSync(path, text, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'EEXIST') throw isThere(file);
    throw new Failure(`cannot write ${printable(file)}: ${(cause as Error).message}`, {
      exitCode: EXIT.unexpected,
      hints: ['name a file in a folder that is there and can be written'],
      cause,
    });
  }
}

function isThere(file: string): Failure {
  return new Failure(`${printable(file)} is there already`, {
    exitCode: EXIT.refused,
    hints: ['name another file, or add --force to replace it'],
  });
}
