import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  ARTIFACT,
  MAX_EXTRA_FILES,
  MAX_TERMINATION_MESSAGE_BYTES,
  type Manifest,
  manifestSchema,
} from '@espalier/api';
import { messageOf } from '../failure.ts';
import { fail, pass, skip, type Verdict } from './verdict.ts';

/** Whose manifest it must be. */
export interface Owner {
  readonly trialUid: string;
  readonly attempt: number;
}

/** A checkpoint to resume from. */
export interface Checkpoint {
  readonly name: string;
  readonly manifest: Manifest;
}

/** @returns what is wrong, or the manifest whose files are all as it lists them. */
export function readWhole(out: string, name: string, owner: Owner): Manifest | string {
  let manifest: Manifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(readFileSync(join(out, name), 'utf8')));
  } catch (error) {
    const text = messageOf(error);
    return `${name}: ${text.replaceAll(/\s+/g, ' ').slice(0, 200)}`;
  }
  if (manifest.trialUid !== owner.trialUid || manifest.attempt !== owner.attempt) {
    return `${name} names trial ${manifest.trialUid} and attempt ${manifest.attempt}`;
  }
  const extra = manifest.files.filter(({ path }) => path.startsWith('extra/')).length;
  if (extra > MAX_EXTRA_FILES) return `${name} lists ${extra} extra files; ${MAX_EXTRA_FILES} stay`;
  for (const { path, size, sha256 } of manifest.files) {
    if (!existsSync(join(out, path))) return `${name} lists ${path}, which is not there`;
    const content = readFileSync(join(out, path));
    if (content.length !== size) return `${path} has ${content.length} bytes, not ${size}`;
    if (createHash('sha256').update(content).digest('hex') !== sha256) {
      return `${path} has another sha256 than ${name} lists`;
    }
  }
  return manifest;
}

export function judgeManifest(out: string, owner: Owner): Verdict {
  const promise = 'ends with a manifest.json, all of whose files are whole';
  if (!existsSync(join(out, ARTIFACT.manifest))) {
    const todo = 'without it no file is kept here, and on a cluster only what the sidecar finds';
    return skip(promise, 'there is none', todo);
  }
  const whole = readWhole(out, ARTIFACT.manifest, owner);
  if (typeof whole === 'string') {
    return fail(promise, whole, 'write the files first, then the manifest, each by a rename');
  }
  if (whole.resume !== null) {
    return fail(promise, 'its resume is not null', 'resume is null once the trial is complete');
  }
  return pass(promise, `${whole.files.length} files`);
}

/** The newest checkpoint that an orchestrator would resume from, and whether all is well with it. */
export function judgeCheckpoint(out: string, owner: Owner): [Verdict, Checkpoint | undefined] {
  const promise = 'leaves a checkpoint to resume from';
  const steps = readdirSync(out)
    .flatMap((name) => /^manifest-(0|[1-9]\d{0,14})\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
  const [step] = steps;
  if (step === undefined) {
    const todo = 'without one every further attempt starts anew: write manifest-<step>.json';
    return [skip(promise, 'there is no manifest-<step>.json', todo), undefined];
  }
  const name = `manifest-${step}.json`;
  const manifest = readWhole(out, name, owner);
  const todo = 'write the files first, then the manifest, each by a rename';
  if (typeof manifest === 'string') return [fail(promise, manifest, todo), undefined];
  if (manifest.resume === null || manifest.step !== step) {
    const found = `its step is ${manifest.step}, its resume ${JSON.stringify(manifest.resume)}`;
    return [fail(promise, found, `step is ${step}, resume {"step": ${step}}`), undefined];
  }
  return [pass(promise, name), { name, manifest }];
}

export function judgeLastWords(path: string): Verdict {
  const promise = 'leaves last words that fit into a termination message';
  const size = existsSync(path) ? statSync(path).size : 0;
  if (size === 0) {
    const todo = 'optional: it is what is left when a pod loses its network';
    return skip(promise, 'there are none', todo);
  }
  if (size > MAX_TERMINATION_MESSAGE_BYTES) {
    return fail(promise, `${size} bytes`, `at most ${MAX_TERMINATION_MESSAGE_BYTES}`);
  }
  try {
    JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return fail(promise, 'they are no JSON', 'the last observation, as a point of the report');
  }
  return pass(promise, `${size} bytes`);
}
