import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { formatProblem, readManifests } from '@espalier/api';
import fc from 'fast-check';
import { parse } from 'yaml';
import { kubeconfigAccess } from '../../controller/src/adapters/k8s/access.ts';
import { readConfig } from '../../controller/src/config.ts';
import { EspalierError } from '../../controller/src/ports/errors.ts';
import { casesOf } from './cases.ts';
import { fuzz } from './fuzzing.ts';
import { hostileText } from './hostile-text.ts';
import { hostileJson } from './hostile-values.ts';
import { useScratch } from './scratch.ts';

const SAMPLES = join(import.meta.dirname, '../../manifests/samples');

describe('what people and administrators write', () => {
  const folder = useScratch('manifests');

  test('G12 a manifest of any content is read or refused with places', async (t) => {
    const samples = readdirSync(SAMPLES)
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => readFileSync(join(SAMPLES, name), 'utf8'));
    await fuzz(t, {
      input: hostileText(samples),
      cases: casesOf('manifests'),
      read: (text) => {
        const { problems, ...read } = readManifests(text, 'file.yaml');
        const shown = problems.map((problem) => formatProblem(problem, text, 'file.yaml'));
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may reach a terminal.
        const hostile = /[\0-\x08\x0b-\x1f\x7f\u202e]/.exec(shown.join(''));
        if (hostile !== null) throw new Error(`it prints ${JSON.stringify(hostile[0])}`);
        return { experiments: read.experiments, profiles: read.profiles, written: read.written };
      },
    });
  });

  test('settings of any content are taken or told', async (t) => {
    const file = join(folder, 'settings.yaml');
    const names = [
      'natsServers',
      'kubeconfig',
      's3Bucket',
      's3Prefix',
      's3Endpoint',
      'leaseDuration',
    ];
    const setting = fc.tuple(
      fc.constantFrom(
        'kubeconfig',
        'nats-servers',
        's3-endpoint',
        's3-prefix',
        'lease-duration',
        '__proto__',
      ),
      hostileText(['nats.example:4222,b:4222', 'https://s3.example', '15s', '100Gi', '8080']),
    );
    const settings = 'leaseDuration: 15s\nnatsServers: [a:4222]\ns3Bucket: abc\nworkers: 8\n';
    await fuzz(t, {
      input: fc.record({
        text: hostileText([settings, names.map((name) => `${name}: 1\n`).join('')]),
        flags: fc.array(setting, { maxLength: 3 }),
        variables: fc.array(setting, { maxLength: 3 }),
      }),
      cases: casesOf('settings of the controller'),
      read: ({ text, flags, variables }) => {
        writeFileSync(file, text);
        const env = variables.map(([name, value]) => [
          `ESPALIER_${name.replaceAll('-', '_').toUpperCase()}`,
          value,
        ]);
        return readConfig(
          ['--config', file, ...flags.map(([name, value]) => `--${name}=${value}`)],
          Object.fromEntries(env),
        );
      },
    });
  });

  test('a kubeconfig of any content gives access or an error that says so', async (t) => {
    const file = join(folder, 'kubeconfig');
    await fuzz(t, {
      input: fc.oneof(hostileText([KUBECONFIG]), hostileJson([parse(KUBECONFIG)])),
      cases: casesOf('kubeconfigs'),
      declared: [EspalierError],
      read: (text) => {
        writeFileSync(file, text);
        return kubeconfigAccess([file]).server.href;
      },
    });
  });
});

const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: here
clusters:
- name: main
  cluster: {server: https://10.0.0.1:6443, certificate-authority-data: YWJj}
users:
- name: me
  user: {token: abc}
- name: file
  user:
    tokenFile: token
contexts:
- name: here
  context: {cluster: main, user: me, namespace: team}
`;
