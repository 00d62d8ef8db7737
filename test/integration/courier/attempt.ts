import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  ARTIFACT,
  type AttemptAddress,
  addToDigest,
  CREDENTIAL_FILE,
  EMPTY_DIGEST,
  encodeReportLine,
  formatDigest,
  type Point,
  type ReportLine,
  TRAINER_ENV,
  type TrainerTask,
} from '@espalier/api';
import { attemptCredentials } from '../../../controller/src/adapters/nats/credentials.ts';
import { Courier } from '../../../courier/src/courier.ts';
import type { NatsServer } from '../../kit/nats-server.ts';

const HOUR_MS = 3600 * 1000;

/** What a courier says that has delivered everything. */
export const ALL_ARRIVED = { missing: [], refused: [] };

/** A trainer's side of one attempt: its folders, what it wrote, and a courier for it. */
export class Attempt {
  readonly address: AttemptAddress;
  readonly folder = mkdtempSync(join(tmpdir(), 'espalier-courier-'));
  readonly said: string[] = [];
  points = 0;
  #digest = EMPTY_DIGEST;

  constructor(address: AttemptAddress) {
    this.address = address;
    for (const name of ['run', 'out', 'credentials', 'data', 'resume']) mkdirSync(this.at(name));
    writeFileSync(this.at('termination'), '');
  }

  at(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  get reportFile(): string {
    return this.at('run', 'report.jsonl');
  }

  /** What a Secret would bring. */
  async provide({ installation }: NatsServer, expiresMs = Date.now() + HOUR_MS): Promise<void> {
    const credentials = await attemptCredentials(installation, this.address, expiresMs);
    writeFileSync(this.at('credentials', CREDENTIAL_FILE.user), credentials);
    writeFileSync(this.at('credentials', CREDENTIAL_FILE.ca), installation.ca.certificate);
  }

  /** The variables of a container of its pod. */
  environment(port: number): Record<string, string> {
    const { namespace, trialUid: uid, attempt } = this.address;
    const task: TrainerTask = {
      ...{ namespace, experiment: 'a', trial: 'a-00000', uid, attempt },
      parameters: [],
      objective: { metric: 'acc', goal: 'maximize' },
      checkpoint: { everyEpochs: 1 },
    };
    return {
      [TRAINER_ENV.trial]: JSON.stringify(task),
      [TRAINER_ENV.report]: `nats://127.0.0.1:${port}`,
      [TRAINER_ENV.credentials]: this.at('credentials'),
      [TRAINER_ENV.data]: this.at('data'),
      [TRAINER_ENV.out]: this.at('out'),
      [TRAINER_ENV.resume]: this.at('resume'),
      [TRAINER_ENV.terminationLog]: this.at('termination'),
    };
  }

  courier(port: number): Courier {
    const settings = {
      servers: [`127.0.0.1:${port}`],
      address: this.address,
      credentials: this.at('credentials'),
      reportFile: this.reportFile,
      outFolder: this.at('out'),
      syncMs: 300,
    };
    return new Courier(settings, (line) => this.said.push(line));
  }

  append(line: ReportLine): void {
    appendFileSync(this.reportFile, `${encodeReportLine(line)}\n`);
  }

  begin(): void {
    this.append({ kind: 'started', time: Date.now(), firstSeq: 0, resumedStep: 0 });
  }

  /**
   * Reports so many points more, in lines of a hundred.
   *
   * @param metrics Beside the usual ones, with names of 60 characters.
   */
  report(count: number, metrics = 0): void {
    const names = Array.from({ length: metrics }, (_, at) => `metric-${at}`.padEnd(60, '-'));
    for (const end = this.points + count; this.points < end; ) {
      const points: Point[] = [];
      while (points.length < 100 && this.points < end) {
        const seq = this.points;
        const more = Object.fromEntries(names.map((name) => [name, Math.sin(seq)]));
        const values = { acc: seq / 1e6, loss: Math.cos(seq), 'ein größerer Name': seq, ...more };
        const point = { seq, step: seq + 1, epoch: 0, values, time: Date.now() };
        this.#digest = addToDigest(this.#digest, point);
        points.push(point);
        this.points += 1;
      }
      this.append({ kind: 'points', points });
    }
  }

  finish(): void {
    const digest = formatDigest(this.#digest);
    this.append({ kind: 'finished', time: Date.now(), lastSeq: this.points - 1, digest });
  }

  /** Writes files and then the manifest that lists them, each whole or not at all. */
  commit(name: string, step: number, contents: Readonly<Record<string, string>>): void {
    const files = Object.entries(contents).map(([path, content]) => {
      this.write(path, content);
      const sha256 = createHash('sha256').update(content).digest('hex');
      return { path, size: Buffer.byteLength(content), sha256 };
    });
    const { trialUid, attempt } = this.address;
    const resume = name === ARTIFACT.manifest ? null : { step };
    const facts = { version: 1, trialUid, attempt, step, epoch: 1, best: null, resume };
    this.write(name, JSON.stringify({ ...facts, files }));
  }

  write(path: string, content: string): void {
    const target = this.at('out', path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.new`, content);
    renameSync(`${target}.new`, target);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
