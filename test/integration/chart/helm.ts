import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../kit/kube-types.ts';
import { toolPaths } from '../../kit/tools.ts';

export const CHART = join(import.meta.dirname, '../../../charts/espalier');
export const RELEASE = 'espalier';
export const NAMESPACE = 'espalier-system';

/** Values as a user gives them. */
export type Values = Readonly<Record<string, unknown>>;

/** Any object of Kubernetes, as a template renders it. */
export interface Rendered extends KubeObject {
  readonly spec?: unknown;
  readonly data?: Readonly<Record<string, string>>;
  readonly rules?: readonly object[];
}

export interface HelmEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs helm with a home of its own; resolves also when it fails. */
export async function helm(
  args: readonly string[],
  options: { readonly values?: Values; readonly kubeconfig?: string } = {},
): Promise<HelmEnd> {
  const { helm: path } = await toolPaths(['helm']);
  const home = mkdtempSync(join(tmpdir(), 'espalier-helm-'));
  try {
    const file = join(home, 'values.json');
    writeFileSync(file, JSON.stringify(options.values ?? {}));
    const { kubeconfig } = options;
    const all = [
      ...args,
      ...(options.values === undefined ? [] : ['--values', file]),
      ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ];
    const running = promisify(execFile)(path, all, {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      env: { HOME: home },
    });
    return await running.then(
      (output) => ({ code: 0, ...output }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        stdout: error.stdout,
        stderr: error.stderr,
      }),
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Renders the chart without asking a server; resolves also when it fails. */
export function template(values: Values = {}, args: readonly string[] = []): Promise<HelmEnd> {
  const where = [RELEASE, CHART, '--namespace', NAMESPACE];
  return helm(['template', ...where, ...args], { values });
}

/**
 * Everything that the chart renders, hooks included.
 *
 * @throws {Error} with what helm says if it does not render.
 */
export async function render(values: Values = {}): Promise<Rendered[]> {
  const { code, stdout, stderr } = await template(values);
  if (code !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJSON() as Rendered | null)
    .filter((object) => object !== null);
}

/** @throws {Error} if there is none. */
export function find(objects: readonly Rendered[], kind: string, name: string): Rendered {
  const found = objects.find((object) => object.kind === kind && object.metadata?.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}
