import type { Command } from 'commander';
import { examples, wholeNumber, withChoice, withPlace } from './options.ts';
import type { Perform } from './perform.ts';

/**
 * New Experiments from earlier ones: what has ended never changes any more.
 *
 * @param line The whole command line, for telling how to go on.
 */
export function addDescendingVerbs(
  program: Command,
  perform: Perform,
  line: readonly string[],
): void {
  withStart(withChoice(withPlace(program.command('retry <name>'))), '-retry')
    .description('try the configurations that failed again, as a new Experiment')
    .addHelpText(
      'after',
      examples([
        ['espalier retry digits', 'runs digits-retry in the folder'],
        ['espalier retry digits --cluster --state OOMKilled', 'submits it, of those alone'],
        ['espalier retry digits --print > retry.yaml', 'to be changed first'],
      ]),
    )
    .action((name, options) =>
      perform(`retry ${name}`, async (surroundings) => {
        const { retry } = await import('../commands/retry.ts');
        return retry(surroundings, name, options, line);
      }),
    );
  withStart(withPlace(program.command('fork <name>')), '-fork')
    .description('go on from an Experiment with changes, as a new one that learns from its results')
    .option('--set <field=value...>', 'change the spec, such as trials.max=50')
    .option('--enqueue <n>', 'first try so many of its best again', wholeNumber(0))
    .addHelpText(
      'after',
      examples([
        ['espalier fork digits --set trials.max=50 search.algorithm=tpe', 'go on, wiser'],
        ['espalier fork digits --print > more.yaml', 'to be changed by hand'],
      ]),
    )
    .action((name, options) =>
      perform(`fork ${name}`, async (surroundings) => {
        const { fork } = await import('../commands/fork.ts');
        return fork(surroundings, name, options, line);
      }),
    );
}

function withStart(command: Command, ending: string): Command {
  return command
    .option('--name <name>', `of the new Experiment (default: the old one and ${ending})`)
    .option('--print', 'write its manifest to stdout and start nothing')
    .option('--dry-run', 'ask the cluster and change nothing')
    .option('--wait', 'on a cluster: show it until it ends')
    .option('--allow-cpu', 'in a folder: run although it asks for GPUs and there is none')
    .option('--json', 'print JSON, as run or submit do');
}
