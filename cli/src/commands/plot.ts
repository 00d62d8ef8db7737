import { extname, resolve } from 'node:path';
import { writeLines } from '../channel.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalid } from '../failure.ts';
import { keyOf } from '../key.ts';
import { needExperiment, withClient } from '../location.ts';
import type { Figure } from '../plot/figure.ts';
import { DRAW } from '../plot/kinds.ts';
import {
  PICTURE_FORMATS,
  type PictureFormat,
  PLOT_KINDS,
  type PlotKind,
} from '../plot/plot-kind.ts';
import { type LoadOptions, loadSweep } from '../plot/read/load-sweep.ts';
import type { Theme } from '../plot/svg/theme.ts';
import type { Sweep } from '../plot/sweep.ts';
import { printable } from '../render/printable.ts';
import type { Surroundings } from '../surroundings.ts';
import { writeWholeFile } from '../transfer/whole-file.ts';

export interface PlotOptions extends LoadOptions {
  readonly out?: string;
  readonly theme?: Theme;
}

const SHOW_POINTS: readonly string[] = ['curves', 'grad-norm'] satisfies readonly PlotKind[];

/** Draws one picture of an Experiment: on the terminal, or into a file. */
export async function plot(
  surroundings: Surroundings,
  kind: string,
  name: string,
  options: PlotOptions,
): Promise<ExitCode> {
  const { stdout, stderr, cwd } = surroundings;
  const draw = DRAW[kindOf(kind)];
  const format = options.out === undefined ? undefined : formatOf(options.out);
  const sweep = await withClient(surroundings, options, async (client, place) => {
    const experiment = await needExperiment(client, keyOf(name, place));
    const views = await client.trials(experiment.metadata);
    const found = { experiment, views };
    return loadSweep(surroundings, client, found, options, SHOW_POINTS.includes(kind));
  });
  if (kind === 'pareto' && sweep.objectives.length < 2) {
    throw invalid(`${printable(sweep.name)} has one objective, and a Pareto front needs two`, [
      `espalier plot history ${printable(sweep.name)} shows the one there is`,
    ]);
  }
  const figure = draw(sweep);
  if (format === undefined || options.out === undefined) {
    const { drawText } = await import('../plot/text/draw-text.ts');
    const size = stdout.size() ?? { columns: 100, rows: 30 };
    // The prompt takes the last line.
    const rows = size.rows - 1;
    writeLines(stdout, drawText(figure, { ...size, rows, paint: stdout.paint }));
    return EXIT.ok;
  }
  const path = resolve(cwd, options.out);
  await writeWholeFile(path, await render(format, sweep, figure, options.theme ?? 'auto'));
  stderr.write(`${printable(figure.title)}: ${printable(path)}\n`);
  return EXIT.ok;
}

function kindOf(kind: string): PlotKind {
  const found = PLOT_KINDS.find((each) => each === kind);
  if (found !== undefined) return found;
  throw invalid(`there is no plot "${printable(kind)}"`, [`there are ${PLOT_KINDS.join(', ')}`]);
}

function formatOf(path: string): PictureFormat {
  const ending = extname(path).slice(1).toLowerCase();
  const found = PICTURE_FORMATS.find((each) => each === ending);
  if (found !== undefined) return found;
  throw invalid(`cannot tell from ${printable(path)} what to write`, [
    `its name must end with .${PICTURE_FORMATS.join(', .')}`,
  ]);
}

async function render(
  format: PictureFormat,
  sweep: Sweep,
  figure: Figure,
  theme: Theme,
): Promise<string | Buffer> {
  switch (format) {
    case 'html': {
      const { plotPage } = await import('../plot/page/plot-page.ts');
      return plotPage(sweep, figure, theme);
    }
    case 'svg': {
      const { drawSvg } = await import('../plot/svg/draw-svg.ts');
      return drawSvg(figure, { theme });
    }
    case 'png': {
      const { drawPng } = await import('../plot/svg/draw-png.ts');
      return drawPng(figure, theme);
    }
  }
}
