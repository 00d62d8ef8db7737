import { EXIT, type ExitCode } from '../exit-codes.ts';
import { notFound } from '../failure.ts';
import { formatOf, type OutputOptions, print } from '../output.ts';
import { findRecord, type RecordFlags } from '../record.ts';
import { renderTable } from '../render/table.ts';
import type { Surroundings } from '../surroundings.ts';

const BAR_WIDTH = 30;

/** Shows which parameters decide, the most important first. */
export async function importance(
  surroundings: Surroundings,
  name: string,
  options: RecordFlags & OutputOptions,
): Promise<ExitCode> {
  const { stdout } = surroundings;
  const { experiment, trials } = await findRecord(surroundings, name, options);
  const engine = await surroundings.engine();
  const parameters = engine.importanceOf(experiment.spec, trials);
  const { metadata } = experiment;
  if (parameters.length === 0) {
    throw notFound(`nothing tells yet which parameters of ${metadata.name} decide`, [
      'it takes four configurations that ended, and a parameter that is searched',
    ]);
  }
  await print(stdout, formatOf(options), {
    document: () => ({ experiment: metadata.name, namespace: metadata.namespace, parameters }),
    names: () => parameters.map((one) => one.name),
    table: () =>
      renderTable(
        [{ header: 'PARAMETER' }, { header: 'IMPORTANCE', align: 'right' }, { header: '' }],
        parameters.map((one) => [
          one.name,
          one.importance.toFixed(3),
          { text: '█'.repeat(Math.round(BAR_WIDTH * one.importance)), style: 'active' },
        ]),
        { paint: stdout.paint },
      ).lines,
  });
  return EXIT.ok;
}
