import { type Command, Option } from 'commander';
import { EXPORT_FORMATS } from '../view/export-formats.ts';
import { SORT_KEYS } from '../view/sort-keys.ts';
import {
  examples,
  list,
  notEmpty,
  oneOf,
  wholeNumber,
  withBucket,
  withChoice,
  withOutput,
  withPlace,
  withStore,
  withWatch,
} from './options.ts';
import type { Perform } from './perform.ts';

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a list of verbs
export function addLookingVerbs(program: Command, perform: Perform): void {
  program.commandsGroup('Look:');
  withWatch(withOutput(withPlace(program.command('list'))))
    .description('list the Experiments of the folder or of a cluster')
    .option('-A, --all-namespaces', 'of all namespaces')
    .addHelpText(
      'after',
      examples([
        ['espalier list -o wide', 'with the best parameters'],
        ['espalier list -o name', 'for scripts'],
        ['espalier list --watch', 'JSON lines, until Ctrl-C'],
      ]),
    )
    .action((options) =>
      perform('list the Experiments', async (surroundings) => {
        if (options.watch === true) return (await watching()).watchList(surroundings, options);
        const { list } = await import('../commands/list.ts');
        return list(surroundings, options);
      }),
    );
  withWatch(withOutput(withPlace(program.command('get <name>'))))
    .description('show one Experiment or one Trial')
    .addHelpText(
      'after',
      examples([
        ['espalier get digits', 'phase, counts, best'],
        ['espalier get digits-00003', 'a trial, with its attempts'],
        ['espalier get digits -o yaml', 'the whole object'],
        ['espalier get digits --watch', 'until it has ended; exits as it ended'],
      ]),
    )
    .action((name, options) =>
      perform(`get ${name}`, async (surroundings) => {
        if (options.watch === true) return (await watching()).watchOne(surroundings, name, options);
        const { get } = await import('../commands/get.ts');
        return get(surroundings, name, options);
      }),
    );
  withPlace(program.command('watch <name>'))
    .description('show an Experiment as run does until it ends; Ctrl-C ends only the looking')
    .option('--json', 'print what happens as JSON lines on stdout, as run --json')
    .addHelpText(
      'after',
      examples([
        ['espalier watch digits --cluster', 'the live table'],
        ['espalier watch digits --json | jq .type', 'what happens, for programs'],
      ]),
    )
    .action((name, options) =>
      perform(`watch ${name}`, async (surroundings) => {
        const { watch } = await import('../commands/watch.ts');
        return watch(surroundings, name, options);
      }),
    );
  withChoice(withWatch(withOutput(withPlace(program.command('trials <name>')))))
    .description('list the Trials of an Experiment, best first')
    .addOption(oneOf(new Option('--sort <key>', 'order (default: "value")'), SORT_KEYS))
    .option('--limit <n>', 'only the first ones', wholeNumber(1))
    .option('--columns <names>', 'these columns, with commas: fields, parameters, metrics', list)
    .addHelpText(
      'after',
      examples([
        ['espalier trials digits', 'the leaderboard'],
        ['espalier trials digits --sort time --limit 5', 'the five that took longest'],
        ["espalier trials digits --where 'lr<1e-3' schedule=cosine", 'a part of them'],
        ['espalier trials digits --top 10% --columns trial,lr,value,time', 'the best tenth'],
        ['espalier trials digits --state Failed --columns trial,reason,message', 'what failed'],
        ['espalier trials digits --state Failed --watch', 'each as it fails, until the end'],
      ]),
    )
    .action((name, options) =>
      perform(`list the trials of ${name}`, async (surroundings) => {
        if (options.watch === true) {
          return (await watching()).watchTrials(surroundings, name, options);
        }
        const { trials } = await import('../commands/trials.ts');
        return trials(surroundings, name, options);
      }),
    );
  withStore(withOutput(withPlace(program.command('best <name>'))))
    .description('show the best Trial: its value, its parameters and where its files lie')
    .option(
      '--download <folder>',
      'fetch its files into a folder, each checked; goes on if repeated',
    )
    .addHelpText(
      'after',
      examples([
        ['espalier best digits', 'for people'],
        ['espalier best digits --json | jq -r .checkpoint', 'the path of the model'],
        ['espalier best digits --cluster -n team-a --download best', 'its files, from S3'],
      ]),
    )
    .action((name, options) =>
      perform(`show the best trial of ${name}`, async (surroundings) => {
        const { best } = await import('../commands/best.ts');
        return best(surroundings, name, options);
      }),
    );
  addRecords(program, perform);
}

