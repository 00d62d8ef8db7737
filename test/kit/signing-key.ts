import { generateKeyPairSync } from 'node:crypto';

/** An RSA key for signing service account tokens, PEM; the API server derives the public half. */
export function createSigningKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}
