import { writeLines } from '../channel.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { formatOf, type OutputOptions, print, tableOptions, withHidden } from '../output.ts';
import { formatBytes } from '../render/number.ts';
import { renderTable } from '../render/table.ts';
import type { Surroundings } from '../surroundings.ts';
import { remoteWork } from '../transfer/remote-work.ts';
import { type BucketFlags, bucketOf, openBucket } from '../transfer/store-options.ts';

/** Tells the data sets that a namespace has in the object store, and which of them are committed. */
export async function dataList(
  surroundings: Surroundings,
  options: BucketFlags & OutputOptions,
): Promise<ExitCode> {
  const { stdout, stderr } = surroundings;
  const { bucket, root } = await bucketOf(surroundings, options);
  const { DATA_MARK } = await import('@espalier/controller/remote');
  const store = await openBucket(surroundings, bucket, options);
  const sizes = new Map<string, number>();
  try {
    await remoteWork(surroundings, async (signal) => {
      for await (const page of store.objects.list(root, { signal })) {
        for (const { key, size } of page) sizes.set(key.slice(root.length), size);
      }
    });
  } finally {
    store.close();
  }
  const sets = [...sizes]
    .filter(([key]) => !key.endsWith(DATA_MARK))
    .map(([key, size]) => ({ key, size, committed: sizes.has(`${key}${DATA_MARK}`) }));
  const format = formatOf(options);
  if (sets.length === 0) {
    writeLines(stderr, [`no data sets in s3://${bucket}/${root}`]);
    if (format !== 'json' && format !== 'yaml') return EXIT.ok;
  }
  await print(stdout, format, {
    document: () => sets,
    names: () => sets.map(({ key }) => key),
    table: (isWide) =>
      withHidden(
        renderTable(
          [{ header: 'KEY' }, { header: 'SIZE', align: 'right' }, { header: 'STATE' }],
          sets.map(({ key, size, committed }) => [
            key,
            formatBytes(size),
            committed ? 'committed' : { text: 'not committed: push it again', style: 'warning' },
          ]),
          tableOptions(stdout, isWide),
        ),
        stdout,
      ),
  });
  return EXIT.ok;
}
