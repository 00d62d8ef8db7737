import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { isAlreadyExists } from '../adapters/k8s/api-error.ts';
import { SECRETS } from '../adapters/k8s/resources.ts';
import { createInstallation } from '../adapters/nats/installation.ts';
import { keyFiles } from '../adapters/nats/key-files.ts';
import { accountsConfig } from '../adapters/nats/server-config.ts';
import { listOf, required } from './arguments.ts';
import { oneTimeClient } from './one-time-client.ts';

const USAGE = `espalier-controller create-secrets: the keys of an installation, made once.

  --nats-secret NAME   operator, accounts, signing keys and certificates of NATS
  --nats-hosts LIST    host names and addresses of NATS, by comma, for its certificate
  --store-secret NAME  accessKeyId and secretAccessKey of a store that is installed along
  --namespace NAME     of the Secrets; default: the pod's
  --kubeconfig FILE    default: the ServiceAccount of the pod

A Secret that exists is left as it is and is not read: only the right to create Secrets is needed.
`;

/**
 * Creates what is not there yet. Whoever dies in between, or never hears an answer, runs again: a
 * Secret is made whole by one request, and one that exists is kept.
 */
export async function createSecrets(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean' },
      'nats-secret': { type: 'string' },
      'nats-hosts': { type: 'string' },
      'store-secret': { type: 'string' },
      namespace: { type: 'string' },
      kubeconfig: { type: 'string' },
    },
  });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const wanted: [name: string, make: () => Promise<Record<string, string>>][] = [];
  const nats = values['nats-secret'];
  if (nats !== undefined) {
    const hosts = listOf(required(values['nats-hosts'], '--nats-hosts'));
    wanted.push([nats, () => natsKeys(hosts)]);
  }
  const store = values['store-secret'];
  if (store !== undefined) wanted.push([store, storeKeys]);

  const { client, transport, namespace } = oneTimeClient(values.kubeconfig);
  const where = values.namespace ?? namespace;
  try {
    for (const [name, make] of wanted) {
      const body = secret(name, await make());
      const made = await client
        .create(SECRETS, where, body, { signal: AbortSignal.timeout(60_000) })
        .then(() => 'created')
        .catch((error: unknown) => {
          if (isAlreadyExists(error)) return 'exists and is kept';
          throw error;
        });
      process.stdout.write(`secret ${where}/${name}: ${made}\n`);
    }
  } finally {
    transport.close();
  }
  return 0;
}

async function natsKeys(hosts: readonly string[]): Promise<Record<string, string>> {
  const installation = await createInstallation(hosts);
  // The server includes it; everything else of its configuration may change later.
  return { ...keyFiles(installation), 'accounts.conf': accountsConfig(installation) };
}

async function storeKeys(): Promise<Record<string, string>> {
  return {
    accessKeyId: randomBytes(10).toString('hex'),
    secretAccessKey: randomBytes(32).toString('hex'),
  };
}

function secret(name: string, texts: Readonly<Record<string, string>>): object {
  return {
    apiVersion: SECRETS.apiVersion,
    kind: SECRETS.kind,
    metadata: { name, labels: { 'app.kubernetes.io/name': 'espalier' } },
    type: 'Opaque',
    stringData: texts,
  };
}
