import { GROUP } from './meta.ts';

/** Labels, annotations and finalizers; all of them are written by the controller and by nobody else. */
export const LABEL = {
  /** On Trials and pods: the name of the Experiment that owns them. */
  experiment: `${GROUP}/experiment`,
  /** On pods: the name of the Trial that owns them. */
  trial: `${GROUP}/trial`,
  /** On pods: the attempt number; the pod is named `<trial>-a<attempt>`. */
  attempt: `${GROUP}/attempt`,
} as const;

export const ANNOTATION = {
  /** On pods: the checkpoint that the attempt resumes from; it stays what the first leader chose. */
  resumeFrom: `${GROUP}/resume-from`,
} as const;

/** On Experiments before their first Trial, and on pods until their end is counted. */
export const FINALIZER = `${GROUP}/accounting`;

/** `<experiment>-<index, five digits>`: the only name a Trial of that index can have. */
export function trialName(experiment: string, index: number): string {
  return `${experiment}-${String(index).padStart(5, '0')}`;
}

/** The Experiment that a Trial of that name belongs to; undefined if no Trial is called so. */
export function trialOwner(name: string): string | undefined {
  return /^(.+)-\d{5,}$/.exec(name)?.[1];
}

/** `<trial>-a<attempt>`: the only name the pod of that attempt can have. */
export function podName(trial: string, attempt: number): string {
  return `${trial}-a${attempt}`;
}
