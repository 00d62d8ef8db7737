import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inboxOf } from '@espalier/api';
import type { NatsConnection } from 'nats';
import { InstallationFolder } from '../../../controller/src/adapters/nats/installation-folder.ts';
import { installationFrom } from '../../../controller/src/adapters/nats/key-files.ts';
import { KeyFolder } from '../../../controller/src/adapters/nats/key-folder.ts';
import { freePort } from '../../kit/free-port.ts';
import { type OwnProcess, type ProcessEnd, startProcess } from '../../kit/own-process.ts';
import { makeStateFolder } from '../../kit/state-folder.ts';
import { toolPaths, whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { connectTrainer, connectWith } from './clients.ts';

const COMMANDS = join(import.meta.dirname, '../../../controller/src/commands/commands.ts');
/** The program without all that the controller itself needs, which takes seconds to load. */
const PROGRAM = `import { runCommand } from ${JSON.stringify(COMMANDS)};
process.exitCode = await runCommand(process.argv.slice(1));`;
const ADDRESS = {
  namespace: 'team-a',
  trialUid: '00000000-0000-4000-8000-000000000001',
  attempt: 0,
};

describe('espalier-controller keys', { skip: whyNoTools(), timeout: 60_000 }, () => {
  const folder = makeStateFolder('keys');
  const dir = folder.file('keys');
  let port = 0;
  let server: OwnProcess | undefined;
  const connections: NatsConnection[] = [];

  before(async () => {
    port = await freePort();
  });
  after(async () => {
    for (const connection of connections) await connection.close();
    await server?.stop();
    folder.remove();
  });

  const createArgs = () => [
    ...['create', '--out', dir, '--host', 'nats.svc', '--host', '127.0.0.1'],
    ...['--listen', `127.0.0.1:${port}`, '--store', folder.file('store')],
  ];

  /** Runs the command; with `dies` it is killed as soon as that is true. */
  async function keys(args: readonly string[], dies = () => false): Promise<ProcessEnd> {
    const own = await startProcess({
      name: 'keys',
      command: process.execPath,
      args: [
        ...['--conditions=@espalier/source', '--input-type=module', '-e', PROGRAM, '--'],
        ...['keys', ...args],
      ],
      logFile: folder.file('keys.log'),
    });
    while (own.end === undefined && !dies()) await nextTurn();
    return own.end ?? own.kill();
  }

  const installation = async () => {
    const files = await new InstallationFolder(dir).read();
    return installationFrom((file) => files[file] ?? assert.fail(`no ${file}`));
  };

  async function trainer(signer: Awaited<ReturnType<typeof installation>>) {
    const url = `tls://127.0.0.1:${port}`;
    const connection = await connectTrainer({ url, installation: signer }, ADDRESS);
    connections.push(connection);
    return connection;
  }

  async function reload(): Promise<void> {
    const seen = () => server?.tail(10_000).split('Reloaded').length ?? 0;
    const before = seen();
    server?.signal('SIGHUP');
    await waitFor(() => seen() > before, { what: 'nats-server has reloaded' });
  }

  test('F28 wherever the making is killed, there is no folder or a whole one, once', async (context) => {
    const unfinished = () => {
      const name = readdirSync(folder.path).find((one) => one.startsWith('.keys.unfinished-'));
      if (name === undefined) return -1;
      try {
        return readdirSync(folder.file(name)).length;
      } catch {
        // It has taken its place meanwhile, or was removed.
        return -1;
      }
    };
    const left: number[] = [];
    for (const count of [0, 1, 8, 15]) {
      const end = await keys(createArgs(), () => unfinished() >= count);
      if (end.signal === 'SIGKILL' && !existsSync(dir)) left.push(unfinished());
      else break;
    }
    context.diagnostic(`killed with so many files written: ${left.join(', ')}`);
    assert.ok(left.length > 0);
    if (!existsSync(dir)) assert.equal((await keys(createArgs())).exitCode, 0);
    const made = await installation();
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name.includes('unfinished')),
      [],
    );
    assert.equal((await keys(createArgs())).exitCode, 1);
    assert.deepEqual(await installation(), made);
  });

  test('F28 a server runs on them, and a key that is rotated and retired ends nobody too early', async () => {
    const tools = await toolPaths(['nats-server']);
    server = await startProcess({
      name: 'nats-server',
      command: tools['nats-server'],
      args: ['-c', join(dir, 'nats-server.conf')],
      logFile: folder.file('nats-server.log'),
    });
    const own = server;
    await waitFor(() => own.tail(100).includes('Server is ready'), {
      what: 'nats-server is ready',
      unless: () => own.whyEnded(),
    });
    const first = await installation();
    const controller = await KeyFolder.open(dir);
    const url = `tls://127.0.0.1:${port}`;
    const credentials = controller.credentials();
    const inbox = inboxOf('espalier-controller');
    connections.push(await connectWith({ url, installation: first }, credentials, inbox));
    const old = await trainer(first);

    const account = () => readFileSync(join(dir, 'account.jwt'), 'utf8');
    const before = account();
    await keys(['rotate', '--dir', dir], () => account() !== before);
    assert.equal((await keys(['rotate', '--dir', dir])).exitCode, 0);
    await reload();
    const rotated = await installation();
    assert.notEqual(controller.signer().trainerSeed, first.trainerSeed);
    assert.equal(controller.signer().trainerSeed, rotated.trainerSeed);
    const young = await trainer(rotated);
    await Promise.all([old.flush(), young.flush(), (await trainer(first)).flush()]);

    assert.equal((await keys(['retire', '--dir', dir])).exitCode, 0);
    await reload();
    await waitFor(() => old.isClosed(), { what: 'the old key has ended' });
    await assert.rejects(trainer(first), /Authorization/i);
    await young.flush();
  });

  test('F28 no secret is in what it prints', async () => {
    const said = readFileSync(folder.file('keys.log'), 'utf8');
    const { operatorSeed, trainerSeed, controllerSeed } = await installation();
    for (const seed of [operatorSeed, trainerSeed, controllerSeed]) {
      assert.equal(said.includes(seed), false);
    }
    assert.match(said, /exists and is kept/);
  });
});
