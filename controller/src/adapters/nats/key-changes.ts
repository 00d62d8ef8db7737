import { EspalierError } from '../../ports/errors.ts';
import {
  createInstallation,
  type Installation,
  retireTrainerKeys,
  rotateTrainerKey,
} from './installation.ts';
import { installationFrom, KEY_FILE, type KeyFileText, keyFiles } from './key-files.ts';
import { accountsConfig, type ServerLayout, settingsConfig } from './server-config.ts';

/** What a nats-server is started with; only its includes change by themselves. */
const SERVER_FILE = 'nats-server.conf';
const ACCOUNTS_FILE = 'accounts.conf';

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
  return [
    ...Object.entries(keyFiles(installation)),
    [ACCOUNTS_FILE, accountsConfig(installation)],
    [SERVER_FILE, `${settingsConfig(layout)}include ./${ACCOUNTS_FILE}\n`],
  ];
}

/**
 * What a new key for trainers changes. The server learns of the key before anything is signed with it,
 * so after a crash between two files the old key is used on, and the new one is nobody's.
 */
export async function rotatedKeys(files: Readonly<Record<string, string>>): Promise<KeyFileText[]> {
  const rotated = await rotateTrainerKey(installationIn(files));
  return [...accountFiles(rotated), [KEY_FILE.trainerSeed, `${rotated.trainerSeed}\n`]];
}

/** What changes when every trainers' key but the current one ends. */
export async function retiredKeys(files: Readonly<Record<string, string>>): Promise<KeyFileText[]> {
  return accountFiles(await retireTrainerKeys(installationIn(files)));
}

function accountFiles(installation: Installation): KeyFileText[] {
  return [
    [KEY_FILE.accountJwt, `${installation.accountJwt}\n`],
    [ACCOUNTS_FILE, accountsConfig(installation)],
  ];
}

function installationIn(files: Readonly<Record<string, string>>): Installation {
  return installationFrom((file) => {
    const text = files[file];
    if (text === undefined) throw new EspalierError('NotFound', `there is no ${file}`);
    return text;
  });
}