const watching = () => import('../commands/watch-objects.ts');

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a list of verbs
function addRecords(program: Command, perform: Perform): void {
  withStore(withOutput(withPlace(program.command('compare <names...>'))))
    .description(
      'tell which configurations cannot be told apart; of several Experiments, how they differ',
    )
    .option('--limit <n>', 'only the first ones', wholeNumber(1))
    .addHelpText(
      'after',
      examples([
        ['espalier compare digits', 'mean, interval, chance to be the best, worse or not'],
        ['espalier compare digits --cluster -n team-a', 'from the objects of a cluster'],
        ['espalier compare digits digits-fork', 'best, cost, and what differs in their specs'],
      ]),
    )
    .action((names: readonly string[], options) =>
      perform(`compare ${names.join(', ')}`, async (surroundings) => {
        const [name = '', ...others] = names;
        if (others.length === 0) {
          const { compare } = await import('../commands/compare.ts');
          return compare(surroundings, name, options);
        }
        const { compareExperiments } = await import('../commands/compare-experiments.ts');
        return compareExperiments(surroundings, names, options);
      }),
    );
  withStore(withOutput(withPlace(program.command('importance <name>'))))
    .description('tell which parameters decide (PED-ANOVA)')
    .addHelpText('after', examples([['espalier importance digits', 'the most important first']]))
    .action((name, options) =>
      perform(`weigh the parameters of ${name}`, async (surroundings) => {
        const { importance } = await import('../commands/importance.ts');
        return importance(surroundings, name, options);
      }),
    );
  withChoice(withPlace(program.command('export <name>')))
    .description('write the Trials of an Experiment as a table for other programs')
    .addOption(
      oneOf(
        new Option('--format <format>', 'default: as the file is called, else csv'),
        EXPORT_FORMATS,
      ),
    )
    .option('-o, --out <file>', 'where to (default: stdout)', notEmpty)
    .addHelpText('after', EXPORT_HELP)
    .action((name, options) =>
      perform(`export the trials of ${name}`, async (surroundings) => {
        const { exportTrials } = await import('../commands/export.ts');
        return exportTrials(surroundings, name, options);
      }),
    );
  withStore(withOutput(withPlace(program.command('verify <name>'))))
    .description('recompute every suggestion and early stop of an Experiment from its record')
    .addHelpText(
      'after',
      examples([
        ['espalier verify digits', 'nothing is trained; exit 8 if anything differs'],
        ['espalier verify digits -o json', 'all differences, for programs'],
        ['espalier verify digits --cluster -n team-a', 'from the objects of a cluster'],
        ['espalier verify s3://bucket/team-a/digits-UID', 'from what it left in the store'],
      ]),
    )
    .action((name, options) =>
      perform(`verify ${name}`, async (surroundings) => {
        const { verify } = await import('../commands/verify.ts');
        return verify(surroundings, name, options);
      }),
    );
  withBucket(withPlace(program.command('logs <name>')))
    .description('print what the trainer of a Trial printed, or those of an Experiment')
    .option('-f, --follow', 'go on as it grows, until it ends')
    .option('--attempt <n>', 'of that attempt; default: the latest', wholeNumber(0))
    .addHelpText(
      'after',
      examples([
        ['espalier logs digits-00003', 'of one trial'],
        ['espalier logs digits -f', 'of all that run, with the index before each line'],
        ['espalier logs digits-00003 --cluster', 'of its pod; afterwards what S3 keeps'],
      ]),
    )
    .action((name, options) =>
      perform(`print the logs of ${name}`, async (surroundings) => {
        const { logs } = await import('../commands/logs.ts');
        return logs(surroundings, name, options);
      }),
    );
  withOutput(withPlace(program.command('events <name>')))
    .description('tell what happened to an Experiment and its Trials, oldest first')
    .addHelpText('after', examples([['espalier events digits', 'starts, stops, failures, why']]))
    .action((name, options) =>
      perform(`tell the events of ${name}`, async (surroundings) => {
        const { events } = await import('../commands/events.ts');
        return events(surroundings, name, options);
      }),
    );
}

const EXPORT_HELP = `${examples([
  ['espalier export digits > trials.csv', 'as the trials.csv that an Experiment leaves'],
  ['espalier export digits -o trials.json', 'with times and the places of files'],
  ['espalier export digits --state Failed --format jsonl', 'a line for each that failed'],
])}
No parquet: at most 100,000 rows need no columnar format, and DuckDB, pandas and polars read the CSV.
`;
