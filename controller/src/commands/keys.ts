import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InstallationFolder } from '../adapters/nats/installation-folder.ts';
import { createdKeys, retiredKeys, rotatedKeys } from '../adapters/nats/key-changes.ts';
import { ArgumentError, required } from './arguments.ts';

const USAGE = `espalier-controller keys: the keys of an installation in a folder.

  keys create --out DIR --host NAME [--host NAME ...]
    makes operator, accounts, signing keys, authority and the server's certificate once, and a
    nats-server.conf that serves them; what is there already is never touched
      --host NAME        host name or IPv4 address by which the controller and trainers reach NATS
      --listen ADDRESS   where NATS listens; default 0.0.0.0:4222
      --store DIR        where NATS keeps its streams; default /data
      --store-bytes N    how much they may take there; default 8 GiB
      --mount DIR        where NATS finds these files; default: DIR of --out
  keys rotate --dir DIR
    adds a new key that signs trainers' credentials; what the old ones signed goes on
  keys retire --dir DIR
    ends all trainers' credentials that the current key did not sign: for when the trials that began
    before the rotation have ended

After rotate and retire NATS must read its configuration again (SIGHUP).
`;

/** Exit codes: 0 = done, 1 = failed, or there are keys already. */
export async function keys(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      out: { type: 'string' },
      dir: { type: 'string' },
      host: { type: 'string', multiple: true },
      listen: { type: 'string', default: '0.0.0.0:4222' },
      store: { type: 'string', default: '/data' },
      'store-bytes': { type: 'string', default: String(8 * 2 ** 30) },
      mount: { type: 'string' },
    },
  });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  switch (positionals.join(' ')) {
    case 'create':
      return create(new InstallationFolder(required(values.out, '--out')), values);
    case 'rotate':
      return change(new InstallationFolder(required(values.dir, '--dir')), rotatedKeys);
    case 'retire':
      return change(new InstallationFolder(required(values.dir, '--dir')), retiredKeys);
    default:
      throw new ArgumentError('name one of create, rotate and retire; --help tells more');
  }
}

interface CreateFlags {
  readonly host?: readonly string[] | undefined;
  readonly listen: string;
  readonly store: string;
  readonly 'store-bytes': string;
  readonly mount?: string | undefined;
}

async function create(folder: InstallationFolder, flags: CreateFlags): Promise<number> {
  const { host: hosts = [], listen, store, mount = folder.path } = flags;
  const [, host, port] = /^(.+):([1-9][0-9]{0,4})$/.exec(listen) ?? [];
  if (host === undefined || Number(port) > 65_535) {
    throw new ArgumentError('--listen must be an address, a colon and a port');
  }
  if (hosts.length === 0) throw new ArgumentError('--host is missing');
  const odd = hosts.find(
    (name) => !/^[A-Za-z0-9*](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(name),
  );
  if (odd !== undefined) throw new ArgumentError(`--host ${odd} is neither a name nor an address`);
  const maxFileBytes = Number(flags['store-bytes']);
  if (!Number.isSafeInteger(maxFileBytes) || maxFileBytes < 1) {
    throw new ArgumentError('--store-bytes must be a number of bytes');
  }
  const files = await createdKeys(hosts, {
    host,
    port: Number(port),
    certificateFile: join(mount, 'server.crt'),
    keyFile: join(mount, 'server.key'),
    storeFolder: store,
    maxFileBytes,
  });
  if ((await folder.create(files)) === 'exists') {
    process.stderr.write(`espalier-controller keys: ${folder.path} exists and is kept\n`);
    return 1;
  }
  process.stdout.write(`${folder.path}: created; operator.seed and ca.key are nobody's business\n`);
  return 0;
}

async function change(folder: InstallationFolder, changesOf: typeof rotatedKeys): Promise<number> {
  await folder.replace(await changesOf(await folder.read()));
  process.stdout.write(`${folder.path}: changed; NATS must read its configuration again\n`);
  return 0;
}
