import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openStore, type RemoteStore } from '../../../controller/src/remote.ts';
import { type FaultProxy, startFaultProxy } from '../../kit/fault-proxy.ts';
import type { SeenRequest } from '../../kit/fault-rules.ts';
import { waitFor } from '../../kit/wait.ts';
import { CALL, type useStore } from '../s3/rig.ts';
import { type Ran, Sandbox, type Started } from './sandbox.ts';

type Store = ReturnType<typeof useStore>;

export const MIB = 2 ** 20;
/** Three parts, the last one short. */
export const FILES = { 'one.bin': 9 * MIB, 'sub/two.bin': 9 * MIB, 'sub/three.txt': 100 };

export const isPart = ({ method, path }: SeenRequest): boolean =>
  method === 'PUT' && path.includes('partNumber=');

/** A folder of its own, pushed through a proxy of its own. */
export class PushScene {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly proxy: FaultProxy;
  readonly key: string;
  readonly remote: RemoteStore;
  readonly #at: Store;

  constructor(
    t: TestContext,
    at: Store,
    proxy: FaultProxy,
    name: string,
    files: Record<string, number>,
  ) {
    this.#at = at;
    this.remote = openStore(at.options);
    this.sandbox = new Sandbox(t);
    this.proxy = proxy;
    this.key = at.keys.dataSet('team', `${name}.tar`);
    this.folder = join(this.sandbox.dir, name);
    for (const [path, size] of Object.entries(files)) this.write(path, randomBytes(size));
    t.after(async () => {
      this.remote.close();
      await proxy.close();
    });
  }

  static async make(
    t: TestContext,
    at: Store,
    name: string,
    files: Record<string, number> = FILES,
  ): Promise<PushScene> {
    const { endpoint } = at.options;
    if (endpoint === undefined) throw new Error('the store has no endpoint');
    const proxy = await startFaultProxy({ upstream: endpoint, keepBodies: false });
    return new PushScene(t, at, proxy, name, files);
  }

  write(path: string, content: Buffer): void {
    mkdirSync(join(this.folder, path, '..'), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  start(words: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Started {
    return this.sandbox.start(
      ['data', 'push', this.folder, '-n', 'team', '--prefix', this.#at.prefix, ...words],
      { ...storeEnvironment(this.#at, this.proxy.url), ...env },
    );
  }

  async push(...words: string[]): Promise<Ran> {
    return this.start(words).ended;
  }

  /** What a trainer would get: the object is checked against its mark and unpacked. */
  async check(): Promise<void> {
    const mark = await this.#at.store.get(`${this.key}.sha256`, 100, CALL);
    assert.match(mark?.body.toString() ?? '', /^[0-9a-f]{64}\n$/);
    const object = await this.#at.store.get(this.key, 100 * MIB, CALL);
    assert.ok(object);
    const digest = createHash('sha256').update(object.body).digest('hex');
    assert.equal(`${digest}\n`, mark?.body.toString());
    const target = join(this.sandbox.dir, `unpacked-${randomBytes(4).toString('hex')}`);
    mkdirSync(target);
    execFileSync('tar', ['-x', '-C', target], { input: object.body });
    assert.deepEqual(digests(target), digests(this.folder));
    assert.deepEqual(await this.remote.large.unfinished(this.key, CALL), []);
  }

  /** Parts that the store has taken. */
  get arrived(): number {
    const isTaken = (request: SeenRequest) => isPart(request) && request.serverStatus === 200;
    return this.proxy.requests.filter(isTaken).length;
  }

  async partsArrived(amount: number): Promise<void> {
    await waitFor(() => this.arrived >= amount, { what: `${amount} parts have arrived` });
  }
}

export function storeEnvironment({ options }: Store, endpoint: string): Record<string, string> {
  const { bucket, credentials } = options;
  const known = credentials as { accessKeyId: string; secretAccessKey: string } | undefined;
  return {
    ESPALIER_S3_ENDPOINT: endpoint,
    ESPALIER_S3_BUCKET: bucket,
    ESPALIER_S3_PATH_STYLE: 'true',
    ...(known === undefined
      ? {}
      : { AWS_ACCESS_KEY_ID: known.accessKeyId, AWS_SECRET_ACCESS_KEY: known.secretAccessKey }),
  };
}

function digests(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
      return [path.slice(folder.length + 1), digest] as const;
    });
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
