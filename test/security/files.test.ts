import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isArtifactPath } from '@espalier/api';
import fc from 'fast-check';
import { z } from 'zod';
import { tarHeader } from '../../cli/src/data/tar-header.ts';
import { ObjectStore } from '../../controller/src/adapters/s3/object-store.ts';
import { staysBest } from '../../controller/src/domain/artifacts/best-record.ts';
import { locateDataset, readMark } from '../../controller/src/domain/artifacts/dataset.ts';
import { ArtifactKeys } from '../../controller/src/domain/artifacts/keys.ts';
import { readManifest } from '../../controller/src/domain/artifacts/manifest.ts';
import { EspalierError } from '../../controller/src/ports/errors.ts';
import { tarEntries } from '../../courier/src/tar-entries.ts';
import { TarError } from '../../courier/src/tar-header.ts';
import { unpack } from '../../courier/src/unpack.ts';
import { casesOf } from './cases.ts';
import { fuzz } from './fuzzing.ts';
import { hostileBytes } from './hostile-bytes.ts';
import { hostileText } from './hostile-text.ts';
import { hostileJson } from './hostile-values.ts';
import { useScratch } from './scratch.ts';

const UID = '00000000-0000-4000-8000-00000000000';
const SHA = 'a'.repeat(64);

describe('what lies in a store, and what comes out of it', () => {
  const folder = useScratch('files');
  const keys = new ArtifactKeys('espalier');

  test('G13 a key is below its namespace, read as it was written, or refused', (t) => {
    const experiment = { namespace: 'team', name: 'a', uid: `${UID}1` };
    const place = { experiment, index: 7, trialUid: `${UID}2`, attempt: 0 };
    const part = hostileText([
      'team',
      'shared/set.tar',
      'extra/a.txt',
      `${UID}1`,
      'set.tar.sha256',
    ]);
    return fuzz(t, {
      input: fc.record({
        part,
        key: hostileText([
          keys.attemptFile(place, 'log.txt'),
          keys.experimentFile(experiment, 'best.json'),
        ]),
      }),
      cases: casesOf('keys of the store'),
      declared: [RangeError],
      read: ({ part: text, key }) => {
        const meaning = keys.parse(key);
        if (meaning?.kind === 'attempt-file') {
          const again = keys.attemptFile(meaning.place, meaning.path);
          if (again !== key) throw new Error(`${key} is read as ${again}`);
        }
        if (keys.mayShare('team', text) && text.split('/').includes('..'))
          throw new Error('it leaves');
        const decision = locateDataset(keys, 'team', text, ['shared', 'espalier/other']);
        const isFine =
          decision.kind === 'refused' ||
          decision.key.startsWith('espalier/team/datasets/') ||
          decision.key === 'shared' ||
          decision.key.startsWith('shared/');
        if (!isFine) throw new Error(`a data set at ${decision.key}`);
        return [meaning, decision, keys.namespaceRoot(text)];
      },
    });
  });

  test('G12 G13 a manifest, a best.json and a mark of any content name only files of the attempt', (t) => {
    const owner = { trialUid: `${UID}2`, attempt: 0 };
    const files = [{ path: 'checkpoint-7/model.safetensors', size: 5, sha256: SHA }];
    const best = { step: 7, epoch: 1, value: 0.5 };
    const manifest = { version: 1, ...owner, step: 7, epoch: 1, best, resume: null, files };
    const record = { trial: 'a-00000', value: 0.5, configuration: 0 };
    const goals = ['maximize'] as const;
    return fuzz(t, {
      input: fc.record({ text: hostileJson([manifest]), stored: hostileJson([record]) }),
      cases: casesOf('files of an attempt'),
      declared: [Error, SyntaxError, z.core.$ZodError],
      read: ({ text, stored }) => {
        readMark(text);
        staysBest(goals, stored, record);
        const read = readManifest(text, owner);
        for (const { path } of read.files) {
          if (!isArtifactPath(path) || path.includes('..')) throw new TypeError(`it names ${path}`);
        }
        return read;
      },
    });
  });

  test('a tar archive gives entries below its root, or is refused', (t) =>
    fuzz(t, {
      input: hostileArchive,
      cases: casesOf('tar archives'),
      declared: [TarError],
      read: async (bytes) => {
        const paths: string[] = [];
        for await (const { path, content } of tarEntries(pieces(bytes))) {
          if (path.startsWith('/') || path.split('/').includes('..'))
            throw new Error(`path ${path}`);
          paths.push(path);
          for await (const _ of content);
        }
        return paths;
      },
    }));

  test('a tar archive that is unpacked writes nothing beside its folder', (t) =>
    fuzz(t, {
      input: hostileArchive,
      cases: casesOf('tar archives on disk'),
      declared: [TarError],
      read: async (bytes) => {
        const target = join(folder, 'outer', 'inner');
        rmSync(join(folder, 'outer'), { recursive: true, force: true });
        mkdirSync(target, { recursive: true });
        const done = unpack(pieces(bytes), target, { bytes: 2 ** 20, entries: 100 });
        await done.catch(() => {});
        const names = [...readdirSync(join(folder, 'outer')), ...readdirSync(folder)];
        if (names.join() !== 'inner,outer') throw new Error(`there is ${names.join()}`);
        if (existsSync(ESCAPED)) throw new Error('it has escaped');
        return done;
      },
    }));

  describe('a store that answers whatever it likes', () => {
    let server: Server;
    let body = '';
    let store: ObjectStore;

    before(async () => {
      server = createServer((_request, response) => {
        response.setHeader('content-type', 'application/xml');
        response.end(body);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      store = new ObjectStore({
        bucket: 'bucket',
        region: 'us-east-1',
        endpoint: `http://127.0.0.1:${port}`,
        pathStyle: true,
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        retry: { tries: 1, baseMs: 1, maxMs: 1, timeoutMs: 30_000 },
      });
    });
    after(() => {
      store.close();
      server.close();
    });

    test('G12 a listing of any content gives keys below the prefix, or an error of the store', (t) =>
      fuzz(t, {
        input: hostileText([LISTING]),
        cases: casesOf('listings of the store'),
        declared: [EspalierError],
        read: async (text) => {
          body = text;
          const found: string[] = [];
          const call = { signal: new AbortController().signal };
          for await (const page of store.list('espalier/team/', call)) {
            for (const { key, size } of page) {
              if (!key.startsWith('espalier/team/')) throw new Error(`it lists ${key}`);
              if (typeof size !== 'number') throw new Error(`a size of ${String(size)}`);
              found.push(key);
              keys.parse(key);
            }
            if (found.length > 10_000) break;
          }
          return found;
        },
      }));
  });
});

const LISTING = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix>espalier/team/</Prefix>
<KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>
<Contents><Key>espalier/team/a-${UID}1/best.json</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"e"</ETag><Size>12</Size></Contents>
<Contents><Key>espalier/team/a-${UID}1/trials/00000-${UID}2/a0/log.txt</Key><Size>7</Size></Contents>
</ListBucketResult>`;

/** Where nothing may ever be. */
const ESCAPED = '/tmp/espalier-escaped';

function archive(...names: readonly string[]): Buffer {
  const files = names.map((name) =>
    Buffer.concat([tarHeader(name, 3), Buffer.from('abc'.padEnd(512, '\0'))]),
  );
  return Buffer.concat([...files, Buffer.alloc(1_024)]);
}

const LONG = `long/${'n'.repeat(180)}.jpg`;
const hostileArchive = hostileBytes(
  [
    archive('train/0_1.jpg', 'test/2.jpg', LONG),
    archive('train/', 'train/0_1.jpg', `../../../../../../../..${ESCAPED}`),
    archive(ESCAPED),
  ],
  1_536,
).map(sealed);

/** With right checksums: behind a wrong one, nothing is read. */
function sealed(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = 0; at + 512 <= copy.length; at += 512) {
    const block = copy.subarray(at, at + 512);
    if (block.toString('latin1', 257, 262) !== 'ustar') continue;
    let sum = 0;
    for (const [index, byte] of block.entries()) sum += index >= 148 && index < 156 ? 32 : byte;
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
  return copy;
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
}
