import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './run.ts';

/** An image from scratch: a few files and what to start. */
export interface ScratchImage {
  /** With registry and tag, as containerd knows it: "docker.io/library/nats:2.15.2". */
  readonly name: string;
  /** Paths in the image and the files of this machine that go there. */
  readonly files: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
}

/**
 * Writes an image as an OCI archive, in one rename. The same files give the same bytes.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
export async function writeOciArchive(path: string, image: ScratchImage): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const work = mkdtempSync(`${path}.`);
  try {
    const tree = join(work, 'tree');
    for (const [to, from] of Object.entries(image.files)) {
      mkdirSync(join(tree, dirname(to)), { recursive: true });
      copyFileSync(from, join(tree, to));
      chmodSync(join(tree, to), 0o755);
    }
    const layout = join(work, 'layout');
    mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
    const add = (content: Buffer, mediaType: string) => {
      const hash = createHash('sha256').update(content).digest('hex');
      writeFileSync(join(layout, 'blobs/sha256', hash), content);
      return { mediaType, digest: `sha256:${hash}`, size: content.length };
    };
    const addJson = (value: object, mediaType: string) =>
      add(Buffer.from(JSON.stringify(value)), mediaType);
    const kind = 'application/vnd.oci.image';
    await tar(join(work, 'layer.tar'), tree);
    const layer = add(readFileSync(join(work, 'layer.tar')), `${kind}.layer.v1.tar`);
    const config = addJson(
      {
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        os: 'linux',
        config: { Entrypoint: image.entrypoint, Env: ['PATH=/'], WorkingDir: '/' },
        rootfs: { type: 'layers', diff_ids: [layer.digest] },
      },
      `${kind}.config.v1+json`,
    );
    const manifest = addJson(
      { schemaVersion: 2, mediaType: `${kind}.manifest.v1+json`, config, layers: [layer] },
      `${kind}.manifest.v1+json`,
    );
    const index = {
      schemaVersion: 2,
      manifests: [{ ...manifest, annotations: { 'io.containerd.image.name': image.name } }],
    };
    writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
    writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    await tar(join(work, 'archive.tar'), layout);
    renameSync(join(work, 'archive.tar'), path);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const tar = (file: string, folder: string) =>
  run('tar', [
    ...['--create', '--file', file, '--directory', folder, '--sort=name', '--format=gnu'],
    ...['--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '.'],
  ]);
