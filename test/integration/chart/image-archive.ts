import { execFile, spawn } from 'node:child_process';
import {
  createReadStream,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  type Stats,
  statSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, createZstdDecompress } from 'node:zlib';

const run = promisify(execFile);

interface Manifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string; readonly mediaType: string }[];
}

interface ImageConfig {
  readonly config: {
    readonly User?: string;
    readonly Entrypoint?: readonly string[];
    readonly Labels?: Readonly<Record<string, string>>;
  };
}

/** An image as its archive has it, with its layers unpacked over each other. */
export interface UnpackedImage {
  /** The root of its files. */
  readonly tree: string;
  readonly settings: ImageConfig['config'];
  readonly layers: number;
  /** Of all layers, uncompressed. */
  readonly bytes: number;
}

/** Unpacks an archive in OCI's layout into an empty folder; owners become whoever runs this, unless that is root. */
export async function unpackImage(archive: string, folder: string): Promise<UnpackedImage> {
  const layout = join(folder, 'layout');
  const tree = join(folder, 'tree');
  mkdirSync(layout);
  mkdirSync(tree);
  await run('tar', ['-xf', archive, '-C', layout]);
  const blob = (digest: string): string => join(layout, 'blobs', digest.replace(':', '/'));
  const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
  const index = read(join(layout, 'index.json')) as { manifests: readonly { digest: string }[] };
  const manifest = read(blob(index.manifests[0]?.digest ?? '')) as Manifest;
  const { config } = read(blob(manifest.config.digest)) as ImageConfig;
  let bytes = 0;
  for (const { digest, mediaType } of manifest.layers)
    bytes += await unpackLayer(blob(digest), mediaType, tree);
  return { tree, settings: config, layers: manifest.layers.length, bytes };
}

async function unpackLayer(path: string, mediaType: string, tree: string): Promise<number> {
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const tar = spawn('tar', ['-xpf', '-', '-C', tree], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => tar.once('close', resolve));
  await pipeline(createReadStream(path), decompression(mediaType), count, tar.stdin);
  const code = await ended;
  if (code !== 0) throw new Error(`tar ended with ${code} at a layer of ${mediaType}`);
  return bytes;
}

function decompression(mediaType: string): Transform {
  if (mediaType.endsWith('zstd')) return createZstdDecompress();
  return mediaType.endsWith('gzip') ? createGunzip() : new PassThrough();
}

/** What has no business in an image, by kind; paths within it. */
export function needlessIn(tree: string): Readonly<Record<string, readonly string[]>> {
  // With types, links are not followed: those of /dev/fd would lead out.
  const all = readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => ({ path: relative(tree, path), stats: lstatSync(path) }));
  const that = (fits: (path: string, stats: Stats) => boolean) =>
    all.filter(({ path, stats }) => fits(path, stats)).map(({ path }) => path);
  const inApp = (path: string) => path.startsWith('app/');
  return {
    'changes the rights of its caller': that((_, s) => s.isFile() && (s.mode & 0o6000) !== 0),
    'writable by everybody, without the sticky bit': that(
      (_, { mode }) => (mode & 0o002) !== 0 && (mode & 0o1000) === 0,
    ),
    'a test': that(
      (path, s) => inApp(path) && s.isFile() && /\.(test|spec)\.[cm]?[jt]sx?$/.test(path),
    ),
    'for compilers and debuggers': that((path) => inApp(path) && /\.(map|d\.[cm]?ts)$/.test(path)),
    'for developers': that((path) =>
      /^app\/node_modules\/(@types|typescript|fast-check|knip|oxlint|@biomejs|playwright-core|axe-core)$/.test(
        path,
      ),
    ),
    'a way in or out': that((path) =>
      /(^|\/)s?bin\/(npm|npx|corepack|pip3?|gcc|g\+\+|cc|make|curl|wget|git|ssh|nc|python3?)$/.test(
        path,
      ),
    ),
    'left over': that(
      (path, s) =>
        s.isFile() &&
        /^(tmp|var\/tmp|var\/lib\/apt\/lists|var\/cache\/apt)\/|\.npm\/_cacache/.test(path),
    ),
    'a key or a credential': that(
      (path, s) =>
        inApp(path) &&
        s.isFile() &&
        /(^|\/)(\.npmrc|\.env|id_rsa|kubeconfig|.*\.creds)$/.test(path),
    ),
  };
}

/** Runs a program of an image as nobody on a root that is read-only but for /tmp, in namespaces of its own. */
export async function runInImage(tree: string, program: readonly string[]): Promise<string> {
  const script = `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && mount -t tmpfs none "$0/tmp" &&
    mount -t proc none "$0/proc" && exec chroot --userspec=65532:65532 "$0" "$@"`;
  const env = {
    HOME: '/tmp',
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  };
  const namespaces = ['--mount', '--propagation', 'private', '--pid', '--fork'];
  const { stdout } = await run('unshare', [...namespaces, 'sh', '-c', script, tree, ...program], {
    env,
  });
  return stdout;
}

/** `name@version` of every package in a folder of packages, and in the packages of those. */
export function packagesIn(modules: string): string[] {
  const folders = readdirSync(modules).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((one) => join(name, one)) : [name],
  );
  return folders
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const folder = join(modules, name);
      const { name: called, version } = JSON.parse(
        readFileSync(join(folder, 'package.json'), 'utf8'),
      );
      const nested = join(folder, 'node_modules');
      const inner = statSync(nested, { throwIfNoEntry: false }) ? packagesIn(nested) : [];
      return [`${called}@${version}`, ...inner];
    });
}
