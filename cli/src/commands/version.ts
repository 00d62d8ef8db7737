import { API_VERSION } from '@espalier/api';
import { writeLines } from '../channel.ts';
import { isOnCluster, openProbe } from '../cluster.ts';
import { fieldGaps } from '../doctor/known-fields.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Location } from '../location.ts';
import { version as ownVersion } from '../program-version.ts';
import { printable } from '../render/printable.ts';
import type { Surroundings } from '../surroundings.ts';
import { remoteWork } from '../transfer/remote-work.ts';

export interface VersionOptions extends Location {
  readonly json?: boolean;
}

interface ServerVersions {
  readonly kubernetes: string;
  /** Undefined: it is not installed. */
  readonly api: string | undefined;
  /** Undefined: not for your eyes. */
  readonly controllers: readonly string[] | undefined;
}

/** Of this program; with a cluster also of what is installed there. */
export async function showVersion(
  surroundings: Surroundings,
  options: VersionOptions,
): Promise<ExitCode> {
  const { stdout } = surroundings;
  const client = ownVersion();
  const server = isOnCluster(options) ? await serverVersions(surroundings, options) : undefined;
  if (options.json === true) {
    stdout.write(`${JSON.stringify({ client, server }, undefined, 2)}\n`);
    return EXIT.ok;
  }
  writeLines(stdout, [`espalier ${client}`]);
  if (server === undefined) return EXIT.ok;
  const { kubernetes, api = 'not installed', controllers } = server;
  const images = controllers === undefined ? 'not for your eyes' : controllers.join(', ');
  writeLines(stdout, [
    `kubernetes ${printable(kubernetes)}`,
    `kinds ${api}`,
    `controller ${printable(images === '' ? 'none that the chart has installed' : images)}`,
  ]);
  return EXIT.ok;
}

async function serverVersions(
  surroundings: Surroundings,
  options: VersionOptions,
): Promise<ServerVersions> {
  const probe = await openProbe(surroundings, options);
  try {
    return await remoteWork(surroundings, async (signal) => {
      const call = { signal };
      const kubernetes = await probe.version(call);
      const [served, images] = await Promise.all([probe.fields(call), probe.images(call)]);
      const controllers = images === 'hidden' ? undefined : images;
      if (served === undefined) return { kubernetes, api: undefined, controllers };
      const { missing } = fieldGaps(served);
      const api = missing.length === 0 ? API_VERSION : `${API_VERSION}, older than this program`;
      return { kubernetes, api, controllers };
    });
  } finally {
    probe.close();
  }
}
