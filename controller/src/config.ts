import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { durationMs, durationSchema } from '@espalier/api';
import { parse } from 'yaml';
import { z } from 'zod';
import { ArtifactKeys } from './domain/artifacts/keys.ts';

const duration = durationSchema.transform((text) => durationMs(text));
const wholeNumber = z.coerce.number().int();
const list = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
  .transform((items) => items.map((item) => item.trim()).filter((item) => item !== ''));
const truth = z.union([
  z.boolean(),
  z.enum(['true', 'false']).transform((text) => text === 'true'),
]);

const UNIT = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 } as const;
const bytes = z
  .union([z.string(), z.number().transform(String)])
  .transform((text) => /^([1-9][0-9]{0,14})(Ki|Mi|Gi|Ti|)$/.exec(text))
  .refine((match) => match !== null, 'must be a number of bytes, such as 512Mi or 100Gi')
  .transform((match) => Number(match?.[1]) * UNIT[(match?.[2] ?? '') as keyof typeof UNIT]);
const SERVER = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$/;
/** `host:port` for NATS, whose clients always speak TLS; a scheme in front is taken off. */
const natsServers = list
  .transform((items) => items.map((item) => item.replace(/^(?:nats|tls):\/\//, '')))
  .pipe(z.array(z.string().regex(SERVER, 'must be host:port')).max(16));

/** Every setting of the controller; a flag is its name, its variable `ESPALIER_` and its name. */
const configSchema = z
  .strictObject({
    kubeconfig: list
      .default([])
      .describe('kubeconfig files; empty = the service account of the pod'),
    context: z.string().min(1).optional().describe('context of the kubeconfig'),
    namespaces: list.default([]).describe('namespaces to look after, by comma; empty = all'),
    trainerImage: z.string().min(1).optional().describe('image of trainers that name none'),
    natsServers: natsServers
      .default([])
      .describe('host:port of NATS, by comma, for trainers too; empty = no live metrics'),
    natsKeys: z
      .string()
      .min(1)
      .optional()
      .describe('folder of "espalier-controller keys"; read again when it changes'),
    natsStreamBytes: bytes
      .prefault('4Gi')
      .describe('bytes of reports that NATS keeps; it must have room for them'),
    courierImage: z
      .string()
      .min(1)
      .optional()
      .describe('image that fetches data, and carries reports for trainers that ask for it'),
    s3Bucket: z.string().min(3).max(63).optional().describe('bucket of artifacts and data sets'),
    s3Prefix: z
      .string()
      .refine(isKeyPrefix, 'must be folders of letters, digits, _, . and -, joined by slashes')
      .default('')
      .describe('folder of the bucket that is ours'),
    s3Region: z.string().min(1).default('us-east-1').describe('region of the bucket'),
    s3Endpoint: z
      .url({ protocol: /^https?$/ })
      // The settings are logged.
      .refine(holdsNoCredentials, 'must hold no credentials')
      .optional()
      .describe('address of a store that is not AWS; trainers must reach it too'),
    s3PathStyle: truth.default(false).describe('the bucket is in the path, not in the host name'),
    s3Checksums: z
      .enum(['auto', 'when_required'])
      .default('auto')
      .describe('when_required for stores that refuse CRC headers'),
    s3AttemptQuota: bytes.prefault('100Gi').describe('bytes that one attempt may upload'),
    metricSeries: wholeNumber.min(1).default(50_000).describe('series of trials on one page'),
    metricSeriesPerExperiment: wholeNumber.min(1).default(10_000).describe('and of one Experiment'),
    metricParameters: truth.default(false).describe('a series per parameter of each trial, too'),
    metricGrace: duration.prefault('2m').describe('how long a trial that ended is still shown'),
    leaderElect: truth.default(true).describe('take turns with other replicas by a Lease'),
    leaseNamespace: z.string().min(1).optional().describe('namespace of the Lease; default: ours'),
    leaseName: z.string().min(1).default('espalier-controller').describe('name of the Lease'),
    leaseDuration: duration.prefault('15s').describe('others take over after so long'),
    renewDeadline: duration.prefault('10s').describe('we stop after so long without a renewal'),
    retryPeriod: duration.prefault('2s').describe('time between two tries'),
    workers: wholeNumber.min(1).max(64).default(8).describe('reconciles at once, per kind'),
    viewInterval: duration.prefault('1s').describe('shortest time between two progress writes'),
    httpHost: z.string().default('').describe('address of the probes; empty = every one'),
    httpPort: wholeNumber.min(0).max(65_535).default(8080).describe('port of probes and metrics'),
    logLevel: z
      .enum(['info', 'warn', 'error'])
      .default('info')
      .describe('least level of log lines'),
  })
  // Negated, so that a time that is not one is told once: it is neither less nor more.
  .refine((config) => !(config.renewDeadline >= config.leaseDuration), {
    path: ['renewDeadline'],
    message: 'must be less than leaseDuration',
  })
  .refine((config) => !(config.retryPeriod >= config.renewDeadline), {
    path: ['retryPeriod'],
    message: 'must be less than renewDeadline',
  })
  .refine(({ natsServers: { length }, natsKeys }) => length === 0 || natsKeys !== undefined, {
    path: ['natsKeys'],
    message: 'is needed with natsServers',
  })
  .refine(({ natsServers: { length }, courierImage }) => length === 0 || courierImage, {
    path: ['courierImage'],
    message: 'is needed with natsServers',
  })
  .refine(({ natsServers: { length }, s3Bucket }) => length > 0 || s3Bucket === undefined, {
    path: ['natsServers'],
    message: 'are needed with s3Bucket: trainers ask there for their uploads',
  });
export type Config = Readonly<z.infer<typeof configSchema>>;

export type ConfigResult =
  | { readonly kind: 'config'; readonly config: Config }
  | { readonly kind: 'help'; readonly text: string }
  /** All that is wrong, at once. */
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

const NAMES = Object.keys(configSchema.shape) as (keyof typeof configSchema.shape)[];

/**
 * Reads the settings once: flags before variables before the file of `--config` before defaults. The
 * only place of the controller that sees the environment.
 */
export function readConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigResult {
  const problems: string[] = [];
  const flags = readFlags(args, problems);
  if (flags['help'] === true) return { kind: 'help', text: helpText() };
  const path = flags['config'] ?? env['ESPALIER_CONFIG'];
  const file = typeof path === 'string' ? readFile(path, problems) : {};
  const origins = new Map<string, string>();
  // Without a prototype, so that `__proto__` in a file is a name like any other: of no setting.
  const values: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(file)) {
    values[name] = file[name];
    origins.set(name, `${name} in ${String(path)}`);
  }
  for (const name of NAMES) {
    const variable = variableOf(name);
    if (env[variable] !== undefined) {
      values[name] = env[variable];
      origins.set(name, variable);
    }
    const flag = flags[flagOf(name)];
    if (flag !== undefined) {
      values[name] = flag;
      origins.set(name, `--${flagOf(name)}`);
    }
  }
  const result = configSchema.safeParse(values);
  if (result.success && problems.length === 0) {
    return { kind: 'config', config: Object.freeze(result.data) };
  }
  for (const issue of result.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) problems.push(`${origins.get(key) ?? key}: no such setting`);
      continue;
    }
    const name = String(issue.path[0] ?? '');
    problems.push(`${origins.get(name) ?? name}: ${issue.message}`.replace(/^: /, ''));
  }
  return { kind: 'problems', problems };
}

