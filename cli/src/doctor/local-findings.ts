import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../failure.ts';
import { formatBytes } from '../render/number.ts';
import { printable } from '../render/printable.ts';
import { defaultTrainerCommand } from '../trainer-command.ts';
import { bad, type Finding, hidden, ok } from './finding.ts';

const OLDEST_NODE = [22, 19] as const;
const LEAST_BYTES = 2 ** 30;
const GPU_MS = 10_000;

/** What a run in that folder needs of this machine. */
export async function localFindings(folder: string): Promise<readonly Finding[]> {
  return [
    nodeFinding(process.versions.node),
    await folderFinding(folder),
    trainerFinding(),
    await gpuFinding(),
  ];
}

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wanted, least] = OLDEST_NODE;
  const isOld = major < wanted || (major === wanted && minor < least);
  return isOld
    ? bad('Node', `${version} is older than ${OLDEST_NODE.join('.')}`, 'install a newer one')
    : ok('Node', version);
}

/** Of one that is not there yet, the nearest folder above tells. */
async function folderFinding(folder: string): Promise<Finding> {
  const what = 'folder';
  let place = folder;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  try {
    if (!(await stat(place)).isDirectory()) {
      return bad(what, `${printable(place)} is no folder`, 'name another with --dir');
    }
    await access(place, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(place);
    const free = bavail * bsize;
    const room = `${formatBytes(free)} free`;
    if (free < LEAST_BYTES) {
      return bad(
        what,
        `${printable(folder)}: ${room}`,
        'free some space, or name another with --dir',
      );
    }
    const state = place === folder ? 'writable' : 'can be made';
    return ok(what, `${printable(folder)} ${state}, ${room}`);
  } catch (error) {
    const why = messageOf(error);
    return bad(
      what,
      printable(why),
      'give yourself the right to write there, or name another with --dir',
    );
  }
}

function trainerFinding(): Finding {
  const command = defaultTrainerCommand();
  return command === undefined
    ? hidden('trainer', 'ours is not installed', 'manifests must name trainer.command')
    : ok('trainer', command.join(' '));
}

async function gpuFinding(): Promise<Finding> {
  const what = 'GPU';
  try {
    const query = ['--query-gpu=name,memory.total', '--format=csv,noheader'];
    const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: GPU_MS });
    const names = stdout.split('\n').filter((line) => line.trim() !== '');
    if (names.length > 0) return ok(what, names.map(printable).join('; '));
    return hidden(what, 'nvidia-smi shows none');
  } catch {
    return hidden(what, 'none: there is no nvidia-smi that works', 'trials run on the CPU');
  }
}
