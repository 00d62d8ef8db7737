import type { EventRecord } from '@espalier/controller/local';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { keyOf } from '../key.ts';
import { type Location, needExperiment, withClient } from '../location.ts';
import { formatOf, listDocument, type OutputOptions, print } from '../output.ts';
import { formatDuration } from '../render/duration.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import type { Surroundings } from '../surroundings.ts';

const COLUMNS: readonly Column[] = [
  { header: 'LAST SEEN', align: 'right' },
  { header: 'TYPE' },
  { header: 'REASON' },
  { header: 'OBJECT' },
  { header: 'MESSAGE' },
];

/** What happened to an Experiment and its Trials, oldest first. */
export async function events(
  surroundings: Surroundings,
  name: string,
  options: Location & OutputOptions,
): Promise<ExitCode> {
  const { stdout, stderr, now } = surroundings;
  return withClient(surroundings, options, async (client, place) => {
    const key = keyOf(name, place);
    // The record of what happened outlives the object.
    const records = await client.events(key);
    if (records.length === 0) {
      await needExperiment(client, key);
      stderr.write(`nothing has happened to ${key.name} yet\n`);
    }
    const format = formatOf(options);
    if (records.length === 0 && format !== 'json' && format !== 'yaml') return EXIT.ok;
    const ordered = records.toSorted((a, b) => a.lastMs - b.lastMs);
    await print(stdout, format, {
      document: () => listDocument(ordered.map(eventDocument)),
      names: () => ordered.map(({ kind, name: object }) => `${kind.toLowerCase()}/${object}`),
      table: () =>
        renderTable(
          COLUMNS,
          ordered.map((record) => row(record, now())),
          // Messages are what it is about: none is cut.
          { paint: stdout.paint },
        ).lines,
    });
    return EXIT.ok;
  });
}

function row(record: EventRecord, nowMs: number): readonly Cell[] {
  const times = record.count > 1 ? ` (${record.count} times)` : '';
  return [
    formatDuration(nowMs - record.lastMs),
    { text: record.type, style: record.type === 'Warning' ? 'warning' : 'plain' },
    record.reason,
    `${record.kind.toLowerCase()}/${record.name}`,
    `${record.message}${times}`,
  ];
}

function eventDocument({ firstMs, lastMs, ...record }: EventRecord): unknown {
  return {
    ...record,
    firstTime: new Date(firstMs).toISOString(),
    lastTime: new Date(lastMs).toISOString(),
  };
}
