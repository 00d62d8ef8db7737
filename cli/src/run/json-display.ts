import type { Channel } from '../channel.ts';
import { bestDocument } from '../view/best-document.ts';
import { parameterRecord } from '../view/parameters.ts';
import type { TrialRow } from '../view/trial-row.ts';
import { type Change, ChangeDetector } from './changes.ts';
import type { RunDisplay, Snapshot } from './snapshot.ts';

/** One JSON document per line on stdout; README.md lists the types and their fields. */
export class JsonDisplay implements RunDisplay {
  readonly #channel: Channel;
  readonly #now: () => number;
  readonly #changes = new ChangeDetector();

  constructor(channel: Channel, now: () => number) {
    this.#channel = channel;
    this.#now = now;
  }

  update(snapshot: Snapshot): void {
    for (const change of this.#changes.observe(snapshot)) {
      const { type, ...fields } = jsonEvent(change);
      this.#emit(type, fields);
    }
  }

  #emit(type: string, fields: Readonly<Record<string, unknown>>): void {
    const time = new Date(this.#now()).toISOString();
    this.#channel.write(`${JSON.stringify({ type, time, ...fields })}\n`);
  }

  /**
   * The last line: the result.
   *
   * @param place The runner's folder, if the Experiment ran in one.
   */
  end({ experiment, trials }: Snapshot, exitCode: number, place: { readonly dir?: string }): void {
    const { best, phase, reason, message, progress } = experiment.status ?? {};
    const trial = trials.find((view) => view.trial.metadata.name === best?.trial)?.trial;
    this.#emit('end', {
      experiment: experiment.metadata.name,
      phase,
      reason,
      message,
      progress,
      exitCode,
      best: best === undefined ? undefined : bestDocument(experiment, trial, place),
    });
  }

  notice(text: string): void {
    this.#emit('notice', { message: text });
  }

  settled(text: string): void {
    this.notice(text);
  }

  close(): void {}
}

function jsonEvent(change: Change): { type: string } & Record<string, unknown> {
  switch (change.kind) {
    case 'phase': {
      const { metadata, status } = change.experiment;
      const { phase = 'Pending', reason, message, progress } = status ?? {};
      return { type: 'phase', experiment: metadata.name, phase, reason, message, progress };
    }
    case 'trial-started':
    case 'trial-restarted': {
      const { name, trial, attempt } = change.row;
      const parameters = parameterRecord(trial.spec.parameters);
      return { type: change.kind, trial: name, attempt, parameters };
    }
    case 'trial-progress': {
      const { name, attempt, epoch, epochs, remainingMs } = change.row;
      return {
        type: 'trial-progress',
        trial: name,
        attempt,
        epoch,
        epochs,
        step: change.step,
        metrics: finiteOrText(change.metrics),
        remainingSeconds: remainingMs === undefined ? undefined : remainingMs / 1000,
      };
    }
    case 'trial-ended':
      return { type: 'trial-ended', ...endFields(change.row) };
    case 'best': {
      const { trial, configuration, value, step, parameters } = change.best;
      return {
        type: 'best',
        trial,
        configuration,
        value,
        step,
        parameters: parameterRecord(parameters),
      };
    }
  }
}

function endFields({ name, phase, trial, value, epoch, elapsedMs }: TrialRow): object {
  return {
    trial: name,
    phase,
    reason: trial.status?.reason,
    message: trial.status?.message,
    value,
    epoch,
    seconds: elapsedMs === undefined ? undefined : elapsedMs / 1000,
  };
}

/** JSON has no NaN: such values travel as text, as in the trainers' reports. */
function finiteOrText(metrics: Readonly<Record<string, number>>): object {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [
      name,
      Number.isFinite(value) ? value : String(value),
    ]),
  );
}
