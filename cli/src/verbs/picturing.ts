import { Argument, type Command, Option } from 'commander';
import { PICTURE_FORMATS, PLOT_KINDS } from '../plot/plot-kind.ts';
import { THEMES } from '../plot/svg/theme.ts';
import { examples, notEmpty, oneOf, withBucket, withPlace } from './options.ts';
import type { Perform } from './perform.ts';

/** Pictures: on the terminal, in a file, or all of them on one page. */
export function addPicturingVerbs(program: Command, perform: Perform): void {
  program.commandsGroup('Pictures:');
  const plot = program.command('plot').addArgument(oneOf(new Argument('<kind>'), PLOT_KINDS));
  withTheme(withBucket(withPlace(plot.argument('<name>'))))
    .description(`draw an Experiment: ${PLOT_KINDS.join(', ')}`)
    .option(
      '-o, --out <file>',
      `write it there, as its ending says: .${PICTURE_FORMATS.join(', .')}`,
      notEmpty,
    )
    .addHelpText('after', PLOT_HELP)
    .action((kind, name, options) =>
      perform(`draw ${name}`, async (surroundings) => {
        const { plot } = await import('../commands/plot.ts');
        return plot(surroundings, kind, name, options);
      }),
    );
  withTheme(withBucket(withPlace(program.command('report <name>'))))
    .description('write one HTML page with everything about an Experiment')
    .option('-o, --out <file>', 'where to (default: NAME.html)', notEmpty)
    .option(
      '--visuals <folder>',
      'take tsne.csv and confusion.csv from there, as espalier-train visualise writes them',
      notEmpty,
    )
    .addHelpText(
      'after',
      examples([
        ['espalier report digits', 'writes digits.html: one file, nothing is loaded'],
        ['espalier report digits -o out/report.html --theme dark', 'elsewhere, and always dark'],
      ]),
    )
    .action((name, options) =>
      perform(`write the report of ${name}`, async (surroundings) => {
        const { report } = await import('../commands/report.ts');
        return report(surroundings, name, options);
      }),
    );
}

function withTheme(command: Command): Command {
  return command.addOption(
    oneOf(
      new Option('--theme <theme>', 'colours (default: "auto", as the reader prefers)'),
      THEMES,
    ),
  );
}

const PLOT_HELP = `${examples([
  ['espalier plot history digits', 'on the terminal'],
  ['espalier plot curves digits -o curves.png', 'a picture for slides'],
  ['espalier plot parallel digits -o digits.html', 'a page to filter on; nothing is loaded'],
])}
history     value of each trial, and the best so far
curves      the objective while trials ran
parallel    each trial a line through its parameters
importance  which parameters decide (PED-ANOVA)
slice       the value over each parameter
timeline    when each attempt ran, and how it ended
pareto      two objectives against each other
grad-norm   gradient norm before clipping, by step
`;
