import { type Command, Option } from 'commander';
import { defaultCacheFolder } from '../data/pixel-cache.ts';
import { DEMONSTRATIONS, runDemo } from '../demo/demonstrations.ts';
import type { Parameters } from '../parameters/definition.ts';
import { parseParameters } from '../parameters/parse-parameters.ts';
import { runEvaluate } from './evaluate.ts';
import { runPredict } from './predict.ts';
import type { StageRequest } from './stage.ts';
import { runVisualise } from './visualise.ts';

const MODEL_HELP = 'a model.safetensors, or the folder of a run, of which the best model is taken';
const DEFAULT_CLASS = 5;

/** Parameters that a stage may set anew, as commander gives them. */
interface Given {
  readonly cache: string;
  readonly layer?: number;
  readonly idStart?: number;
  readonly tta?: number;
  readonly ttaWeight?: number;
  readonly augment?: string;
}

/** Adds `evaluate`, `predict`, `visualise` and `demo`: what comes after training. */
export function addStages(
  program: Command,
  threads: () => number | undefined,
  setExit: (code: number) => void,
): void {
  const stage = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .argument('<model>', MODEL_HELP)
      .argument('<dir>', 'the data set')
      .option('--cache <dir>', 'folder for decoded pixels', defaultCacheFolder(process.env));
  const withVotes = (command: Command): Command =>
    command
      .option('--augment <names>', 'changes of the versions that vote, with commas between')
      .option('--tta <number>', 'augmented versions of each image that vote', Number)
      .option('--tta-weight <number>', 'weight of the plain image', Number);
  const request = (modelPath: string, given: Given): StageRequest => ({
    modelPath,
    cacheFolder: given.cache,
    threads: threads(),
    parameters: overrides(given),
  });

  withVotes(stage('evaluate', "print a model's loss and accuracy on labelled images as JSON"))
    .addOption(
      new Option('--split <name>', 'which images')
        .choices(['train', 'valid', 'test'])
        .default('valid'),
    )
    .action(async (model: string, dir: string, given: Given & { split: 'valid' }) =>
      setExit(await runEvaluate(request(model, given), dir, given.split)),
    );
  withVotes(stage('predict', 'classify the test images into a submission'))
    .option('--out <file>', 'the table to write', 'submission.csv')
    .option('--id-start <number>', 'Id of the first row', Number)
    .option('--files <list>', 'text file of the images to classify instead, one path a line')
    .action(async (model: string, dir: string, given: Given & { out: string; files?: string }) =>
      setExit(await runPredict(request(model, given), dir, given.out, given.files)),
    );
  stage(
    'visualise',
    'export features, map them by t-SNE, draw plots and curves, and a page of them',
  )
    .option('--out <dir>', 'folder for everything', 'espalier-view')
    .option('--layer <number>', 'layer of the cnn stack, from 0; 19 = the last pooling', Number)
    .option('--class <number>', 'class of the second plot', Number, DEFAULT_CLASS)
    .action(async (model: string, dir: string, given: Given & { out: string; class: number }) => {
      const options = { dataFolder: dir, outFolder: given.out, selected: given.class };
      setExit(await runVisualise(request(model, given), options));
    });
  program
    .command('demo')
    .description(`draw a demonstration: ${describeDemonstrations()}`)
    .argument('[names...]', 'which; all without')
    .option('--out <dir>', 'folder for the pictures', 'espalier-demo')
    .action(async (names: string[], { out }: { out: string }) =>
      setExit(await runDemo(names, out, (line) => process.stdout.write(`${line}\n`))),
    );
}

/** What was given, checked as a whole like the parameters of a run. */
function overrides(given: Given): Partial<Parameters> {
  const names = ['layer', 'idStart', 'tta', 'ttaWeight', 'augment'] as const;
  const set = names.flatMap((name) => {
    const value = given[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  // Whether tta has something to vary is known only with the model's own parameters.
  const checked = parseParameters([['augment', 'flip'], ...set]);
  return Object.fromEntries(set.map(([name]) => [name, checked[name]]));
}

function describeDemonstrations(): string {
  return Object.entries(DEMONSTRATIONS)
    .map(([name, { title }]) => `${name} ${title}`)
    .join('; ');
}
