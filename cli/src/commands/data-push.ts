import { basename, resolve } from 'node:path';
import type { RemoteStore } from '@espalier/controller/remote';
import { writeLines } from '../channel.ts';
import { surveyArchive } from '../data/data-set.ts';
import { pushDataSet, removeUnfinished } from '../data/push.ts';
import { scanFolder } from '../data/scan-folder.ts';
import { TarArchive } from '../data/tar-archive.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalid } from '../failure.ts';
import { count, formatBytes } from '../render/number.ts';
import { printable } from '../render/printable.ts';
import type { Surroundings } from '../surroundings.ts';
import { TransferProgress } from '../transfer/progress.ts';
import { remoteWork } from '../transfer/remote-work.ts';
import { type BucketFlags, bucketOf, openBucket } from '../transfer/store-options.ts';

export interface DataPushOptions extends BucketFlags {
  readonly key?: string;
  readonly replace?: boolean;
  readonly abort?: boolean;
  readonly json?: boolean;
}

/** Brings a folder to the object store as a data set, with the user's own credentials. */
export async function dataPush(
  surroundings: Surroundings,
  folder: string,
  options: DataPushOptions,
): Promise<ExitCode> {
  const path = resolve(surroundings.cwd, folder);
  const name = options.key ?? `${basename(path)}.tar`;
  const place = await bucketOf(surroundings, options);
  const key = place.dataSet(name);
  const store = await openBucket(surroundings, place.bucket, options);
  try {
    return await remoteWork(surroundings, (signal) =>
      options.abort === true
        ? removeUpload(surroundings, store, key, signal)
        : push(surroundings, { store, path, name, key, options, signal }),
    );
  } finally {
    store.close();
  }
}

async function removeUpload(
  { stdout }: Surroundings,
  store: RemoteStore,
  key: string,
  signal: AbortSignal,
): Promise<ExitCode> {
  const removed = await removeUnfinished(store, key, signal);
  writeLines(stdout, [
    removed === 0
      ? `there is no unfinished upload of ${key}`
      : `removed ${count(removed, 'unfinished upload')} of ${key}`,
  ]);
  return EXIT.ok;
}

interface Push {
  readonly store: RemoteStore;
  readonly path: string;
  readonly name: string;
  readonly key: string;
  readonly options: DataPushOptions;
  readonly signal: AbortSignal;
}

async function push(surroundings: Surroundings, request: Push): Promise<ExitCode> {
  const { stdout, stderr, now } = surroundings;
  const { store, path, name, key, options, signal } = request;
  const entries = await scanFolder(path);
  const files = entries.filter((entry) => !entry.path.endsWith('/')).length;
  const archive = new TarArchive(path, entries);
  if (archive.size > MOST_BYTES) {
    throw invalid(`${printable(path)} has more than 5 TiB`, ['split the data set']);
  }
  const reading = new TransferProgress(stderr, now, 'reading  ', archive.size);
  const data = await surveyArchive(archive, (bytes) => reading.add(bytes), signal).finally(() =>
    reading.close(),
  );
  const uploading = new TransferProgress(stderr, now, 'uploading', data.size);
  const listener = {
    stored: (bytes: number) => uploading.add(bytes),
    notice: (text: string) => uploading.notice(text),
  };
  const pushed = { store, key, archive, data, listener, signal };
  const came = await pushDataSet(pushed, options.replace === true).finally(() => uploading.close());
  const uri = `s3://${store.objects.bucket}/${key}`;
  if (options.json === true) {
    const document = { uri, key: name, files, size: data.size, sha256: data.sha256, came };
    stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return EXIT.ok;
  }
  const what = `${count(files, 'file')}, ${formatBytes(data.size)}, sha256 ${data.sha256}`;
  writeLines(stdout, [
    `${CAME[came]} ${stdout.paint('good', uri)}`,
    `  ${what}`,
    `  use it:  data: { s3: { key: ${name} } }`,
  ]);
  return EXIT.ok;
}

/** S3 keeps no larger object. */
const MOST_BYTES = 5 * 2 ** 40;

const CAME = {
  upload: 'pushed',
  mark: 'it was there, and is committed now:',
  done: 'already there:',
} as const;
