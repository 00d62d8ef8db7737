import type { Installation } from './installation.ts';
import { MAX_MESSAGE_BYTES } from './permissions.ts';

/** Where the server finds and keeps things. */
export interface ServerLayout {
  readonly host: string;
  readonly port: number;
  /** Files that hold the server's certificate and its key. */
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly storeFolder: string;
  /** All streams together. */
  readonly maxFileBytes: number;
  /**
   * Write through before every acknowledgement; else the last two minutes may be lost with the
   * machine, acknowledged or not. @default true
   */
  readonly syncAlways?: boolean;
}

type Accounts = Pick<
  Installation,
  'operatorJwt' | 'account' | 'accountJwt' | 'systemAccount' | 'systemAccountJwt'
>;

/** The part of a nats-server's configuration that says whom it serves; only a rotation changes it. */
export function accountsConfig({
  operatorJwt,
  account,
  accountJwt,
  systemAccount,
  systemAccountJwt,
}: Accounts): string {
  return `operator: ${operatorJwt}
system_account: ${systemAccount}
resolver: MEMORY
resolver_preload {
  ${account}: ${accountJwt}
  ${systemAccount}: ${systemAccountJwt}
}
`;
}

/** The configuration of a nats-server that serves this installation and nobody else, by TLS only. */
export function serverConfig(installation: Accounts, layout: ServerLayout): string {
  return `${settingsConfig(layout)}${accountsConfig(installation)}`;
}

/** Everything but {@link accountsConfig}. */
export function settingsConfig(layout: ServerLayout): string {
  const { host, port, certificateFile, keyFile, storeFolder, maxFileBytes } = layout;
  const text = JSON.stringify;
  return `host: ${text(host)}
port: ${port}
server_name: espalier
max_payload: ${MAX_MESSAGE_BYTES}
tls {
  cert_file: ${text(certificateFile)}
  key_file: ${text(keyFile)}
  min_version: "1.2"
}
jetstream {
  store_dir: ${text(storeFolder)}
  max_file_store: ${maxFileBytes}
  max_memory_store: ${64 * 2 ** 20}
${layout.syncAlways === false ? '' : '  sync_interval: always\n'}}
`;
}
