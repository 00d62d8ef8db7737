import type { ParameterValue } from '@espalier/api';
import { TRAINER_ENV } from '@espalier/api';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DEVICE_VARIABLE } from '../backend/device-request.ts';
import { defaultCacheFolder } from '../data/pixel-cache.ts';
import { writeDigits } from '../digits/write-digits.ts';
import {
  PARAMETER_NAMES,
  PARAMETERS,
  type ParameterDefinition,
  REFUSED_PARAMETERS,
} from '../parameters/definition.ts';
import { examineMachine } from './doctor.ts';
import { scoreSubmission } from './score.ts';
import { addStages } from './stage-commands.ts';
import { runTrain } from './train.ts';
import { runTrial } from './trial.ts';
import { parseThreads } from './trial-environment.ts';

const EXAMPLES = `
Examples:
  espalier-train data digits ./digits
  espalier-train train ./digits --image-size 32 --width 0.25 --classes 10 --epochs 5
  espalier-train evaluate ./espalier-run ./digits
  espalier-train visualise ./espalier-run ./digits --out view
  espalier-train demo D1
  espalier-train score ./espalier-run/submission.csv ./digits/test_truth.csv

Exit codes: 0 done, 2 wrong usage, 10 stopped after saving, 20 invalid parameters, 21 diverged,
30 wrong data or configuration, 1 anything else.`;

const DATA_LAYOUT = `
DIR holds train/ and valid/ with images <label>_<id>.jpg, and perhaps test/ with images to classify.
--out gets the best model (safetensors, PyTorch's names), metrics.csv, steps.csv, log.txt and
submission.csv. Ctrl-C saves a checkpoint; the same command with --resume goes on from it.`;

/** The command line; `setExit` gets the exit code of the command that ran. */
export function buildProgram(setExit: (code: number) => void): Command {
  const program = new Command('espalier-train')
    .description("Espalier's trainer: learns to classify the images of a folder")
    .exitOverride()
    .addHelpText('after', EXAMPLES);
  addTrain(program, setExit);
  program
    .command('trial')
    .description(`run one trial for an orchestrator, described by ${TRAINER_ENV.trial} and others`)
    .action(async () => setExit(await runTrial(process.env)));
  addStages(program, () => threadsOf(process.env), setExit);
  addData(program);
  program
    .command('score')
    .description('print the accuracy of a submission as JSON')
    .argument('<submission>', 'submission.csv')
    .argument('<truth>', 'the same table with the true classes')
    .action((submission: string, truth: string) => print(scoreSubmission(submission, truth)));
  program
    .command('doctor')
    .description('print what a run would find on this machine as JSON')
    .option('--gpu', 'fail if no GPU would be used', false)
    .action(({ gpu }: { gpu: boolean }) => {
      if (gpu) process.env[DEVICE_VARIABLE] = 'gpu';
      const { facts, exitCode } = examineMachine(threadsOf(process.env), process.env);
      print(facts);
      setExit(exitCode);
    });
  return program;
}

function addTrain(program: Command, setExit: (code: number) => void): void {
  const command = program
    .command('train')
    .description('train on a folder of images, evaluate, and classify its test images')
    .argument('<dir>', 'the data set')
    .option('--out <dir>', 'folder for everything the run leaves', 'espalier-run')
    .option('--cache <dir>', 'folder for decoded pixels', defaultCacheFolder(process.env))
    .option('--checkpoint-every <epochs>', 'epochs between two checkpoints', parseCount, 1)
    .option('--profile', 'print where the time of a step goes', false)
    .option('--resume', 'go on from the checkpoint in --out', false)
    .addHelpText('after', DATA_LAYOUT);
  for (const name of PARAMETER_NAMES) {
    for (const option of optionsOf(name, PARAMETERS[name])) command.addOption(option);
  }
  for (const name of REFUSED_PARAMETERS.keys()) {
    command.addOption(new Option(`--${kebab(name)} [value]`).hideHelp());
  }
  command.action(async (dir: string, options: Record<string, unknown>) => {
    const given = [...PARAMETER_NAMES, ...REFUSED_PARAMETERS.keys()];
    const parameters = given.flatMap((name): [string, ParameterValue][] =>
      options[name] === undefined ? [] : [[name, options[name] as ParameterValue]],
    );
    const { out, cache, checkpointEvery, resume, profile } = options as {
      out: string;
      cache: string;
      checkpointEvery: number;
      resume: boolean;
      profile: boolean;
    };
    const code = await runTrain({
      dataFolder: dir,
      outFolder: out,
      cacheFolder: cache,
      parameters,
      checkpointEveryEpochs: checkpointEvery,
      threads: threadsOf(process.env),
      isResumed: resume,
      isProfiled: profile,
    });
    setExit(code);
  });
}

function addData(program: Command): void {
  program
    .command('data')
    .description('make a data set')
    .command('digits')
    .description('10,000 real handwritten digits: 7,000 to train, 1,500 to validate, 1,500 to test')
    .argument('<dir>', 'folder to make')
    .option('--limit <images>', 'only so many in all', parseCount)
    .action(async (dir: string, { limit }: { limit?: number }) => {
      print({ dir, ...(await writeDigits(dir, limit)) });
    });
}

/** A flag gets its opposite, too, so that either default can be overridden. */
function optionsOf(name: string, definition: ParameterDefinition): Option[] {
  const flag = kebab(name);
  const help = `${definition.help} (default: ${definition.fallback})`;
  switch (definition.kind) {
    case 'flag':
      return definition.fallback
        ? [new Option(`--no-${flag}`, `do not ${definition.help}`).default(undefined)]
        : [new Option(`--${flag}`, definition.help)];
    case 'list':
      return [new Option(`--${flag} <names>`, `${help}; some of ${definition.choices.join(',')}`)];
    case 'choice':
      return [new Option(`--${flag} <name>`, `${help}; one of ${definition.choices.join(', ')}`)];
    case 'whole':
    case 'real':
      return [new Option(`--${flag} <number>`, help).argParser(parseNumber)];
  }
}

/** What is no number stays a text, for the parameter's own check to refuse. */
function parseNumber(text: string): number | string {
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? text : value;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Not a positive whole number.');
  return Number(text);
}

function threadsOf(environment: NodeJS.ProcessEnv): number | undefined {
  return parseThreads(environment[TRAINER_ENV.cpuThreads]);
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
