import { type Channel, writeLines } from './channel.ts';
import type { RenderedTable } from './render/table.ts';
import { truncate } from './render/width.ts';

export const FORMATS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Format = (typeof FORMATS)[number];

export interface OutputOptions {
  readonly output?: Format;
  readonly json?: boolean;
}

export function formatOf({ output, json }: OutputOptions): Format {
  return json === true ? 'json' : (output ?? 'table');
}

/** What `-o` can choose between; only the chosen one is built. */
export interface Views {
  /** The document of `-o json` and `-o yaml`. */
  readonly document: () => unknown;
  readonly names: () => readonly string[];
  readonly table: (isWide: boolean) => readonly string[];
}

/** Prints one document, list of names or table on stdout. */
export async function print(channel: Channel, format: Format, views: Views): Promise<void> {
  switch (format) {
    case 'json':
      channel.write(`${JSON.stringify(views.document(), undefined, 2)}\n`);
      return;
    case 'yaml': {
      const { stringify } = await import('yaml');
      // Aliases would save a few lines and puzzle every reader.
      channel.write(stringify(views.document(), { aliasDuplicateObjects: false }));
      return;
    }
    case 'name':
      writeLines(channel, views.names());
      return;
    case 'table':
    case 'wide':
      writeLines(channel, views.table(format === 'wide'));
  }
}

/** A list of objects as `kubectl get -o json` gives it. */
export function listDocument(items: readonly unknown[]): unknown {
  return { apiVersion: 'v1', kind: 'List', items };
}

/** The lines of a table, and what did not fit. */
export function withHidden({ lines, hidden }: RenderedTable, channel: Channel): readonly string[] {
  if (hidden.length === 0) return lines;
  const note = `too narrow for: ${hidden.join(', ').toLowerCase()}`;
  return [...lines, channel.paint('quiet', truncate(note, channel.size()?.columns ?? 80))];
}

/** Width and colour for a table on that channel; whoever asks for a wide one gets all of it. */
export function tableOptions(
  channel: Channel,
  isWide = false,
): { width?: number; paint: Channel['paint'] } {
  const columns = isWide ? undefined : channel.size()?.columns;
  return { paint: channel.paint, ...(columns === undefined ? {} : { width: columns }) };
}