/** Also of a text that is no URL, which another check tells. */
function holdsNoCredentials(text: string): boolean {
  const url = URL.parse(text);
  return url === null || (url.username === '' && url.password === '');
}

function isKeyPrefix(text: string): boolean {
  try {
    void new ArtifactKeys(text);
    return true;
  } catch {
    return false;
  }
}

function readFlags(
  args: readonly string[],
  problems: string[],
): Record<string, string | boolean | undefined> {
  const options = Object.fromEntries([
    ['help', { type: 'boolean' as const }],
    ['config', { type: 'string' as const }],
    ...NAMES.map((name) => [flagOf(name), { type: 'string' as const }] as const),
  ]);
  const { values, tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`unexpected argument "${token.value}"`);
    if (token.kind !== 'option') continue;
    const known = options[token.name];
    if (known === undefined) problems.push(`${token.rawName}: no such flag`);
    else if (known.type === 'string' && token.value === undefined) {
      problems.push(`${token.rawName}: needs a value`);
      delete values[token.name];
    }
  }
  return values as Record<string, string | boolean | undefined>;
}

function readFile(path: string, problems: string[]): Record<string, unknown> {
  try {
    const value: unknown = parse(readFileSync(path, 'utf8')) ?? {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
    problems.push(`${path}: must be a mapping of settings`);
  } catch (error) {
    problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {};
}

function helpText(): string {
  const width = Math.max(...NAMES.map((name) => flagOf(name).length));
  const lines = NAMES.map((name) => {
    const { description = '' } = configSchema.shape[name];
    return `  --${flagOf(name).padEnd(width)}  ${description}`;
  });
  const head = 'espalier-controller [--config FILE.yaml] [flags]; variables are ESPALIER_<FLAG>.';
  return [head, ...lines].join('\n');
}

/** `trainerImage` is `--trainer-image` and `ESPALIER_TRAINER_IMAGE`. */
function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function variableOf(name: string): string {
  return `ESPALIER_${flagOf(name).replaceAll('-', '_').toUpperCase()}`;
}
