import { type AttemptAddress, attemptName, durationMs, type ExperimentSpec } from '@espalier/api';
import { createUser, encodeUser, fmtCreds, fromSeed } from '@nats-io/jwt';
import type { Installation } from './installation.ts';
import { CONTROLLER_NAME, CONTROLLER_PERMISSIONS, NAMESPACE_TAG } from './permissions.ts';

const HOUR_MS = 3600 * 1000;
/** For a trial that may run as long as it likes. */
const LONGEST_RUN_MS = 30 * 24 * HOUR_MS;

/** What minting needs of an installation: not the operator, and no certificate. */
export type TrainerSigner = Pick<Installation, 'account' | 'trainerSeed'>;
export type ControllerSigner = Pick<Installation, 'account' | 'controllerSeed'>;

/**
 * The credentials file of one attempt. The user may publish on the attempt's own subjects and receive
 * in its own inbox, until `expiresMs`, when the server closes its connection.
 */
export async function attemptCredentials(
  { account, trainerSeed }: TrainerSigner,
  address: AttemptAddress,
  expiresMs: number,
): Promise<string> {
  const user = createUser();
  const jwt = await encodeUser(
    attemptName(address),
    user,
    account,
    { tags: [`${NAMESPACE_TAG}:${address.namespace}`] },
    {
      signer: fromSeed(Buffer.from(trainerSeed)),
      scopedUser: true,
      exp: Math.floor(expiresMs / 1000),
    },
  );
  return Buffer.from(fmtCreds(jwt, user)).toString();
}

/** When an attempt that begins now has ended at the latest, with an hour for the clocks. */
export function attemptExpiryMs(
  { deadlines }: Pick<ExperimentSpec, 'deadlines'>,
  nowMs: number,
): number {
  const { pending, startup, run, termination } = deadlines;
  const runMs = run === undefined ? LONGEST_RUN_MS : durationMs(run);
  return (
    nowMs + durationMs(pending) + durationMs(startup) + runMs + durationMs(termination) + HOUR_MS
  );
}

/** The credentials file of the controller; it does not expire, but its signing key can be replaced. */
export async function controllerCredentials({
  account,
  controllerSeed,
}: ControllerSigner): Promise<string> {
  const user = createUser();
  const signer = fromSeed(Buffer.from(controllerSeed));
  const jwt = await encodeUser(CONTROLLER_NAME, user, account, CONTROLLER_PERMISSIONS, { signer });
  return Buffer.from(fmtCreds(jwt, user)).toString();
}
