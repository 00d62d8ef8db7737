import type { Command } from 'commander';
import { examples, withPlace } from './options.ts';
import type { Perform } from './perform.ts';

const STEERS = [
  ['pause', 'Pause', 'start no new trials; those that run go on'],
  ['resume', 'Run', 'go on after a pause'],
  ['stop', 'Stop', 'start no new trials and end with those that run; cannot be undone'],
  ['cancel', 'Cancel', 'end the running trials now; cannot be undone'],
] as const;

/** They work beside a runner, from any terminal, and without one: then the next run obeys. */
export function addSteeringVerbs(program: Command, perform: Perform): void {
  program.commandsGroup('Steer:');
  for (const [verb, state, description] of STEERS) {
    withPlace(program.command(`${verb} <name>`))
      .description(description)
      .option('--json', 'print the Experiment as JSON')
      .addHelpText('after', examples([[`espalier ${verb} digits`, 'from any terminal']]))
      .action((name, options) =>
        perform(`${verb} ${name}`, async (surroundings) => {
          const { setDesiredState } = await import('../commands/desired-state.ts');
          return setDesiredState(surroundings, name, state, options);
        }),
      );
  }
  withPlace(program.command('delete <name>'))
    .description('end an Experiment and remove its objects; artifacts as spec.artifacts.onDelete')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples([['espalier delete digits --yes', 'without asking']]))
    .action((name, options) =>
      perform(`delete ${name}`, async (surroundings) => {
        const { deleteExperiment } = await import('../commands/delete.ts');
        return deleteExperiment(surroundings, name, options);
      }),
    );
}
