import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Experiment, experimentSchema, type Trial, trialSchema } from '@espalier/api';
import { type Place, processesIn, readLedger } from './kit.ts';

const KEY = ['objects', 'default'];

export function storedExperiment(place: Place, name: string): Experiment {
  const path = join(place.dir, ...KEY, name, 'experiment.json');
  return experimentSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

export function storedTrials(place: Place, name: string): Trial[] {
  const folder = join(place.dir, ...KEY, name, 'trials');
  return readdirSync(folder)
    .sort()
    .map((file) => trialSchema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))));
}

/** What a sweep came to, without times, uids and what only says that a runner died. */
export function endState(place: Place, name: string): unknown {
  const { status } = storedExperiment(place, name);
  return {
    phase: status?.phase,
    reason: status?.reason,
    progress: status?.progress,
    configurations: status?.configurations,
    trialCounts: status?.trials,
    best: status?.best && { ...status.best, checkpoint: undefined, csv: undefined },
    trials: storedTrials(place, name).map(({ metadata, spec, status: state }) => ({
      name: metadata.name,
      spec,
      phase: state?.phase,
      reason: state?.reason,
      value: state?.observation?.value,
      attempts: state?.attempts
        .filter(({ outcome }) => outcome !== 'Interrupted')
        .map(({ outcome, reason, exitCode }) => ({ outcome, reason, exitCode })),
    })),
  };
}

/** What must hold after a sweep whatever happened on the way; returns what is wrong. */
export function faults(place: Place, name: string, max: number): string[] {
  const found: string[] = [];
  const ledger = readLedger(place);
  const trials = storedTrials(place, name);
  if (trials.length !== max) found.push(`${trials.length} trials instead of ${max}`);
  for (const { metadata } of trials) {
    const completions = ledger.filter(
      ({ word, trial }) => word === 'complete' && trial === metadata.name,
    );
    if (completions.length !== 1) found.push(`${metadata.name} completed ${completions.length}x`);
    const starts = ledger.filter(({ word, trial }) => word === 'start' && trial === metadata.name);
    if (new Set(starts.map(({ attempt }) => attempt)).size !== starts.length) {
      found.push(`${metadata.name} started an attempt twice`);
    }
  }
  const orphans = processesIn(place);
  if (orphans.length > 0) found.push(`orphans: ${orphans.join(' ')}`);
  const run = join(place.dir, 'run');
  const scratch = existsSync(run) ? readdirSync(run) : [];
  if (scratch.length > 0) found.push(`scratch left: ${scratch.join(' ')}`);
  if (existsSync(join(place.dir, 'damaged'))) found.push('a record was damaged');
  return found;
}
