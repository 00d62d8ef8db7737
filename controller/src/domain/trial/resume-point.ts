/** One manifest that was found whole: all files there, with the right sizes and digests. */
export interface ResumePoint {
  readonly trialUid: string;
  readonly trialIndex: number;
  readonly attempt: number;
  readonly step: number;
}

const NUMBER = '(0|[1-9]\\d{0,14})';
const UID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const POINT = new RegExp(`^(${UID})/${NUMBER}/${NUMBER}/${NUMBER}$`);

/** `<trialUid>/<index>/<attempt>/<step>`, as a pod carries it. */
export function formatResumePoint({ trialUid, trialIndex, attempt, step }: ResumePoint): string {
  return `${trialUid}/${trialIndex}/${attempt}/${step}`;
}

/** Undefined for anything that is not exactly of that form: such a pod starts anew. */
export function parseResumePoint(text: string): ResumePoint | undefined {
  const [, trialUid, trialIndex, attempt, step] = POINT.exec(text) ?? [];
  if (trialUid === undefined) return undefined;
  return {
    trialUid,
    trialIndex: Number(trialIndex),
    attempt: Number(attempt),
    step: Number(step),
  };
}
