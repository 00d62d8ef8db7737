import { nearestName } from '@espalier/api';
import { invalid } from '../failure.ts';
import { printable } from '../render/printable.ts';

export interface WrittenObjective {
  readonly metric: string;
  readonly goal: 'maximize' | 'minimize';
  readonly target?: number;
}

const GOALS: Readonly<Record<string, WrittenObjective['goal']>> = {
  max: 'maximize',
  maximize: 'maximize',
  min: 'minimize',
  minimize: 'minimize',
};

/**
 * Reads `valid_acc:max` or `loss:min:target=0.1`.
 *
 * @throws Failure
 */
export function parseMetric(text: string): WrittenObjective {
  const [metric = '', goalWord, ...rest] = text.split(':');
  const goal = goalWord === undefined ? undefined : GOALS[goalWord];
  if (metric === '' || goal === undefined) {
    const name = printable(metric === '' ? 'valid_acc' : metric);
    throw invalid(`--metric ${printable(text)}: it must say which values are better`, [
      `--metric ${name}:max  or  --metric ${name}:min`,
    ]);
  }
  const settings = readSettings(`--metric ${printable(text)}`, rest, ['target']);
  const target = settings.get('target');
  if (target === undefined) return { metric, goal };
  return { metric, goal, target: numberOf(`--metric ${printable(text)}`, 'target', target) };
}

const RULE_NUMBERS = [
  'min',
  'max',
  'eta',
  'minRungSize',
  'interval',
  'percentile',
  'patience',
  'minDelta',
  'lower',
  'upper',
] as const;

/** `earlyStopping` as a manifest holds it. */
export type WrittenRule = Readonly<Record<string, string | number>>;

/**
 * Reads `asha`, `asha:max=9:eta=3` or `patience:patience=3`. Whether the rule is one is checked with the
 * whole manifest.
 *
 * @throws Failure
 */
export function parseRule(text: string): WrittenRule {
  const [algorithm = '', ...rest] = text.split(':');
  const flag = `--early-stop ${printable(text)}`;
  const settings = readSettings(flag, rest, ['resource', ...RULE_NUMBERS]);
  const rule: Record<string, string | number> = { algorithm };
  for (const [name, value] of settings) {
    rule[name] = name === 'resource' ? value : numberOf(flag, name, value);
  }
  return rule;
}

function readSettings(
  flag: string,
  words: readonly string[],
  known: readonly string[],
): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const word of words) {
    const [name = '', value] = word.split('=', 2);
    if (!known.includes(name)) {
      const near = nearestName(name, known);
      const meant = near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`;
      throw invalid(`${flag}: there is no ${printable(name)}; ${meant}`);
    }
    if (value === undefined || value === '') {
      throw invalid(`${flag}: ${name} needs a value, such as ${name}=3`);
    }
    if (settings.has(name)) throw invalid(`${flag}: ${name} is set twice`);
    settings.set(name, value);
  }
  return settings;
}

function numberOf(flag: string, name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw invalid(`${flag}: ${name} must be a number, got ${printable(text)}`);
}
