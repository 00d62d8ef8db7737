import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from './free-port.ts';
import { startProcess } from './own-process.ts';
import { makeStateFolder } from './state-folder.ts';
import { waitFor } from './wait.ts';

const script = join(import.meta.dirname, '../../scripts/fetch-prometheus.sh');

let found: { readonly paths: Record<string, string> } | { readonly why: string } | undefined;

/** Why there is no Prometheus here, or false; for `skip` of node:test. Fetches it where it can. */
export function whyNoPrometheus(): string | false {
  found ??= find();
  return 'why' in found ? found.why : false;
}

function find(): NonNullable<typeof found> {
  const { status, stdout, stderr } = spawnSync(script, { encoding: 'utf8' });
  if (status !== 0) return { why: stderr.trim().split('\n').at(-1) || `${script} failed` };
  const lines = stdout.trimEnd().split('\n');
  return { paths: Object.fromEntries(lines.map((line) => splitAt(line, line.indexOf(' ')))) };
}

function splitAt(text: string, at: number): [string, string] {
  return [text.slice(0, at), text.slice(at + 1)];
}

function pathOf(program: 'prometheus' | 'promtool'): string {
  const why = whyNoPrometheus();
  const path = found !== undefined && 'paths' in found ? found.paths[program] : undefined;
  if (path === undefined) throw new Error(String(why));
  return path;
}

/** The program, for who starts it elsewhere. */
export const prometheusPath = (): string => pathOf('prometheus');

/** Runs promtool; its output in one text, whether it said yes or not. */
export function promtool(
  args: readonly string[],
  input = '',
): { readonly ok: boolean; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(pathOf('promtool'), args, {
    input,
    encoding: 'utf8',
  });
  return { ok: status === 0, output: `${stdout}${stderr}` };
}

/** A series of an instant query: its labels, and its value as Prometheus writes it. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
}

export interface PrometheusOptions {
  /** Entries of `scrape_configs`, as in its configuration file. */
  readonly scrapeConfigs: readonly object[];
  /** Groups of rules, as in a file of rules. */
  readonly groups?: readonly object[];
}

/** A real Prometheus with an empty database. */
export interface Prometheus {
  readonly url: string;
  /** An instant query. @throws {Error} with what Prometheus says of a wrong one. */
  query(expression: string): Promise<readonly Sample[]>;
  /** Any other part of its HTTP API: `targets`, `rules`. */
  api<T>(path: string): Promise<T>;
  stop(options?: { readonly failed?: boolean }): Promise<void>;
}

/** Starts Prometheus on a free port of 127.0.0.1; needs no root. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const folder = makeStateFolder('prometheus');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { scrapeConfigs, groups = [] } = options;
  writeFileSync(folder.file('rules.yaml'), stringify({ groups }));
  writeFileSync(
    folder.file('prometheus.yaml'),
    stringify({
      global: { evaluation_interval: '250ms' },
      rule_files: ['rules.yaml'],
      scrape_configs: scrapeConfigs,
    }),
  );
  const own = await startProcess({
    command: pathOf('prometheus'),
    args: [
      `--config.file=${folder.file('prometheus.yaml')}`,
      `--storage.tsdb.path=${folder.file('data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    cwd: folder.path,
    logFile: folder.file('prometheus.log'),
  });
  const api = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}/api/v1/${path}`);
    const answer = (await response.json()) as { data: T; error?: string };
    if (answer.error !== undefined) throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  };
  const stop = async ({ failed = false } = {}): Promise<void> => {
    await own.kill();
    folder.remove({ keepLogs: failed });
  };
  await waitFor(async () => (await fetch(`${url}/-/ready`)).ok, {
    what: 'Prometheus is ready',
    unless: () => own.whyEnded(),
  }).catch(async (error) => {
    await stop({ failed: true });
    throw error;
  });
  return {
    url,
    api,
    stop,
    query: async (expression) => {
      const { result } = await api<{
        result: { metric: Record<string, string>; value: [number, string] }[];
      }>(`query?query=${encodeURIComponent(expression)}`);
      return result.map(({ metric, value }) => ({ labels: metric, value: value[1] }));
    },
  };
}
