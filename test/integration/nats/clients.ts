import { type AttemptAddress, attemptName, inboxOf } from '@espalier/api';
import { createUser, encodeUser, fmtCreds, fromSeed } from '@nats-io/jwt';
import { connect, credsAuthenticator, type NatsConnection } from 'nats';
import { attemptCredentials } from '../../../controller/src/adapters/nats/credentials.ts';
import type { Installation } from '../../../controller/src/adapters/nats/installation.ts';
import type { NatsServer } from '../../kit/nats-server.ts';

const HOUR_MS = 3600 * 1000;

/** Connects as the trainer of an attempt, with the library's own client: no code of ours in between. */
export async function connectTrainer(
  server: Pick<NatsServer, 'url' | 'installation'>,
  address: AttemptAddress,
  expiresMs = Date.now() + HOUR_MS,
  signer: Installation = server.installation,
): Promise<NatsConnection> {
  const credentials = await attemptCredentials(signer, address, expiresMs);
  return connectWith(server, credentials, inboxOf(attemptName(address)));
}

/** Connects with a credentials file. */
export function connectWith(
  { url, installation }: Pick<NatsServer, 'url' | 'installation'>,
  credentials: string,
  inboxPrefix: string,
): Promise<NatsConnection> {
  return connect({
    servers: url,
    inboxPrefix,
    authenticator: credsAuthenticator(Buffer.from(credentials)),
    tls: { ca: installation.ca.certificate },
    reconnect: false,
  });
}

/** A user without limits, who sees whatever reaches anybody and can send as anybody. */
export async function connectWitness(server: NatsServer): Promise<NatsConnection> {
  return connectWith(server, await witnessCredentials(server.installation), '_INBOX.witness');
}

/** The credentials file of that user. */
export async function witnessCredentials({
  account,
  controllerSeed,
}: Installation): Promise<string> {
  const user = createUser();
  const signer = fromSeed(Buffer.from(controllerSeed));
  const jwt = await encodeUser('witness', user, account, {}, { signer });
  return Buffer.from(fmtCreds(jwt, user)).toString();
}

/** What the server refused to a connection so far, as `publish SUBJECT` or `subscribe SUBJECT`. */
export function refusalsOf(connection: NatsConnection): Set<string> {
  const refused = new Set<string>();
  void (async () => {
    for await (const status of connection.status()) {
      const context = status.permissionContext;
      if (context !== undefined) refused.add(`${context.operation} ${context.subject}`);
    }
  })();
  return refused;
}
