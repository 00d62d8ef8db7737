import type { Command } from 'commander';
import { examples, wholeNumber, withPlace } from './options.ts';
import type { Perform } from './perform.ts';

/**
 * A sweep without a manifest: one from flags, or one that questions lead to.
 *
 * @param line The whole command line, for telling how to go on.
 */
export function addSweepingVerbs(
  program: Command,
  perform: Perform,
  line: readonly string[],
): void {
  const command = withPlace(program.command('sweep [words...]'))
    .usage('--metric NAME:max|min --PARAMETER VALUES... [options] [-- trainer command]')
    .description('start a sweep from flags: on a cluster, here (--local), or print its manifest')
    .option(
      '--metric <name:goal>',
      'what the trainer reports: valid_acc:max; several: repeat',
      list,
    )
    .option('--trials <n>', 'configurations in all (default: 20, or all there are)', wholeNumber(1))
    .option('--parallel <n>', 'trials at once (default: 1)', wholeNumber(1))
    .option('--max-failed <n>', 'how many configurations may fail (default: 3)', wholeNumber(0))
    .option('--early-stop <rule>', 'end hopeless trials: asha, asha:max=9:eta=3, median, ...')
    .option('--algorithm <name>', 'how to search (default: auto)')
    .option('--search-seed <n>', "the search's own seed (default: 0)", wholeNumber(0))
    .option('--param <name=values>', 'a parameter by its exact name; several: repeat', list)
    .option('--name <name>', 'of the Experiment (default: follows from the flags)')
    .option('--image <image>', 'of the trainer, on a cluster')
    .option('--profile <name>', 'TrainerProfile of the cluster')
    .option('--gpu <n>', 'GPUs of a trial', wholeNumber(0))
    .option('--cpu <quantity>', 'CPUs of a trial, such as 4 or 500m')
    .option('--memory <quantity>', 'memory of a trial, such as 16Gi')
    .option('--data <key>', 'data set in the store; with --local a folder')
    .option('--print', 'write the manifest to stdout and start nothing')
    .option('--local', 'run it on this machine, as run does')
    .option('--allow-cpu', 'with --local: run although it asks for GPUs and there is none')
    .option('--dry-run', 'ask the cluster and change nothing')
    .option('--wait', 'follow it until it ends')
    .option('--json', 'print JSON, as run or submit do')
    .allowUnknownOption()
    .addHelpText('after', SWEEP_HELP);
  command.action((words, options) =>
    perform('start the sweep', async (surroundings) => {
      const { sweep } = await import('../commands/sweep.ts');
      const own = command.createHelp().visibleOptions(command);
      return sweep(surroundings, options, {
        words,
        own: own.flatMap(({ long }) => (long == null ? [] : [long.slice(2)])),
        line,
      });
    }),
  );
  addInit(program, perform);
}

function addInit(program: Command, perform: Perform): void {
  program
    .command('init [file]')
    .description('ask the few questions of a sweep and write its manifest')
    .option('--force', 'replace the file')
    .addHelpText(
      'after',
      examples([
        ['espalier init', 'writes sweep.yaml'],
        ['espalier init digits.yaml', 'elsewhere; without a terminal: espalier sweep --print'],
      ]),
    )
    .action((file = 'sweep.yaml', options) =>
      perform(`write ${file}`, async (surroundings) => {
        const { init } = await import('../commands/init.ts');
        return init(surroundings, file, options);
      }),
    );
}

function list(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

const SWEEP_HELP = `
Every other --NAME VALUES is a parameter of the trainer; --batch-size is its batchSize:
  1e-5..1e-2:log      a range, searched on a log scale
  0.0..0.5:step=0.1   a range in steps; whole numbers if both bounds are written so: 16..256
  32,64,128           candidates: whole numbers, numbers, texts, true,false
  cosine              the same for every trial
  1,2,3:replicates    every configuration with each; the mean counts. 1..5:replicates is 1 to 5
With replicates, --early-stop asha or wilcoxon gives more of them to the better ones.
The same command again goes on with the same Experiment.
${examples([
  ['espalier sweep --local --metric valid_acc:max --lr 1e-4..1e-1:log -- python3 train.py', ''],
  [
    'espalier sweep --image IMAGE --metric loss:min --lr 1e-5..1e-2:log --trials 30 --parallel 4',
    '',
  ],
  ['espalier sweep --metric loss:min --lr 1e-5..1e-2:log --print > sweep.yaml', ''],
])}`;
