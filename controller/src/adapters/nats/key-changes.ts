import { EspalierError } from '../../ports/errors.ts';
import type { KeyFileText } from '../../ports/key-place.ts';
import {
  createInstallation,
  type Installation,
  retireTrainerKeys,
  rotateTrainerKey,
} from './installation.ts';
import { installationFrom, KEY_FILE, keyFiles } from './key-files.ts';
import { type ServerLayout, serverConfig, withAccountJwt } from './server-config.ts';

export const SERVER_CONFIG_FILE = 'nats-server.conf';

/**
 * The files of a new installation, with the configuration of its server.
 *
 * @param hosts The names and IPv4 addresses by which the controller and trainers reach the server.
 */
export async function createdKeys(
  hosts: readonly string[],
  layout: ServerLayout,
): Promise<KeyFileText[]> {
  const installation = await createInstallation(hosts);
  const config = serverConfig(installation, layout);
  return [...Object.entries(keyFiles(installation)), [SERVER_CONFIG_FILE, config]];
}

/**
 * What a new key for trainers changes. The server learns of the key before anything is signed with it,
 * so after a crash between two files the old key is used on, and the new one is nobody's.
 */
export async function rotatedKeys(files: Readonly<Record<string, string>>): Promise<KeyFileText[]> {
  const installation = installationIn(files);
  const rotated = await rotateTrainerKey(installation);
  return [...accountFiles(rotated, files), [KEY_FILE.trainerSeed, `${rotated.trainerSeed}\n`]];
}

/** What changes when every trainers' key but the current one ends. */
export async function retiredKeys(files: Readonly<Record<string, string>>): Promise<KeyFileText[]> {
  return accountFiles(await retireTrainerKeys(installationIn(files)), files);
}

function accountFiles(
  { account, accountJwt }: Installation,
  files: Readonly<Record<string, string>>,
): KeyFileText[] {
  const config = files[SERVER_CONFIG_FILE];
  return [
    [KEY_FILE.accountJwt, `${accountJwt}\n`],
    // Absent: somebody configures the server in another way.
    ...(config === undefined
      ? []
      : [[SERVER_CONFIG_FILE, withAccountJwt(config, account, accountJwt)] as const]),
  ];
}

function installationIn(files: Readonly<Record<string, string>>): Installation {
  return installationFrom((file) => {
    const text = files[file];
    if (text === undefined) throw new EspalierError('NotFound', `there is no ${file}`);
    return text;
  });
}
