import type { Command } from 'commander';
import {
  examples,
  positiveNumber,
  wholeNumber,
  withFile,
  withLocation,
  withPlace,
} from './options.ts';
import type { Perform } from './perform.ts';

// Every verb loads its own code when it is used: help must not wait for what it does not need.

export function addStartingVerbs(program: Command, perform: Perform): void {
  program.commandsGroup('Start:');
  withLocation(withFile(program.command('run')))
    .description('run an Experiment on this machine until it ends, or go on with it')
    .option('--parallel <n>', 'trials at once, instead of spec.trials.parallel', wholeNumber(1))
    .option('--data <path>', 'data set folder, instead of <dir>/datasets/<spec.data.s3.key>')
    .option('--allow-cpu', 'run a manifest that asks for GPUs although there is none')
    .option('--json', 'print what happens as JSON lines on stdout')
    .addHelpText('after', RUN_HELP)
    .action((options) =>
      perform(`run ${options.file}`, async (surroundings) => {
        const { run } = await import('../commands/run.ts');
        return run(surroundings, options);
      }),
    );
  withPlace(withFile(program.command('submit')))
    .description('bring an Experiment to a cluster, or change the one of its name')
    .option('--dry-run', 'let the server check it and change nothing')
    .option('--force', 'take over fields that somebody else has set')
    .option('--wait', 'then show it until it ends, and exit as it ended')
    .option('--json', 'print the Experiment as JSON; with --wait, JSON lines as watch --json')
    .addHelpText('after', SUBMIT_HELP)
    .action((options) =>
      perform(`submit ${options.file}`, async (surroundings) => {
        const { submit } = await import('../commands/submit.ts');
        return submit(surroundings, options);
      }),
    );
  program
    .command('validate')
    .description('check manifests and say what is wrong, where')
    .requiredOption('-f, --file <file...>', 'manifests, YAML files; - is stdin')
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples([['espalier validate -f a.yaml b.yaml', 'nothing is started']]))
    .action((options) =>
      perform('validate the manifests', async (surroundings) => {
        const { validate } = await import('../commands/validate.ts');
        return validate(surroundings, options);
      }),
    );
  withPlace(withFile(program.command('plan')))
    .description('tell how many trials a run would start, over which space, for how long')
    .option(
      '--seconds-per-epoch <s>',
      'for the estimate; default: as earlier trials',
      positiveNumber,
    )
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples([
        ['espalier plan -f digits.yaml', 'trials, space, grid size, rungs, warnings'],
        ['espalier plan -f digits.yaml --seconds-per-epoch 2.5', 'with an estimate of the time'],
        ['espalier plan -f digits.yaml --context lab', 'and how many the quota lets run at once'],
      ]),
    )
    .action((options) =>
      perform(`plan ${options.file}`, async (surroundings) => {
        const { plan } = await import('../commands/plan.ts');
        return plan(surroundings, options);
      }),
    );
}

const RUN_HELP = `${examples([
  ['espalier run -f digits.yaml', 'run it, or go on where it was'],
  ['espalier run -f digits.yaml --parallel 2', 'two trials at once'],
  ['espalier run -f digits.yaml --json | jq .type', 'what happens, for programs'],
])}
Ctrl-C once lets the trainers save and ends; Ctrl-C twice ends at once. Either way the same
command goes on where it was. From another terminal: espalier pause, resume, stop, cancel.
`;

const SUBMIT_HELP = `${examples([
  ['espalier submit -f digits.yaml --cluster', 'created, configured or unchanged'],
  ['espalier submit -f digits.yaml --context lab --dry-run', 'what the server says of it'],
  ['espalier submit -f digits.yaml --cluster --wait', 'as run, but over there'],
])}
Killed at any moment, the same command again is right: it creates nothing twice.
`;
