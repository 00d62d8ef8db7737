import type { RemoteStore, StoreOptions } from '@espalier/controller/remote';
import { invalid } from '../failure.ts';
import { printable } from '../render/printable.ts';
import type { Surroundings } from '../surroundings.ts';

/** Where an object store is; named as the settings of the controller, without their `s3`. */
export interface StoreFlags {
  readonly endpoint?: string;
  readonly region?: string;
  readonly pathStyle?: boolean;
}

/** Where the installation keeps what is its own. */
export interface BucketFlags extends StoreFlags {
  readonly bucket?: string;
  readonly prefix?: string;
  readonly namespace?: string;
}

/** Opens a bucket with the credentials that AWS tools would use here. */
export async function openBucket(
  surroundings: Surroundings,
  bucket: string,
  flags: StoreFlags,
): Promise<RemoteStore> {
  const { openStore } = await import('@espalier/controller/remote');
  return openStore(storeOptions(surroundings, bucket, flags));
}

/** Flags before variables before what AWS tools do. */
function storeOptions({ env }: Surroundings, bucket: string, flags: StoreFlags): StoreOptions {
  const endpoint = flags.endpoint ?? (env.ESPALIER_S3_ENDPOINT || undefined);
  if (endpoint !== undefined && !/^https?:\/\//.test(URL.parse(endpoint)?.href ?? '')) {
    throw invalid(`"${printable(endpoint)}" is no address of a store`, [
      'such as https://store.example:9000, by --endpoint or ESPALIER_S3_ENDPOINT',
    ]);
  }
  const named = flags.region ?? env.ESPALIER_S3_REGION;
  // A store of one's own rarely has regions, and the SDK wants one.
  const isOwn = endpoint !== undefined && env.AWS_REGION === undefined;
  const region = named ?? (isOwn ? 'us-east-1' : undefined);
  return {
    bucket,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    pathStyle: flags.pathStyle ?? env.ESPALIER_S3_PATH_STYLE === 'true',
    checksums: env.ESPALIER_S3_CHECKSUMS === 'when_required' ? 'when_required' : 'auto',
  };
}

/**
 * The bucket, where the data sets of the namespace lie in it, and their keys.
 *
 * @throws {Failure} if there is none, or the prefix or the namespace is none.
 */
export async function bucketOf(
  { env }: Surroundings,
  flags: BucketFlags,
): Promise<{ readonly bucket: string; readonly root: string; dataSet(name: string): string }> {
  const bucket = flags.bucket ?? env.ESPALIER_S3_BUCKET;
  if (bucket === undefined || bucket === '') {
    throw invalid('no bucket is named', [
      'name that of the installation with --bucket, or set ESPALIER_S3_BUCKET (and, if the',
      'installation has one, --prefix or ESPALIER_S3_PREFIX); whoever installed it knows both',
    ]);
  }
  const { ArtifactKeys } = await import('@espalier/controller/remote');
  const checked = <T>(build: () => T): T => {
    try {
      return build();
    } catch (error) {
      if (error instanceof RangeError) throw invalid(error.message);
      throw error;
    }
  };
  const prefix = (flags.prefix ?? env.ESPALIER_S3_PREFIX ?? '').replace(/\/$/, '');
  const keys = checked(() => new ArtifactKeys(prefix));
  const namespace = flags.namespace ?? 'default';
  const root = checked(() => keys.dataRoot(namespace));
  return { bucket, root, dataSet: (name) => checked(() => keys.dataSet(namespace, name)) };
}
