import { parse } from 'yaml';
import type { ExitCode } from '../exit-codes.ts';
import { invalid } from '../failure.ts';
import { keyOf } from '../key.ts';
import { needExperiment, withClient } from '../location.ts';
import { printable } from '../render/printable.ts';
import { type SuccessorOptions, startSuccessor } from '../successor/start-successor.ts';
import { forkOf, type Successor, successorName } from '../successor/successor.ts';
import type { Surroundings } from '../surroundings.ts';
import { again } from './retry.ts';

export interface ForkOptions extends SuccessorOptions {
  readonly set?: readonly string[];
  readonly enqueue?: number;
}

/** Makes a new Experiment that is as another one but for what is set, and learns from its results. */
export async function fork(
  surroundings: Surroundings,
  name: string,
  options: ForkOptions,
  line: readonly string[],
): Promise<ExitCode> {
  const { enqueue = 0, set = [] } = options;
  const forked = await withClient(surroundings, options, async (client, place) => {
    const key = keyOf(name, place);
    const experiment = await needExperiment(client, key);
    return forkOf(experiment, options.name ?? successorName(key.name, '-fork'), { enqueue });
  });
  const manifest = set.reduce(withSetting, forked);
  return startSuccessor(surroundings, manifest, options, again(line));
}

/** `trials.max=50`: a field below spec, and a value as YAML. */
function withSetting(manifest: Successor, setting: string): Successor {
  const [, path, text] = /^([A-Za-z][\w.]*)=(.*)$/s.exec(setting) ?? [];
  if (path === undefined || text === undefined) {
    throw invalid(`${printable(setting)} sets nothing`, [
      'a field below spec and its value, such as trials.max=50 or search.algorithm=tpe',
    ]);
  }
  return { ...manifest, spec: withField(manifest.spec, path.split('.'), yamlOf(text)) };
}

function withField(
  fields: Readonly<Record<string, unknown>>,
  [first = '', ...rest]: readonly string[],
  value: unknown,
): Readonly<Record<string, unknown>> {
  if (rest.length === 0) return { ...fields, [first]: value };
  const inner = fields[first] ?? {};
  if (typeof inner !== 'object' || Array.isArray(inner)) {
    throw invalid(`${printable(first)} has no fields that could be set`, [
      'print the manifest with --print, change it, and submit or run the file',
    ]);
  }
  return { ...fields, [first]: withField(inner as Record<string, unknown>, rest, value) };
}

function yamlOf(text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw invalid(`${printable(text)} is no YAML: ${printable(why)}`);
  }
}
