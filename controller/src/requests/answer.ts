import {
  type AttemptAddress,
  quoteText,
  type TrainerAnswer,
  type TrainerRequest,
  trainerRequestSchema,
} from '@espalier/api';
import type { ArtifactKeys, AttemptPlace } from '../domain/artifacts/keys.ts';
import { refuseUpload } from '../domain/artifacts/upload.ts';
import type { Call, Cluster } from '../ports/cluster.ts';
import type { ReportReceipts } from '../ports/metrics-feed.ts';
import type { ObjectReader, RequestSigner } from '../ports/objects.ts';
import type { Clock, Logger } from '../ports/telemetry.ts';
import { type AskingAttempt, findAttempt } from './asking-attempt.ts';
import { GrantedByAttempt } from './granted.ts';
import { AttemptInputs } from './inputs.ts';
import { refuse, refuseRequester, refuseUploadOf } from './refusal.ts';

/** Where trainers' files lie, and who signs for them. */
export interface TrainerStore {
  readonly objects: ObjectReader;
  readonly signer: RequestSigner;
  readonly keys: ArtifactKeys;
  /** What one attempt may store. */
  readonly quotaBytes: number;
}

export interface AnswererOptions {
  readonly cluster: Pick<Cluster, 'podsOf' | 'trial' | 'experiment' | 'profile'>;
  readonly receipts: ReportReceipts;
  /** Undefined = there is no object store. */
  readonly store: TrainerStore | undefined;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
  /** Told after a URL for a file was granted. */
  readonly onGranted?: (asking: AskingAttempt, path: string) => void;
}

const LOG_EVERY_MS = 10_000;

type RequestOf<K extends TrainerRequest['kind']> = Extract<TrainerRequest, { kind: K }>;

/**
 * Answers what trainers ask. It only reads and signs, so any number of them could answer; that one
 * alone does, the leader, keeps the quotas. Its answers carry signed URLs: they are never logged.
 */
export class RequestAnswerer {
  readonly #options: AnswererOptions;
  readonly #granted: GrantedByAttempt | undefined;
  readonly #inputs: AttemptInputs | undefined;
  #failures = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(options: AnswererOptions) {
    const { cluster, store } = options;
    this.#options = options;
    this.#granted = store && new GrantedByAttempt(store.objects, store.keys);
    this.#inputs = store && new AttemptInputs(cluster, store.objects, store.keys);
  }

  /**
   * The answer as text; undefined = not now, so that the trainer asks again.
   *
   * @throws what the object store throws, after it was logged.
   */
  async answerText(from: AttemptAddress, text: string, call: Call): Promise<string | undefined> {
    try {
      const answer = await this.answer(from, text, call);
      return answer && JSON.stringify(answer);
    } catch (error) {
      this.#logFailure(from, error);
      throw error;
    }
  }

  /** What the attempt stores was changed by us: it is counted anew. */
  recount(place: AttemptPlace): void {
    this.#granted?.forget(place);
  }

  /** Undefined = not known now, so that the trainer asks again. */
  async answer(from: AttemptAddress, text: string, call: Call): Promise<TrainerAnswer | undefined> {
    const request = parse(text);
    if (request === undefined) {
      return refuse(
        'InvalidRequest',
        `not a request of this protocol: ${quoteText(text.slice(0, 80))}`,
      );
    }
    const { cluster } = this.#options;
    const asking = findAttempt(cluster, from);
    if (asking.kind === 'unknown') return undefined;
    if (asking.kind === 'refused') return refuseRequester(asking.reason);
    const { attempt } = asking;
    switch (request.kind) {
      case 'sync':
        return this.#sync(from);
      case 'upload':
        return this.#upload(attempt, request, call);
      case 'inputs':
        return this.#list(attempt, call);
      case 'read':
        return this.#read(attempt, request, call);
    }
  }

  /** A store that is away fails every request of every trainer: one line tells of many. */
  #logFailure({ namespace, trialUid, attempt }: AttemptAddress, error: unknown): void {
    const nowMs = this.#options.clock.now();
    this.#failures += 1;
    if (nowMs - this.#toldMs < LOG_EVERY_MS) return;
    this.#options.log.warn('requests of trainers fail', {
      failures: this.#failures,
      ...{ namespace, trialUid, attempt },
      error: String(error),
    });
    this.#failures = 0;
    this.#toldMs = nowMs;
  }

  #sync({ trialUid, attempt }: AttemptAddress): TrainerAnswer | undefined {
    const progress = this.#options.receipts.progressOf(trialUid, attempt);
    return progress && { kind: 'sync', ...progress };
  }

  async #upload(
    asking: AskingAttempt,
    request: RequestOf<'upload'>,
    call: Call,
  ): Promise<TrainerAnswer> {
    const { store, onGranted } = this.#options;
    if (store === undefined || this.#granted === undefined) return noStore();
    const granted = await this.#granted.of(asking.place, call);
    const { path, size, sha256 } = request;
    const reason = refuseUpload(granted, request, store.quotaBytes);
    if (reason !== undefined) return refuseUploadOf(request, reason, store.quotaBytes);
    // Before anything that waits, so that two requests at once do not share the same room.
    granted.add(path, size);
    const key = store.keys.attemptFile(asking.place, path);
    const signed = await store.signer.put({ key, size, sha256 });
    onGranted?.(asking, path);
    return { kind: 'upload', ...signed };
  }

  async #list({ experiment, pod }: AskingAttempt, call: Call): Promise<TrainerAnswer> {
    const needsStore = experiment.spec.data?.s3 !== undefined || pod.resumeFrom !== undefined;
    if (!needsStore) return { kind: 'inputs', data: null, resume: null };
    if (this.#inputs === undefined) return noStore();
    const [data, resume] = await Promise.all([
      this.#inputs.data(experiment, call),
      this.#inputs.resume(experiment, pod, call),
    ]);
    if (data !== undefined && 'reason' in data) return data;
    if (resume !== undefined && 'reason' in resume) return resume;
    const manifest = resume?.files.get(resume.name);
    return {
      kind: 'inputs',
      data: data === undefined ? null : { size: data.size, sha256: data.sha256 },
      resume:
        resume === undefined || manifest === undefined
          ? null
          : { manifest: resume.name, size: manifest.size, sha256: manifest.sha256 },
    };
  }

  async #read(
    { experiment, pod }: AskingAttempt,
    { source, path }: RequestOf<'read'>,
    call: Call,
  ): Promise<TrainerAnswer> {
    const { store } = this.#options;
    if (store === undefined || this.#inputs === undefined) return noStore();
    const found =
      source === 'data'
        ? await this.#inputs.data(experiment, call)
        : await this.#inputs.resume(experiment, pod, call);
    if (found !== undefined && 'reason' in found) return found;
    const file = found !== undefined && 'files' in found ? found.files.get(path) : found;
    if (file === undefined) {
      return refuse('NotAnInput', `${quoteText(path)} of ${source} is not among the inputs`);
    }
    const { key, size, sha256 } = file;
    return { kind: 'read', ...(await store.signer.get(key)), size, sha256 };
  }
}

function parse(text: string): TrainerRequest | undefined {
  try {
    return trainerRequestSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function noStore(): TrainerAnswer {
  return refuse(
    'NoObjectStore',
    'this installation has no object store: configure s3, or keep data in a volume',
  );
}
