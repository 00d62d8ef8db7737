import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { attemptKey, experimentKey, type Trial } from '@espalier/api';
import type { ObjectKey } from '../../ports/key.ts';

/**
 * Where everything lies below one `--dir`:
 *
 * ```
 * lock                                        held with flock(2) by the runner; tells who it is
 * socket                                      the runner listens here (see socket-path.ts)
 * objects/<namespace>/<experiment>/experiment.json
 * objects/<namespace>/<experiment>/trials/<index, 5 digits>.json
 * artifacts/<keys of api/src/artifacts.ts>    what trainers leave, best.json, trials.csv
 * run/<trialUid>-<attempt>/                   scratch of one attempt, gone once its Trial is terminal:
 *     report.jsonl log exit resume/ data/ termination
 *     deleting interrupted                    markers: we asked for its end, and why
 * datasets/<key>                              what `data.s3.key` means on this machine
 * events/<namespace>/<experiment>.jsonl
 * damaged/<time>-<name>                       set aside because it could not be read
 * ```
 *
 * Namespaces and names are checked before they become paths: see {@link isSafeName}.
 */
export class Layout {
  readonly dir: string;
  readonly objects: string;
  readonly artifacts: string;
  readonly run: string;
  readonly datasets: string;
  readonly events: string;
  readonly damaged: string;
  readonly lock: string;
  readonly socket: string;

  constructor(dir: string) {
    this.dir = dir;
    this.objects = join(dir, 'objects');
    this.artifacts = join(dir, 'artifacts');
    this.run = join(dir, 'run');
    this.datasets = join(dir, 'datasets');
    this.events = join(dir, 'events');
    this.damaged = join(dir, 'damaged');
    this.lock = join(dir, 'lock');
    this.socket = join(dir, 'socket');
  }

  experimentFolder(key: ObjectKey): string {
    return join(this.objects, key.namespace, key.name);
  }

  experimentFile(key: ObjectKey): string {
    return join(this.experimentFolder(key), 'experiment.json');
  }

  trialsFolder(experiment: ObjectKey): string {
    return join(this.experimentFolder(experiment), 'trials');
  }

  trialFile(experiment: ObjectKey, index: number): string {
    return join(this.trialsFolder(experiment), `${String(index).padStart(5, '0')}.json`);
  }

  eventFile(experiment: ObjectKey): string {
    return join(this.events, experiment.namespace, `${experiment.name}.jsonl`);
  }

  experimentArtifacts({ namespace, name, uid }: ObjectPlace): string {
    return join(this.artifacts, experimentKey(namespace, name, uid));
  }

  attemptArtifacts(experiment: ObjectPlace, trial: TrialPlace, attempt: number): string {
    return join(this.experimentArtifacts(experiment), attemptKey(trial.index, trial.uid, attempt));
  }

  runFolder(trialUid: string, attempt: number): string {
    return join(this.run, `${trialUid}-${attempt}`);
  }
}

/** Names one Experiment for ever, unlike its key. */
export interface ObjectPlace extends ObjectKey {
  readonly uid: string;
}

/** What {@link Layout.attemptArtifacts} needs of a Trial. */
export interface TrialPlace {
  readonly index: number;
  readonly uid: string;
}

export function trialPlace(trial: Trial): TrialPlace {
  return { index: trial.spec.index, uid: trial.metadata.uid };
}

/** Splits the name of a folder in `run/`; undefined if it is not one of ours. */
export function parseRunFolder(
  name: string,
): { readonly trialUid: string; readonly attempt: number } | undefined {
  const match = /^([0-9a-f-]{36})-(\d{1,9})$/.exec(name);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { trialUid: match[1], attempt: Number(match[2]) };
}

/** Whether a namespace or name is a DNS label, and so can never leave its folder. */
export function isSafeName(name: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

/**
 * Marks every process that was started for this folder, whichever runner started it. Made of the
 * folder's identity, so that a copy of the folder never claims the processes of the original.
 */
export function runId(dir: string): string {
  const { dev, ino } = statSync(dir, { bigint: true });
  return createHash('sha256').update(`espalier ${dev}:${ino}`).digest('hex').slice(0, 24);
}

/** The Experiment that a Trial belongs to; undefined if nobody owns it. */
export function ownerPlace({ metadata }: Trial): ObjectPlace | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner && { namespace: metadata.namespace, name: owner.name, uid: owner.uid };
}
