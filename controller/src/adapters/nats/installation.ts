import {
  type Account,
  createAccount,
  createOperator,
  decode,
  encodeAccount,
  encodeOperator,
  fromSeed,
  type KeyPair as Nkey,
  newScopedSigner,
  type SigningKey,
} from '@nats-io/jwt';
import { createAuthority, type KeyPair } from './certificates.ts';
import { TRAINER_TEMPLATE } from './permissions.ts';

/**
 * The keys of one installation, made once. Everything in it is text, fit for a Secret; the seeds and
 * the keys of the certificates are secret.
 */
export interface Installation {
  /** Signs the accounts; needed again only to change the account. */
  readonly operatorSeed: string;
  readonly operatorJwt: string;
  /** Public key of the account that trainers and the controller share. */
  readonly account: string;
  readonly accountJwt: string;
  /** Public key and JWT of the account that the server keeps for itself. */
  readonly systemAccount: string;
  readonly systemAccountJwt: string;
  /** Signs trainers' users; they get the permissions of its template and no others. */
  readonly trainerSeed: string;
  /** Signs the controller's users, which bring their permissions along. */
  readonly controllerSeed: string;
  /** Signs the server's certificates; its own is what clients trust. */
  readonly ca: KeyPair;
  readonly server: KeyPair;
}

const ROLE = 'trainer';
/** Long, because trainers get the certificate once; rotating it means a new installation. */
const CERTIFICATE_DAYS = 3650;

/** The client library looks for this name in the certificate of a server that it reaches by address. */
const NAME_BY_ADDRESS = 'localhost';

const NO_LIMITS = { subs: -1, conn: -1, leaf: 0, imports: 0, exports: 0, data: -1, payload: -1 };
/** One stream, in files; the consumers live in memory. */
const JETSTREAM_LIMITS = { disk_storage: -1, mem_storage: -1, streams: 1, consumer: -1 };

/**
 * Makes operator, accounts, signing keys, the authority and the server's certificate.
 *
 * @param hosts The names and IPv4 addresses by which clients reach the server.
 */
export async function createInstallation(hosts: readonly string[]): Promise<Installation> {
  const operator = createOperator();
  const account = createAccount();
  const system = createAccount();
  const trainer = createAccount();
  const controller = createAccount();
  const authority = createAuthority('espalier-nats', CERTIFICATE_DAYS);
  return {
    operatorSeed: seedOf(operator),
    operatorJwt: await encodeOperator('espalier', operator, {
      system_account: system.getPublicKey(),
    }),
    account: account.getPublicKey(),
    accountJwt: await encodeAccount(
      'espalier',
      account.getPublicKey(),
      {
        limits: { ...NO_LIMITS, ...JETSTREAM_LIMITS },
        signing_keys: [trainerSigner(trainer), controller.getPublicKey()],
      },
      { signer: operator },
    ),
    systemAccount: system.getPublicKey(),
    systemAccountJwt: await encodeAccount(
      'system',
      system.getPublicKey(),
      { limits: NO_LIMITS },
      { signer: operator },
    ),
    trainerSeed: seedOf(trainer),
    controllerSeed: seedOf(controller),
    ca: { certificate: authority.certificate, key: authority.key },
    server: authority.issue({
      commonName: 'espalier-nats',
      hosts: [...new Set([...hosts, NAME_BY_ADDRESS])],
    }),
  };
}

/**
 * The same installation with a new key for trainers' users. What the old key signed stays valid until
 * {@link retireTrainerKeys}; the server must read its configuration again.
 */
export async function rotateTrainerKey(installation: Installation): Promise<Installation> {
  const trainer = createAccount();
  const accountJwt = await withSigningKeys(installation, (keys) => [
    ...keys,
    trainerSigner(trainer),
  ]);
  return { ...installation, accountJwt, trainerSeed: seedOf(trainer) };
}

/** Ends every trainer's user that the current key did not sign. */
export async function retireTrainerKeys(installation: Installation): Promise<Installation> {
  const current = fromSeed(Buffer.from(installation.trainerSeed)).getPublicKey();
  const accountJwt = await withSigningKeys(installation, (keys) =>
    keys.filter((key) => typeof key === 'string' || key.key === current),
  );
  return { ...installation, accountJwt };
}

type SigningKeys = readonly (SigningKey | string)[];

async function withSigningKeys(
  { account, accountJwt, operatorSeed }: Installation,
  change: (keys: SigningKeys) => SigningKeys,
): Promise<string> {
  const { name, nats } = decode<Account>(accountJwt);
  const signing_keys = [...change(nats.signing_keys ?? [])];
  const signer = fromSeed(Buffer.from(operatorSeed));
  return encodeAccount(name, account, { ...nats, signing_keys }, { signer });
}

function trainerSigner(key: Nkey): SigningKey {
  return newScopedSigner(key.getPublicKey(), ROLE, TRAINER_TEMPLATE);
}

function seedOf(key: Nkey): string {
  return Buffer.from(key.getSeed()).toString();
}
