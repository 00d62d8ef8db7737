import type { Installation } from './installation.ts';

/** A file and what is in it. */
export type KeyFileText = readonly [file: string, text: string];

/** One file for each part of an installation, in its folder or as a key of its Secret. */
export const KEY_FILE = {
  operatorSeed: 'operator.seed',
  operatorJwt: 'operator.jwt',
  account: 'account.id',
  accountJwt: 'account.jwt',
  systemAccount: 'system-account.id',
  systemAccountJwt: 'system-account.jwt',
  trainerSeed: 'trainer.seed',
  controllerSeed: 'controller.seed',
} as const satisfies Partial<Record<keyof Installation, string>>;
const PAIR_FILE = {
  ca: { certificate: 'ca.crt', key: 'ca.key' },
  server: { certificate: 'server.crt', key: 'server.key' },
} as const;

/** The files that the controller reads; it needs no others. */
export const CONTROLLER_FILE = {
  account: KEY_FILE.account,
  trainerSeed: KEY_FILE.trainerSeed,
  controllerSeed: KEY_FILE.controllerSeed,
  ca: PAIR_FILE.ca.certificate,
} as const;

type TextPart = keyof typeof KEY_FILE;
type PairPart = keyof typeof PAIR_FILE;
const TEXT_PARTS = Object.keys(KEY_FILE) as TextPart[];
const PAIR_PARTS = Object.keys(PAIR_FILE) as PairPart[];

/** The texts of an installation by file name. */
export function keyFiles(installation: Installation): Record<string, string> {
  const files: Record<string, string> = {};
  for (const part of TEXT_PARTS) files[KEY_FILE[part]] = `${installation[part]}\n`;
  for (const part of PAIR_PARTS) {
    files[PAIR_FILE[part].certificate] = installation[part].certificate;
    files[PAIR_FILE[part].key] = installation[part].key;
  }
  return files;
}

/** @param read Gives the text of a file, or throws what says that it is missing. */
export function installationFrom(read: (file: string) => string): Installation {
  const text = (part: TextPart) => read(KEY_FILE[part]).trim();
  const pair = (part: PairPart) => ({
    certificate: read(PAIR_FILE[part].certificate),
    key: read(PAIR_FILE[part].key),
  });
  return {
    operatorSeed: text('operatorSeed'),
    operatorJwt: text('operatorJwt'),
    account: text('account'),
    accountJwt: text('accountJwt'),
    systemAccount: text('systemAccount'),
    systemAccountJwt: text('systemAccountJwt'),
    trainerSeed: text('trainerSeed'),
    controllerSeed: text('controllerSeed'),
    ca: pair('ca'),
    server: pair('server'),
  };
}
