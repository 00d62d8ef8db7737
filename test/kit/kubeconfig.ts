import { writeFileSync } from 'node:fs';
import type { KeyPair } from '../../controller/src/adapters/nats/certificates.ts';

/** How a client proves who it is: by a certificate, or by a bearer token, which passes a proxy. */
export type Credential =
  | { readonly kind: 'certificate'; readonly pair: KeyPair }
  | { readonly kind: 'token'; readonly token: string };

/** What a kubeconfig file says. */
export interface KubeconfigContents {
  readonly server: string;
  /** The server's certificate authority, PEM. */
  readonly ca: string;
  readonly credential: Credential;
  /** @default "default" */
  readonly namespace?: string;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Writes a kubeconfig file (JSON, which is YAML too) that only this user can read. */
export function writeKubeconfig(
  path: string,
  { server, ca, credential, namespace = 'default' }: KubeconfigContents,
): void {
  const user =
    credential.kind === 'token'
      ? { token: credential.token }
      : {
          'client-certificate-data': base64(credential.pair.certificate),
          'client-key-data': base64(credential.pair.key),
        };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'kit', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'kit', user }],
    contexts: [{ name: 'kit', context: { cluster: 'kit', user: 'kit', namespace } }],
    'current-context': 'kit',
  };
  writeFileSync(path, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}
