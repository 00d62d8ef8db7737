import { resolve } from 'node:path';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { keyOf } from '../key.ts';
import { needExperiment, withClient } from '../location.ts';
import { reportPage } from '../plot/page/report-page.ts';
import { type LoadOptions, loadSweep } from '../plot/read/load-sweep.ts';
import type { Theme } from '../plot/svg/theme.ts';
import { version } from '../program-version.ts';
import { printable } from '../render/printable.ts';
import type { Surroundings } from '../surroundings.ts';
import { writeWholeFile } from '../transfer/whole-file.ts';

export interface ReportOptions extends LoadOptions {
  readonly out?: string;
  readonly theme?: Theme;
}

/** Writes all there is to say about an Experiment as one page. */
export async function report(
  surroundings: Surroundings,
  name: string,
  options: ReportOptions,
): Promise<ExitCode> {
  const { stdout, cwd, now } = surroundings;
  const page = await withClient(surroundings, options, async (client, place) => {
    const key = keyOf(name, place);
    const experiment = await needExperiment(client, key);
    const sweep = await loadSweep(surroundings, client, experiment, options, true);
    const views = await client.trials(key);
    const trials = views.map(({ trial }) => trial);
    const written = new Date(now()).toISOString();
    return reportPage({ experiment, trials, sweep, written, version: version() }, options.theme);
  });
  const path = resolve(cwd, options.out ?? `${keyOf(name, {}).name}.html`);
  await writeWholeFile(path, page);
  stdout.write(`${printable(path)}\n`);
  return EXIT.ok;
}
