import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { prometheusPath } from '../prometheus.ts';
import { toolPaths } from '../tools.ts';
import { PAUSE_IMAGE } from './containerd.ts';
import { type ScratchImage, writeOciArchive } from './oci-archive.ts';
import { run } from './run.ts';

/** A shell and the small programs of busybox, for the pods of tests. */
export const SHELL_IMAGE = 'localhost/busybox:1';
export const PROMETHEUS_IMAGE = 'localhost/prometheus:2.42.0';

/** Where everything lies that is built once. */
export const CACHE =
  process.env['ESPALIER_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'espalier');
const FOLDER = join(CACHE, 'node-images');
const VALUES = join(import.meta.dirname, '../../../charts/espalier/values.yaml');

/**
 * Resolves with archives of the images that a cluster needs besides ours. What is in the cache already is not
 * built again.
 */
export async function serverImages(): Promise<readonly string[]> {
  const prometheus = prometheusPath();
  const bundled = await bundledServerImages();
  const others = await Promise.all([
    pauseImage(),
    archive('prometheus', {
      name: PROMETHEUS_IMAGE,
      files: { '/prometheus': prometheus, ...(await librariesOf(prometheus)) },
      entrypoint: ['/prometheus'],
    }),
  ]);
  return [...bundled, ...others];
}

/**
 * Resolves with archives of the servers that the chart bundles, under the names that it expects, built around
 * the programs of the other tests.
 */
export async function bundledServerImages(): Promise<readonly string[]> {
  const tools = await toolPaths(['nats-server', 'versitygw']);
  return Promise.all([
    archive('nats', {
      name: chartImage('nats'),
      files: { '/nats-server': tools['nats-server'] },
      entrypoint: ['/nats-server'],
    }),
    archive('versitygw', {
      name: chartImage('store'),
      files: { '/versitygw': tools.versitygw },
      entrypoint: ['/versitygw'],
    }),
  ]);
}

/** The default image of a server of the chart, as containerd names it. */
function chartImage(server: 'nats' | 'store'): string {
  const values = parse(readFileSync(VALUES, 'utf8')) as {
    readonly images: Readonly<
      Record<string, { readonly repository: string; readonly tag: string }>
    >;
  };
  const { repository = '', tag } = values.images[server] ?? {};
  const path = repository.includes('/') ? repository : `library/${repository}`;
  return `docker.io/${path}:${tag}`;
}

/** Resolves with the archive of {@link SHELL_IMAGE}. */
export const busyboxImage = (): Promise<string> =>
  archive('busybox', {
    name: SHELL_IMAGE,
    files: { '/bin/busybox': '/bin/busybox', '/bin/sh': '/bin/busybox' },
    entrypoint: ['/bin/busybox'],
  });

/** The image from its archive in the cache, whose name tells the content. */
async function archive(label: string, image: ScratchImage): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(image));
  for (const file of Object.values(image.files)) hash.update(readFileSync(file));
  const path = join(FOLDER, `${label}-${hash.digest('hex').slice(0, 16)}.tar`);
  if (!existsSync(path)) await writeOciArchive(path, image);
  return path;
}

async function pauseImage(): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const source = join(import.meta.dirname, 'pause.c');
  const key = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const path = join(FOLDER, `pause-${key}.tar`);
  if (existsSync(path)) return path;
  const work = mkdtempSync(join(FOLDER, '.pause-'));
  try {
    const program = join(work, 'pause');
    await run('gcc', ['-Os', '-s', '-static', '-o', program, source]);
    const files = { '/pause': program };
    await writeOciArchive(path, { name: PAUSE_IMAGE, files, entrypoint: ['/pause'] });
    return path;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The shared libraries of a program, at the places where its loader looks for them. */
async function librariesOf(program: string): Promise<Record<string, string>> {
  const listing = await run('ldd', [program]);
  const paths = [...listing.matchAll(/(?:=> |^\s+)(\/\S+)/gm)].map((match) => match[1] as string);
  return Object.fromEntries(paths.map((path) => [path, path]));
}
