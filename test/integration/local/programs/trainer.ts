/**
 * A trainer that fulfils the contract in ways that a parameter `mode` chooses. Usage: LEDGER
 * Every start, resume and completion is a line of LEDGER, so that a test can count them.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const { ESPALIER_TRIAL = '', ESPALIER_OUT: out = '', ESPALIER_REPORT = '' } = process.env;
const { ESPALIER_RESUME: resume = '' } = process.env;
const [ledger = ''] = process.argv.slice(2);
const task = JSON.parse(ESPALIER_TRIAL);
const report = ESPALIER_REPORT.replace(/^file:/, '');
const parameter = (name: string) =>
  task.parameters.find((one: { name: string }) => one.name === name);
const mode: string = parameter('mode')?.string ?? 'ok';
const epochs: number = parameter('epochs')?.int ?? 2;
const epochMs: number = parameter('epochMs')?.int ?? 0;
const top: number = parameter('top')?.float ?? 0.5;

const note = (word: string, more = ''): void =>
  appendFileSync(ledger, `${word} ${task.trial} ${task.attempt} ${process.pid} ${more}\n`);
const say = (line: object): void => appendFileSync(report, `${JSON.stringify(line)}\n`);
const point = (epoch: number, value: number | string): void =>
  say({
    kind: 'points',
    points: [{ seq: epoch - 1, step: epoch * 10, epoch, values: { acc: value }, time: 0 }],
  });

function commit(name: string, content: string): { path: string; size: number; sha256: string } {
  const path = join(out, name);
  mkdirSync(join(path, '..'), { recursive: true });
  const fd = openSync(`${path}.tmp`, 'w');
  writeSync(fd, content);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(`${path}.tmp`, path);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { path: name, size: Buffer.byteLength(content), sha256 };
}

function manifest(name: string, epoch: number, isLast: boolean): void {
  const step = epoch * 10;
  const files = [
    commit(`checkpoint-${step}/model.safetensors`, `model ${task.trial} ${epoch}`),
    commit(`checkpoint-${step}/state.safetensors`, `${epoch}`),
    ...(isLast ? [commit('metrics.csv', 'epoch,acc\n')] : []),
  ];
  const best = { step, epoch, value: top };
  const content = {
    ...{ version: 1, trialUid: task.uid, attempt: task.attempt, step, epoch, best },
    ...{ resume: isLast ? null : { step }, files },
  };
  commit(name, JSON.stringify(content));
}

/** The epoch to go on from. */
function resumedEpoch(): number {
  const found = readdirSync(resume).find((name) => /^manifest-\d+\.json$/.test(name));
  if (found === undefined) return 0;
  const { step } = JSON.parse(readFileSync(join(resume, found), 'utf8')).resume;
  return Number(readFileSync(join(resume, `checkpoint-${step}/state.safetensors`), 'utf8'));
}

let asked = false;
process.on('SIGTERM', () => {
  if (mode === 'ignore-term') note('ignored');
  else asked = true;
});

note('start');
const from = resumedEpoch();
if (from > 0) note('resume', String(from));
say({ kind: 'started', time: 0, firstSeq: from, resumedStep: from * 10 });

const early: Record<string, () => void> = {
  'exit-1': () => process.exit(1),
  'exit-20': () => process.exit(20),
  'exit-21': () => process.exit(21),
  'exit-30': () => process.exit(30),
  'crash-once': () => task.attempt === 0 && process.exit(1),
  sigkill: () => process.kill(process.pid, 'SIGKILL'),
  silent: () => process.exit(0),
  flood: () => {
    for (let seq = 0; seq < 1_000_000; seq += 1000) {
      const points = Array.from({ length: 1000 }, (_, i) => ({
        ...{ seq: seq + i, step: seq + i, epoch: 0, values: { acc: top }, time: 0 },
      }));
      say({ kind: 'points', points });
    }
    process.exit(0);
  },
  'half-line': () => {
    point(1, top);
    appendFileSync(report, '{"kind":"points","points":[{"seq":1,');
    process.exit(0);
  },
  garbage: () => {
    point(1, top);
    appendFileSync(report, `not json\n{"kind":"nonsense"}\n\u0000\n${'x'.repeat(3_000_000)}\n`);
    point(2, top + 0.1);
    process.exit(0);
  },
  family: () => {
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const loner = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
    note('child', `${child.pid} ${loner.pid}`);
  },
  prints: () => {
    for (let i = 0; i < 40_000; i++) process.stdout.write(`line ${i} ${'.'.repeat(1000)}\n`);
  },
  argv: () => {
    writeFileSync(join(out, 'argv.json'), JSON.stringify(process.argv.slice(2)));
    writeFileSync(join(out, 'env.json'), JSON.stringify(process.env));
  },
};
early[mode]?.();

for (let epoch = from + 1; epoch <= epochs; epoch++) {
  for (let waited = 0; waited < epochMs && !asked; waited += 10) await sleep(10);
  if (asked) {
    note('saved', String(epoch - 1));
    process.exit(10);
  }
  point(epoch, mode === 'nan' ? 'NaN' : top * (epoch / epochs));
  if (epoch < epochs) manifest(`manifest-${epoch * 10}.json`, epoch, false);
}
if (mode === 'ignore-term') await sleep(60_000);
manifest('manifest.json', epochs, true);
say({ kind: 'finished', time: 0, lastSeq: epochs - 1, digest: '0000000000000000' });
note('complete');
// A child that is still there would keep this process.
process.exit(0);
