import { Argument, type Command } from 'commander';
import { SHELLS } from '../completion/shells.ts';
import { EXIT } from '../exit-codes.ts';
import { UnknownChoice } from '../failure.ts';
import { examples, namespaceName, notEmpty, oneOf, withPlace } from './options.ts';
import type { Perform } from './perform.ts';

/** About the program and the places where it works, and not about an Experiment. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a list of verbs
export function addHelpingVerbs(program: Command, perform: Perform): void {
  // Commander's own would answer an unknown verb with the help of them all.
  program
    .helpCommand(false)
    .command('help [verb...]')
    .description('show the help of a verb')
    .action((names: readonly string[]) => {
      let command = program;
      for (const name of names) {
        const verbs = command.commands;
        const found = verbs.find((verb) => verb.name() === name);
        if (found === undefined) {
          throw new UnknownChoice(
            'verb',
            name,
            verbs.map((verb) => verb.name()),
          );
        }
        command = found;
      }
      command.help();
    });
  withPlace(program.command('doctor'))
    .description('look at all that Experiments need, here or on a cluster, and say what to do')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples([
        ['espalier doctor', 'this machine: folder, Node, trainer, GPU'],
        ['espalier doctor --cluster', 'rights, kinds, controller, NATS, store, GPUs, clock'],
      ]),
    )
    .action((options) =>
      perform('look at it', async (surroundings) => {
        const { doctor } = await import('../commands/doctor.ts');
        return doctor(surroundings, options);
      }),
    );
  withPlace(program.command('version'))
    .description('print the version; with a cluster also of what is installed there')
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples([['espalier version --cluster', 'client and server']]))
    .action((options) =>
      perform('tell the version', async (surroundings) => {
        const { showVersion } = await import('../commands/version.ts');
        return showVersion(surroundings, options);
      }),
    );
  program
    .command('completion')
    .addArgument(oneOf(new Argument('<shell>'), SHELLS))
    .description('print what completes the command line in a shell')
    .addHelpText(
      'after',
      examples([
        ['espalier completion bash', 'in ~/.bashrc: source <(espalier completion bash)'],
        ['espalier completion zsh', 'in ~/.zshrc: source <(espalier completion zsh)'],
        ['espalier completion fish', 'into ~/.config/fish/completions/espalier.fish'],
      ]),
    )
    .action((shell) =>
      perform('complete', async ({ stdout }) => {
        const [{ commandTree }, { completionScript }] = await Promise.all([
          import('../completion/command-tree.ts'),
          import('../completion/shell-script.ts'),
        ]);
        stdout.write(completionScript(shell, commandTree(program)));
        return EXIT.ok;
      }),
    );
  program
    .command('install')
    .description('print the commands that bring Espalier to a cluster; nothing is started')
    .option('-n, --namespace <name>', 'of the release (default: "espalier-system")', namespaceName)
    .option('--kubeconfig <file>', 'of the cluster', notEmpty)
    .option('--context <name>', 'of the cluster', notEmpty)
    .addHelpText('after', examples([['espalier install --context lab', 'helm, its test, doctor']]))
    .action((options) =>
      perform('tell how to install it', async (surroundings) => {
        const { install } = await import('../commands/install.ts');
        return install(surroundings, options);
      }),
    );
}
