import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Presigner } from '../../controller/src/adapters/s3/presign.ts';
import { put } from '../../courier/src/put.ts';
import { makeStateFolder } from '../kit/state-folder.ts';
import { startVersitygw } from '../kit/versitygw.ts';

export interface UploadResult {
  readonly megabytes: number;
  /** Seconds of a plain PutObject of the SDK with its default checksum, by those of our way. */
  readonly ratio: number;
  readonly plainMBs: number;
  readonly presignedMBs: number;
}

/**
 * One file to a real S3 server by turns: by a plain `PutObject`, and as a courier does, with a URL that
 * is signed for its size and sha256 and refuses a second write.
 */
export async function measureUpload(megabytes: number, rounds: number): Promise<UploadResult> {
  const server = await startVersitygw();
  const folder = makeStateFolder('upload');
  const { url: endpoint, region, credentials, bucket } = server;
  const plainClient = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const presigner = new Presigner({ endpoint, region, credentials, bucket, pathStyle: true });
  try {
    const file = folder.file('model.safetensors');
    const bytes = randomBytes(megabytes * 2 ** 20);
    writeFileSync(file, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const size = bytes.length;
    const ways = {
      plain: async (Key: string) => {
        const Body = createReadStream(file);
        const input = { Bucket: bucket, Key, Body, ContentLength: size };
        await plainClient.send(new PutObjectCommand(input));
      },
      presigned: async (key: string) => {
        const request = await presigner.put({ key, size, sha256 });
        const { signal } = new AbortController();
        const { status, code } = await put(request, () => createReadStream(file), size, signal);
        if (status !== 200) throw new Error(`the store answered ${status} ${code}`);
      },
    };
    const seconds = { plain: [] as number[], presigned: [] as number[] };
    for (let round = -1; round < rounds; round++) {
      const order =
        round % 2 === 0 ? (['plain', 'presigned'] as const) : (['presigned', 'plain'] as const);
      for (const way of order) {
        const began = performance.now();
        await ways[way](`${way}-${round}`);
        // The first round only warms up.
        if (round >= 0) seconds[way].push((performance.now() - began) / 1000);
      }
    }
    const [plain, presigned] = [median(seconds.plain), median(seconds.presigned)];
    return {
      megabytes,
      ratio: plain / presigned,
      plainMBs: megabytes / plain,
      presignedMBs: megabytes / presigned,
    };
  } finally {
    plainClient.destroy();
    presigner.close();
    await server.stop();
    folder.remove();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
