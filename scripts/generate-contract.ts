import {
  ARTIFACT,
  addToDigest,
  EMPTY_DIGEST,
  encodeReportLine,
  formatDigest,
  manifestSchema,
  type Point,
  type ReportLine,
  reportLineSchema,
  type TrainerTask,
  trainerTaskSchema,
} from '@espalier/api';
import { artifacts, environment, exitCodes } from './generate-reference.ts';

export const CONTRACT = 'docs/trainer-contract.md';

const UID = '0b9f3a6e-52b1-4c37-9a59-0d6cf6f0a1d2';

const TASK: TrainerTask = {
  namespace: 'team-a',
  experiment: 'digits',
  trial: 'digits-00003',
  uid: UID,
  attempt: 0,
  parameters: [
    { name: 'lr', float: 0.001 },
    { name: 'batchSize', int: 64 },
    { name: 'schedule', string: 'cosine' },
    { name: 'nesterov', bool: true },
  ],
  objective: { metric: 'valid_acc', goal: 'maximize' },
  checkpoint: { everyEpochs: 1 },
};

const POINTS: readonly Point[] = [
  { seq: 0, step: 100, epoch: 1, values: { loss: 0.91, valid_acc: 0.71 }, time: 1_767_225_602_000 },
  { seq: 1, step: 200, epoch: 2, values: { loss: Number.NaN }, time: 1_767_225_604_000 },
];

const LINES: readonly ReportLine[] = [
  { kind: 'started', time: 1_767_225_600_000, firstSeq: 0, resumedStep: 0, epochs: 2 },
  { kind: 'points', points: [...POINTS] },
  {
    kind: 'finished',
    time: 1_767_225_605_000,
    lastSeq: 1,
    digest: formatDigest(POINTS.reduce(addToDigest, EMPTY_DIGEST)),
  },
];

const MANIFEST = {
  version: 1,
  trialUid: UID,
  attempt: 0,
  step: 200,
  epoch: 2,
  best: { step: 100, epoch: 1, value: 0.71 },
  resume: { step: 200 },
  files: [
    file(`checkpoint-100/${ARTIFACT.model}`, 51_336),
    file(`checkpoint-200/${ARTIFACT.model}`, 51_336),
    file(`checkpoint-200/${ARTIFACT.state}`, 102_672),
  ],
};

function file(path: string, size: number) {
  return { path, size, sha256: `${String(size).padStart(5, '0')}…` };
}

const BLOCKS: Readonly<Record<string, () => string>> = {
  environment,
  'exit codes': exitCodes,
  artifacts,
  task: () => code('json', JSON.stringify(trainerTaskSchema.parse(TASK), undefined, 2)),
  report: () => code('json', LINES.map((line) => encodeReportLine(checkedLine(line))).join('\n')),
  manifest: () => {
    const files = MANIFEST.files.map((each) => ({ ...each, sha256: '0'.repeat(64) }));
    manifestSchema.parse({ ...MANIFEST, files });
    const text = JSON.stringify(MANIFEST, undefined, 2);
    // A file is a line.
    return code(
      'json',
      text.replaceAll(/\{\s+("path"[^}]*?)\s+\}/g, (_all, inner: string) => {
        return `{ ${inner.replaceAll(/\s+/g, ' ')} }`;
      }),
    );
  },
};

/**
 * The trainer contract: its tables and examples come from the schemas, the sentences between them stay
 * as they are written.
 *
 * @throws {Error} if the text has no place for one of them.
 */
export function contractFile(current: string): [string, string] {
  let text = current;
  for (const [name, build] of Object.entries(BLOCKS)) {
    const [begin, end] = [`<!-- generated: ${name} -->\n`, `<!-- end: ${name} -->`];
    const from = text.indexOf(begin);
    const to = text.indexOf(end);
    if (from < 0 || to < from)
      throw new Error(`${CONTRACT} has no "${begin.trim()}" before "${end}"`);
    text = `${text.slice(0, from + begin.length)}\n${build()}\n\n${text.slice(to)}`;
  }
  return [CONTRACT, text];
}

/** As a reader would take it. */
function checkedLine(line: ReportLine): ReportLine {
  reportLineSchema.parse(JSON.parse(encodeReportLine(line)));
  return line;
}

function code(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}
