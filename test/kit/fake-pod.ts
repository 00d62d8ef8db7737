/**
 * What a fake node does with a pod, chosen by annotations of the pod or, where a test cannot set
 * those, by environment variables of its first container (`FAKE_RUN_FOR`, `FAKE_EXIT_CODE`, ...).
 */
export interface FakeBehaviour {
  /** Time from scheduled to Running: "500ms". @default "0s" */
  readonly startAfter?: string;
  /** It never runs: the container waits for ever with this reason (ImagePullBackOff, ...). */
  readonly stuckReason?: string;
  /** Time from Running to the end; "never" runs until it is deleted or told otherwise. @default "0s" */
  readonly runFor?: string;
  /** How it ends. @default "exit" */
  readonly ending?: FakeEnding;
  /** Of every container, when it ends by itself. @default 0 for "exit" */
  readonly exitCode?: number;
  /** The termination message of the first container. */
  readonly message?: string;
  /** Time from deletion to the end; "never" stays Terminating, as on a lost node. @default "0s" */
  readonly terminateAfter?: string;
  /** Of a deleted pod: 143 is a SIGTERM without a handler, 0 a program that ends in order. @default 143 */
  readonly terminateExitCode?: number;
}

/**
 * - `exit`: every container ends with the exit code;
 * - `oom`: 137 with reason OOMKilled;
 * - `evict`: node pressure: reason Evicted, condition DisruptionTarget, 137;
 * - `shutdown`: the node shuts down: reason Terminated, condition DisruptionTarget, 143.
 */
export type FakeEnding = 'exit' | 'oom' | 'evict' | 'shutdown';

/** Prefix of the annotations. */
export const FAKE = 'fake.espalier.test';

/** The label that `fakeNode` puts on its nodes, and the taint that keeps other pods away. */
export const FAKE_NODE_LABEL = `${FAKE}/node`;

/** The annotation of a behaviour's field: `runFor` is `fake.espalier.test/run-for`. */
const kebab = (field: string): string => field.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** The annotations that make a fake node behave so. */
export function fakeAnnotations(behaviour: FakeBehaviour): Record<string, string> {
  return Object.fromEntries(
    Object.entries(behaviour).map(([field, value]) => [`${FAKE}/${kebab(field)}`, String(value)]),
  );
}

/** The same as environment variables, for a container of a pod that others create. */
export function fakeEnv(behaviour: FakeBehaviour): { name: string; value: string }[] {
  return Object.entries(behaviour).map(([field, value]) => ({
    name: envName(kebab(field)),
    value: String(value),
  }));
}

const envName = (setting: string): string => `FAKE_${setting.toUpperCase().replaceAll('-', '_')}`;

/** The jq expression for a setting: the annotation, else the variable, else nothing. */
export function settingJq(setting: string): string {
  const variable = `.spec.containers[0].env // [] | map(select(.name == "${envName(setting)}"))`;
  return `.metadata.annotations["${FAKE}/${setting}"] // (${variable} | .[0].value)`;
}

/** The Go template that puts a setting into `$name`, or an empty text. */
export function settingTemplate(name: string, setting: string): string {
  return [
    `{{ $${name} := "" }}`,
    `{{ range ((index .spec.containers 0).env) }}{{ if eq .name "${envName(setting)}" }}`,
    `{{ $${name} = (or .value "") }}{{ end }}{{ end }}`,
    `{{ with .metadata.annotations }}{{ with (index . "${FAKE}/${setting}") }}`,
    `{{ $${name} = . }}{{ end }}{{ end }}`,
  ].join('');
}
