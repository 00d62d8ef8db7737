import { resolve } from 'node:path';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { keyOf } from '../key.ts';
import { needExperiment, withClient } from '../location.ts';
import { reportPage } from '../plot/page/report-page.ts';
import { type LoadOptions, loadSweep } from '../plot/read/load-sweep.ts';
import type { Theme } from '../plot/svg/theme.ts';
import { version } from '../program-version.ts';
import { printable } from '../render/printable.ts';
import { readExtras } from '../report/read-extras.ts';
import type { Surroundings } from '../surroundings.ts';
import { remoteWork } from '../transfer/remote-work.ts';
import { writeWholeFile } from '../transfer/whole-file.ts';

export interface ReportOptions extends LoadOptions {
  readonly out?: string;
  readonly theme?: Theme;
  /** A folder with pictures' data that was made of the best model afterwards. */
  readonly visuals?: string;
}

/** Writes all there is to say about an Experiment as one page. */
export async function report(
  surroundings: Surroundings,
  name: string,
  options: ReportOptions,
): Promise<ExitCode> {
  const { stdout, cwd, now } = surroundings;
  const found = await withClient(surroundings, options, async (client, place) => {
    const experiment = await needExperiment(client, keyOf(name, place));
    const views = await client.trials(experiment.metadata);
    const sweep = await loadSweep(surroundings, client, { experiment, views }, options, true);
    return { experiment, sweep, trials: views.map(({ trial }) => trial) };
  });
  const engine = await surroundings.engine();
  const standings = engine.leaderboardOf(found.experiment.spec, found.trials);
  const extras = await remoteWork(
    surroundings,
    (signal) => readExtras(surroundings, found, options, signal),
    'nothing was written; the same command reads all of it again',
  );
  const written = new Date(now()).toISOString();
  const source = { ...found, standings, extras, written, version: version() };
  const page = reportPage(source, options.theme);
  const path = resolve(cwd, options.out ?? `${keyOf(name, {}).name}.html`);
  await writeWholeFile(path, page);
  stdout.write(`${printable(path)}\n`);
  return EXIT.ok;
}
