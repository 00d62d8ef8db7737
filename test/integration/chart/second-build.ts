import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHART } from './helm.ts';

const root = join(CHART, '../..');
const WORKSPACES = ['api', 'search', 'controller'] as const;

/** A build of the next version, whose Experiments have one more field: `spec.note`. */
export interface SecondBuild {
  readonly program: string;
  readonly chart: string;
  remove(): void;
}

/** Copies the sources and the chart of this checkout and adds the field to both. */
export function makeSecondBuild(): SecondBuild {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-second-'));
  for (const workspace of WORKSPACES) {
    for (const part of ['package.json', 'src']) {
      cpSync(join(root, workspace, part), join(folder, workspace, part), { recursive: true });
    }
  }
  const modules = join(root, 'node_modules');
  const ours = join(folder, 'node_modules/@espalier');
  mkdirSync(ours, { recursive: true });
  for (const name of readdirSync(modules)) {
    if (name !== '@espalier') symlinkSync(join(modules, name), join(folder, 'node_modules', name));
  }
  for (const workspace of WORKSPACES) symlinkSync(join(folder, workspace), join(ours, workspace));
  const chart = join(folder, 'chart');
  cpSync(CHART, chart, { recursive: true });
  addField(folder, chart);
  return {
    program: join(folder, 'controller/src/main.ts'),
    chart,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Adds `spec.note` to copies of our sources and of the chart. */
export function addField(sources: string, chart: string): void {
  insert(
    join(sources, 'api/src/v1alpha1/experiment.ts'),
    '    queueName: labelNameSchema',
    "    note: z.string().max(64).optional().describe('note is for people.'),\n",
  );
  insert(
    join(chart, 'templates/crd-experiments.yaml'),
    '                queueName:\n',
    '                note:\n                  type: string\n                  maxLength: 64\n',
  );
}

function insert(file: string, before: string, text: string): void {
  const content = readFileSync(file, 'utf8');
  if (content.split(before).length !== 2) throw new Error(`${file} has not one "${before}"`);
  writeFileSync(file, content.replace(before, `${text}${before}`));
}
