import { resolve } from 'node:path';
import { durationMs, type Experiment, mainObjective } from '@espalier/api';
import { writeLines } from '../channel.ts';
import { checkTrainer } from '../conformance/check-trainer.ts';
import { exampleParameters, parseGiven } from '../conformance/parameters.ts';
import { Scratch } from '../conformance/scratch.ts';
import type { Verdict } from '../conformance/verdict.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalid } from '../failure.ts';
import { needOneExperiment } from '../manifest-file.ts';
import { printable } from '../render/printable.ts';
import type { Surroundings } from '../surroundings.ts';
import { defaultTrainerCommand } from '../trainer-command.ts';
import { remoteWork } from '../transfer/remote-work.ts';
import { furtherMetrics } from '../view/goals.ts';

export interface CheckTrainerOptions {
  readonly file: string;
  readonly parameter?: readonly string[];
  readonly invalid?: string;
  readonly data?: string;
  readonly limit: number;
  readonly keep?: boolean;
  readonly json?: boolean;
}

/** Holds a program against the trainer contract, in a folder that goes afterwards. */
export async function checkTrainerCommand(
  surroundings: Surroundings,
  words: readonly string[],
  options: CheckTrainerOptions,
): Promise<ExitCode> {
  const { stdout, cwd } = surroundings;
  const experiment = await needOneExperiment(surroundings, options.file, {});
  const command = words.length > 0 ? words : commandOf(experiment);
  const { inheritedEnv } = await import('@espalier/controller/local');
  const scratch = new Scratch();
  const verdicts: (Verdict & { readonly tried: string })[] = [];
  try {
    const onVerdict = (tried: string, verdict: Verdict): void => {
      if (options.json !== true) writeLines(stdout, linesOf(stdout, verdicts, tried, verdict));
      verdicts.push({ tried, ...verdict });
    };
    const request = {
      ...requestOf(experiment, options),
      env: inheritedEnv({ ...surroundings.env }),
      command,
      cwd,
      data: options.data === undefined ? scratch.emptyData : resolve(cwd, options.data),
      scratch,
      onVerdict,
    };
    const check = (signal: AbortSignal) => checkTrainer({ ...request, signal });
    await remoteWork(surroundings, check, 'the trainer was ended; the check starts anew');
  } finally {
    if (options.keep === true) surroundings.stderr.write(`kept ${scratch.path}\n`);
    else scratch.remove();
  }
  const broken = verdicts.filter(({ verdict }) => verdict === 'FAIL').length;
  if (options.json === true) {
    stdout.write(`${JSON.stringify({ conforms: broken === 0, verdicts }, undefined, 2)}\n`);
  } else {
    const skipped = verdicts.filter(({ verdict }) => verdict === 'SKIP').length;
    const kept = verdicts.length - broken - skipped;
    writeLines(stdout, ['', `${kept} kept, ${broken} broken, ${skipped} not tried`]);
  }
  return broken === 0 ? EXIT.ok : EXIT.contractBroken;
}

function commandOf({ spec }: Experiment): readonly string[] {
  const command = spec.trainer.command ?? defaultTrainerCommand();
  if (command === undefined) {
    throw invalid('the manifest names no trainer.command', [
      'write it behind the options: espalier check-trainer -f FILE -- python3 train.py',
    ]);
  }
  return [...command, ...(spec.trainer.args ?? [])];
}

function requestOf(experiment: Experiment, options: CheckTrainerOptions) {
  const { metadata, spec } = experiment;
  const given = (options.parameter ?? []).map(parseGiven);
  const parameters = exampleParameters(experiment, given);
  const impossible = parseGiven(options.invalid ?? 'noSuchParameter=1');
  return {
    task: {
      namespace: metadata.namespace,
      experiment: metadata.name,
      trial: `${metadata.name}-00000`,
      parameters,
      objective: { metric: mainObjective(spec).metric, goal: mainObjective(spec).goal },
      checkpoint: { everyEpochs: spec.artifacts.checkpoint.everyEpochs },
    },
    further: furtherMetrics(spec),
    refused: {
      parameters: exampleParameters(experiment, [...given, impossible]),
      isSure: options.invalid !== undefined,
    },
    graceMs: durationMs(spec.trainer.gracePeriod),
    limitMs: options.limit * 1000,
  };
}

const PROMISE_WIDTH = 55;
const STYLE = { PASS: 'good', FAIL: 'bad', SKIP: 'quiet' } as const;

function linesOf(
  { paint }: Surroundings['stdout'],
  earlier: readonly { readonly tried: string }[],
  tried: string,
  { promise, verdict, found, todo }: Verdict,
): readonly string[] {
  const line = `${promise.padEnd(PROMISE_WIDTH)}  ${printable(found)}`.trimEnd();
  return [
    ...(earlier.at(-1)?.tried === tried ? [] : ['', `${tried}:`]),
    `  ${paint(STYLE[verdict], verdict)}  ${line}`,
    ...(todo === undefined ? [] : [`        ${printable(todo)}`]),
  ];
}
