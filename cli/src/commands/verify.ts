import type { Difference, Unknown, Verification } from '@espalier/controller/local';
import { writeLines } from '../channel.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { formatOf, type OutputOptions, print } from '../output.ts';
import { findRecord, type RecordFlags } from '../record.ts';
import { count } from '../render/number.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import type { Surroundings } from '../surroundings.ts';

const MOST_SHOWN = 20;
/** A shorter wait needs no explanation. */
const SHOW_AFTER_MS = 1000;
const SHOW_EVERY_MS = 200;

/**
 * Recomputes the record of an Experiment in a folder, on a cluster or in an object store; nothing is
 * written and no trainer is started.
 */
export async function verify(
  surroundings: Surroundings,
  name: string,
  options: RecordFlags & OutputOptions,
): Promise<ExitCode> {
  const { stdout, stderr } = surroundings;
  const { experiment, trials, oneController } = await findRecord(surroundings, name, options);
  const engine = await surroundings.engine();
  const found = followWork(engine.verifying(experiment, trials, { oneController }), surroundings);
  const { metadata } = experiment;
  await print(stdout, formatOf(options), {
    document: () => ({ experiment: metadata.name, namespace: metadata.namespace, ...found }),
    names: () =>
      [...new Set(found.differences.map(({ trial }) => trial))].map(
        (trial) => `trial.espalier.dev/${trial}`,
      ),
    table: () => tables(found, surroundings),
  });
  const isFine = found.differences.length === 0;
  const summary = summaryOf(metadata.name, found);
  writeLines(stderr, isFine ? summary : [stderr.paint('bad', summary[0] ?? '')]);
  if (!isFine) return EXIT.recordDiffers;
  const unknown = found.suggestions.unknown + found.verdicts.unknown;
  return unknown > 0 ? EXIT.recordIncomplete : EXIT.ok;
}

/** Runs the work to its end; on a terminal with a line that tells how far it is. */
function followWork(
  work: ReturnType<Awaited<ReturnType<Surroundings['engine']>>['verifying']>,
  { stderr, now }: Surroundings,
): Verification {
  const begunMs = now();
  let shownMs = begunMs + SHOW_AFTER_MS - SHOW_EVERY_MS;
  let isShown = false;
  for (;;) {
    const { done, value } = work.next();
    if (done === true) {
      if (isShown) stderr.write('\r\u001b[K');
      return value;
    }
    if (!stderr.canRedraw || now() - shownMs < SHOW_EVERY_MS) continue;
    shownMs = now();
    isShown = true;
    stderr.write(`\r\u001b[K${value.done} of ${value.total} configurations recomputed`);
  }
}

const COUNTS: readonly Column[] = [
  { header: 'RECOMPUTED' },
  { header: 'EQUAL', align: 'right' },
  { header: 'DIFFERENT', align: 'right' },
  { header: 'UNKNOWN', align: 'right' },
];
const DIFFERENCES: readonly Column[] = [
  { header: 'TRIAL' },
  { header: 'WHAT' },
  { header: 'RECORDED' },
  { header: 'RECOMPUTED' },
];
const UNKNOWNS: readonly Column[] = [
  { header: 'COUNT', align: 'right' },
  { header: 'UNKNOWN' },
  { header: 'FIRST' },
  { header: 'WHY' },
];

/** Nothing is cut: what differs must be readable to the last digit. */
function tables(found: Verification, { stdout }: Surroundings): readonly string[] {
  const { suggestions, verdicts, differences, unknowns } = found;
  const paint = stdout.paint;
  const counts = Object.entries({ suggestions, verdicts }).map(
    ([what, { equal, different, unknown }]): Cell[] => [
      what,
      { text: String(equal), style: 'good' },
      { text: String(different), style: different > 0 ? 'bad' : 'plain' },
      { text: String(unknown), style: unknown > 0 ? 'warning' : 'plain' },
    ],
  );
  const lines = [...renderTable(COUNTS, counts, { paint }).lines];
  if (differences.length > 0) {
    const rows = differences.slice(0, MOST_SHOWN).map(differenceRow);
    lines.push('', ...renderTable(DIFFERENCES, rows, { paint }).lines);
    const more = differences.length - rows.length;
    if (more > 0) lines.push(paint('quiet', `${more} more: -o json`));
  }
  if (unknowns.length > 0) {
    lines.push('', ...renderTable(UNKNOWNS, unknownRows(unknowns), { paint }).lines);
  }
  return lines;
}

function differenceRow({ trial, what, recorded, recomputed }: Difference): readonly Cell[] {
  return [trial, what, { text: recorded, style: 'bad' }, recomputed];
}

/** One row per kind of reason: a Trial that was deleted leaves hundreds of others unknown. */
function unknownRows(unknowns: readonly Unknown[]): readonly (readonly Cell[])[] {
  const groups = Object.groupBy(unknowns, ({ what, reason, message }) => {
    return JSON.stringify([what.split(' ')[0], reason, message]);
  });
  return Object.values(groups)
    .slice(0, MOST_SHOWN)
    .map((group = []): readonly Cell[] => {
      const [first] = group;
      const kind = first?.what.split(' ')[0] ?? '';
      const plural = group.length === 1 ? kind : `${kind}s`;
      return [String(group.length), plural, first?.trial ?? '', first?.message ?? ''];
    });
}

function summaryOf(name: string, found: Verification): readonly string[] {
  const { trials, differences, missing, sharedOrders, suggestions, verdicts } = found;
  const [first] = differences;
  if (first !== undefined) {
    const { trial, what, recorded, recomputed } = first;
    return [`${trial}: ${what} is ${recorded}, but ${recomputed} follows from the record`];
  }
  const notes = [
    ...(missing.length === 0 ? [] : [`deleted trials: ${missing.length}`]),
    ...(sharedOrders === 0
      ? []
      : [`rung entries that share their order with another: ${sharedOrders}`]),
  ];
  const unknown = suggestions.unknown + verdicts.unknown;
  if (trials === 0) return [`${name} has no trials yet`];
  const all = unknown === 0 ? 'all follow' : 'what can be recomputed follows';
  return [`${count(trials, 'trial')} of ${name}: ${all} from the record`, ...notes];
}
