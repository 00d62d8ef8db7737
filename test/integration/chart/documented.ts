import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from './helm.ts';

export const ROOT = join(CHART, '../..');

/** A document with commands. */
export type Document =
  | 'README.md'
  | 'docs/install.md'
  | 'docs/operations.md'
  | 'docs/tutorial.md'
  | 'manifests/samples/README.md';

/**
 * The commands of a document's shell blocks, in order: continued lines and pipes are one command, and a block
 * with a loop is one.
 */
export function commandsOf(document: Document): readonly string[] {
  const text = readFileSync(join(ROOT, document), 'utf8');
  return [...text.matchAll(/^ *```sh\n(.*?)^ *```/gms)].flatMap(([, block = '']) => {
    if (/^for /m.test(block)) return [block];
    return block
      .replaceAll('\\\n', ' ')
      .replaceAll('|\n', '| ')
      .split('\n')
      .map((line) => line.replaceAll(/ +/g, ' ').trim())
      .filter((line) => line !== '');
  });
}

/** What helm would be given of a command: the flags that set values. */
export function setsOf(command: string): readonly string[] {
  const flags = [...command.matchAll(/(--set(?:-string)?) (?:'([^']*)'|(\S+))/g)];
  return flags.flatMap(([, flag = '', quoted, plain]) => [flag, quoted ?? plain ?? '']);
}

/** When a command is run: before there is a release, with one, or at the very end. */
export type Stage = 'before' | 'installed' | 'end';

/** What is not run as it stands, and why; the first that fits counts. */
const NOT_RUN: readonly (readonly [RegExp, string])[] = [
  [
    /^helm (install|upgrade) /,
    'rendered by the first suite; installed and upgraded by install.test.ts',
  ],
  [/^helm (rollback|test|uninstall) /, 'install.test.ts runs it, with a limit of time'],
  [/^(IMAGE_PREFIX=\S+ )?make images/, 'takes Docker or root: images.test.ts looks at its files'],
  [/^\(umask 077/, 'deploy.test.ts runs it'],
  [
    /^kubectl apply -k manifests\/deploy$/,
    'deploy.test.ts runs it, on a cluster without the release',
  ],
  [/^kubectl port-forward /, 'goes on until it is interrupted, and no kubelet is there to forward'],
  [/^trainer-image\/bin\/espalier-train data digits/, 'takes a minute; the demo runs it'],
  [
    /data push digits/,
    'needs a store, which no image here is; data-push.test.ts pushes to a real one',
  ],
  [
    /^curl -s http:\/\/127\.0\.0\.1:8080\//,
    'needs the forwarded port; main.test.ts asks probes and metrics',
  ],
];

/** Why a command is not run; undefined = it is. */
export function whyNotRun(command: string): string | undefined {
  return NOT_RUN.find(([pattern]) => pattern.test(command))?.[1];
}

/** A command as it is run: samples are only looked at by the server, for samples.test.ts takes them to their end. */
export function asRun(command: string): string {
  const isSample = /^kubectl apply .*manifests\/samples\//.test(command);
  return isSample ? `${command} --dry-run=server` : command;
}

/** Exceptions that no command of the documents uses any more. */
export function staleExceptions(commands: readonly string[]): readonly string[] {
  return NOT_RUN.filter(([pattern]) => !commands.some((command) => pattern.test(command))).map(
    ([pattern]) => pattern.source,
  );
}

export function stageOf(command: string): Stage {
  if (/^(kubectl create (namespace|secret)|controller\/bin)/.test(command)) return 'before';
  if (
    /manifests\/uninstall$|job\/espalier-uninstall|^kubectl delete (crd|namespace)/.test(command)
  ) {
    return 'end';
  }
  return 'installed';
}
