import type { SweepManifest } from './manifest.ts';

/**
 * The manifest as YAML with a comment where a person may wonder. Read again, it is the same manifest, by
 * readers of YAML 1.1 (kubectl) as of 1.2.
 *
 * @param made First line of the comment: where it comes from.
 */
export function writeYaml(
  { apiVersion, kind, metadata, spec }: SweepManifest,
  made: string,
): string {
  const { objective, objectives, parameters, replicates, search, earlyStopping } = spec;
  const { trials, trainer, data } = spec;
  return [
    `# ${made.replaceAll(/\s+/g, ' ')}`,
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    `metadata: ${flow(metadata)}`,
    'spec:',
    ...(objective === undefined
      ? []
      : [`  objective: ${flow(objective)} # as the trainer reports it`]),
    ...(objectives === undefined
      ? []
      : ['  objectives: # the first decides on the best', ...items(objectives)]),
    '  parameters: # what the trainer is given',
    ...items(parameters),
    ...(replicates === undefined
      ? []
      : [
          `  replicates: ${flow(replicates)} # every configuration with each of them; the mean counts`,
        ]),
    `  search: ${flow(search)}`,
    ...(earlyStopping === undefined
      ? []
      : [`  earlyStopping: ${flow(earlyStopping)} # ends trials that are not worth their time`]),
    `  trials: ${flow(trials)} # max: configurations in all`,
    ...(trainer === undefined ? [] : [`  trainer: ${flow(trainer)}`]),
    ...(data === undefined ? [] : [`  data: ${flow(data)}`]),
    '',
  ].join('\n');
}

function items(values: readonly object[]): readonly string[] {
  return values.map((value) => `    - ${flow(value)}`);
}

/** What no reader of YAML, old or new, takes for anything but a text. */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_./-]*$/;
const WORDS_WITH_MEANING = /^(y|yes|n|no|on|off|true|false|null)$/i;

/** One line, each text either plain or a JSON text, which is a YAML text as well. */
export function flow(value: unknown): string {
  if (typeof value === 'string') return isPlain(value) ? value : quotedText(value);
  // Some readers of YAML 1.1 take 1e-7 for a text.
  if (typeof value === 'number') return String(value).replace(/^(-?\d+)e/, '$1.0e');
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(([key, field]) => `${key}: ${flow(field)}`);
  return `{ ${fields.join(', ')} }`;
}

function isPlain(text: string): boolean {
  return PLAIN.test(text) && !WORDS_WITH_MEANING.test(text);
}

/** Escapes also what JSON leaves as it is and YAML takes for the end of a line. */
function quotedText(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
