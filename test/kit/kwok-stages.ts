import { TRAINER_ENV } from '@espalier/api';
import { FAKE, settingJq, settingTemplate } from './fake-pod.ts';

/** A step in the life of a fake node or pod, as kwok's Stage resource describes it. */
export interface Stage {
  readonly apiVersion: 'kwok.x-k8s.io/v1alpha1';
  readonly kind: 'Stage';
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

interface Match {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

function stage(kind: 'Node' | 'Pod', name: string, match: readonly Match[], rest: object): Stage {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: 'v1', kind },
      selector: { matchExpressions: match },
      ...rest,
    },
  };
}

const is = (key: string, ...values: string[]): Match => ({ key, operator: 'In', values });
const isNot = (key: string, ...values: string[]): Match => ({ key, operator: 'NotIn', values });
const isAbsent = (key: string): Match => ({ key, operator: 'DoesNotExist' });
const isThere = (key: string): Match => ({ key, operator: 'Exists' });
const ALIVE = isAbsent('.metadata.deletionTimestamp');
const DELETED = isThere('.metadata.deletionTimestamp');
const delayFrom = (expressionFrom: string) => ({
  delay: { durationMilliseconds: 0, durationFrom: { expressionFrom } },
});

/**
 * The kubelet writes the end of a pod even if it has a finalizer, then deletes it with no grace; the
 * API server removes the object once the finalizer is gone too. (kwok's own stage deletes at once,
 * so a pod with a finalizer would never become terminal.)
 */
const REMOVE = stage(
  'Pod',
  'pod-remove',
  [DELETED, is('.status.phase', 'Succeeded', 'Failed'), isThere(graceLeft())],
  { next: { delete: true } },
);

function graceLeft(): string {
  return '.metadata.deletionGracePeriodSeconds | select(. > 0)';
}

/** A condition whose message is the time of the end, so that an edit of the pod does not move it. */
const ENDS_AT = `${FAKE}/EndsAt`;

const CONDITIONS = (status: 'True' | 'False', more = '') => `
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ Now | Quote }}}
- {type: Ready, status: "${status}", lastTransitionTime: {{ Now | Quote }}}
- {type: ContainersReady, status: "${status}", lastTransitionTime: {{ Now | Quote }}}
${more}`;

const STARTED = `
startTime: {{ Now | Quote }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") | Quote }}`;

const RUNNING = `
phase: Running
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ Now | Quote }}}}
{{ end }}`;

/** The end of all containers; the template variables code, reason and message say how. */
const TERMINATED = `
containerStatuses:
{{ $first := true }}
{{ $began := or .status.startTime Now }}
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: false
  started: false
  restartCount: 0
  state:
    terminated:
      exitCode: {{ $code }}
      reason: {{ $reason | Quote }}
      {{ if and $first $message }}
      message: {{ $message | Quote }}
      {{ end }}
      startedAt: {{ $began | Quote }}
      finishedAt: {{ Now | Quote }}
{{ $first = false }}
{{ end }}`;

const DISRUPTED = (message: string) =>
  `- {type: DisruptionTarget, status: "True", reason: TerminationByKubelet, message: ${JSON.stringify(message)}, lastTransitionTime: {{ Now | Quote }}}`;

const EVICTED = 'The node was low on resource: memory.';
const SHUT_DOWN = 'Pod was terminated in response to imminent node shutdown.';

const STUCK = stage(
  'Pod',
  'pod-stuck',
  [
    ALIVE,
    is('.status.phase', 'Pending'),
    isThere(settingJq('stuck-reason')),
    isAbsent('.status.containerStatuses'),
  ],
  {
    next: {
      statusTemplate: `${settingTemplate('stuck', 'stuck-reason')}${CONDITIONS('False')}${STARTED}
phase: Pending
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: false
  started: false
  restartCount: 0
  state: {waiting: {reason: {{ $stuck | Quote }}, message: {{ printf "fake: %s" $stuck | Quote }}}}
{{ end }}`,
    },
  },
);

/**
 * For trying things out: a pod of a trial reports a made-up last value, best near a learning rate of
 * 0.003, unless it was given a message.
 */
const PRETENDED = `
{{ $task := dict }}
{{ range ((index .spec.containers 0).env) }}{{ if eq .name "${TRAINER_ENV.trial}" }}{{ $task = fromJson .value }}{{ end }}{{ end }}
{{ if and $task.objective (not $message) }}
{{ $off := 1.0 }}
{{ range $task.parameters }}{{ if eq .name "lr" }}{{ $off = divf (float64 (or .float .int 0.003)) 0.003 }}{{ end }}{{ end }}
{{ if lt $off 1.0 }}{{ $off = divf 1.0 $off }}{{ end }}
{{ $value := addf 0.5 (divf 0.48 (addf 1.0 (mulf 0.1 (subf $off 1.0)))) }}
{{ if eq $task.objective.goal "minimize" }}{{ $value = subf 1.0 $value }}{{ end }}
{{ $message = dict "seq" 1 "step" 100 "epoch" 1 "time" 1 "values" (dict $task.objective.metric (round $value 4)) | toJson }}
{{ end }}`;

const start = (defaultRunFor: string) =>
  stage(
    'Pod',
    'pod-start',
    [ALIVE, is('.status.phase', 'Pending'), isAbsent(settingJq('stuck-reason'))],
    {
      ...delayFrom(settingJq('start-after')),
      next: {
        statusTemplate: `${settingTemplate('runFor', 'run-for')}{{ $runFor = or $runFor ${JSON.stringify(defaultRunFor)} }}${CONDITIONS(
          'True',
          `{{ if and $runFor (ne $runFor "never") }}
- {type: ${ENDS_AT}, status: "True", lastTransitionTime: {{ Now | Quote }}, message: {{ now | dateModify (printf "+%s" $runFor) | date "2006-01-02T15:04:05.000Z07:00" | Quote }}}
{{ end }}`,
        )}${STARTED}${RUNNING}`,
      },
    },
  );

const end = (pretended: string) =>
  stage(
    'Pod',
    'pod-end',
    [ALIVE, is('.status.phase', 'Running'), isNot(settingJq('run-for'), 'never')],
    {
      // A pod that is told to end now ("0s") overrides the time that it was given at its start.
      ...delayFrom(
        `if (${settingJq('run-for')}) == "0s" then "0s" else (.status.conditions[] | select(.type == "${ENDS_AT}") | .message) end`,
      ),
      next: {
        statusTemplate: `
${settingTemplate('ending', 'ending')}${settingTemplate('exitCode', 'exit-code')}${settingTemplate('message', 'message')}${pretended}
{{ $code := or $exitCode "0" }}
{{ $reason := "Error" }}
{{ if eq $ending "oom" }}{{ $code = "137" }}{{ $reason = "OOMKilled" }}
{{ else if eq $ending "evict" }}{{ $code = "137" }}
{{ else if eq $ending "shutdown" }}{{ $code = "143" }}
{{ else if eq $code "0" }}{{ $reason = "Completed" }}{{ end }}
phase: {{ if eq $code "0" }}Succeeded{{ else }}Failed{{ end }}
{{ if eq $ending "evict" }}
reason: Evicted
message: ${JSON.stringify(EVICTED)}
{{ else if eq $ending "shutdown" }}
reason: Terminated
message: ${JSON.stringify(SHUT_DOWN)}
{{ end }}
${CONDITIONS(
  'False',
  `{{ if eq $ending "evict" }}
${DISRUPTED(EVICTED)}
{{ else if eq $ending "shutdown" }}
${DISRUPTED(SHUT_DOWN)}
{{ end }}`,
)}${TERMINATED}`,
      },
    },
  );

const TERMINATE = stage(
  'Pod',
  'pod-terminate',
  [
    DELETED,
    isNot('.status.phase', 'Succeeded', 'Failed'),
    isNot(settingJq('terminate-after'), 'never'),
  ],
  {
    ...delayFrom(settingJq('terminate-after')),
    next: {
      statusTemplate: `
${settingTemplate('exitCode', 'terminate-exit-code')}
{{ $message := "" }}
{{ $code := or $exitCode "143" }}
{{ $reason := "Error" }}
{{ if eq $code "0" }}{{ $reason = "Completed" }}{{ end }}
phase: {{ if eq $code "0" }}Succeeded{{ else }}Failed{{ end }}
${CONDITIONS('False')}${TERMINATED}`,
    },
  },
);

/** Pods behave as their annotations or variables say; without any they run and end at once with 0. */
export const SCRIPTED_PODS: readonly Stage[] = [STUCK, start(''), end(''), TERMINATE, REMOVE];

/** The same, for trying things out: five seconds each and {@link PRETENDED} values. */
export const PRETENDING_PODS: readonly Stage[] = [
  STUCK,
  start('5s'),
  end(PRETENDED),
  TERMINATE,
  REMOVE,
];

/**
 * For {@link FastPods}: what a trainer reports at its end, an accuracy that follows from the pod's name,
 * so that the best one moves on.
 */
export const FAKE_REPORT =
  '(printf "{\\"seq\\":0,\\"step\\":1,\\"epoch\\":1,\\"values\\":{\\"acc\\":0.%s},\\"time\\":1}" (adler32sum .metadata.name))';

export interface FastPods {
  /** Time from Running to the end; "never" runs until it is deleted. @default "0s" */
  readonly runFor?: string;
  /** Template text: the termination message of every pod, quoted for YAML. @default none */
  readonly message?: string;
}

/** Every pod behaves alike, with the least work for kwok; for benchmarks. */
export function fastPods({ runFor = '0s', message = '""' }: FastPods = {}): readonly Stage[] {
  const start = stage('Pod', 'pod-start', [ALIVE, is('.status.phase', 'Pending')], {
    next: { statusTemplate: `${CONDITIONS('True')}${STARTED}${RUNNING}` },
  });
  const end = stage('Pod', 'pod-end', [ALIVE, is('.status.phase', 'Running')], {
    ...delayFrom(JSON.stringify(runFor)),
    next: {
      statusTemplate: `
{{ $code := "0" }}{{ $reason := "Completed" }}{{ $message := ${message} }}
phase: Succeeded
${CONDITIONS('False')}${TERMINATED}`,
    },
  });
  return [start, ...(runFor === 'never' ? [] : [end]), TERMINATE, REMOVE];
}

const READY = '.status.conditions.[] | select( .type == "Ready" ) | .status';

const NODE_CONDITIONS = `
conditions:
{{ $now := Now }}
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}`;

/** Nodes are Ready at once; their leases, which kwok renews, keep them so. */
export const FAKE_NODES: readonly Stage[] = [
  stage('Node', 'node-ready', [isNot(READY, 'True')], {
    next: {
      statusTemplate: `${NODE_CONDITIONS}
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
- {type: Hostname, address: {{ .metadata.name | Quote }}}
nodeInfo:
  architecture: amd64
  operatingSystem: linux
  kubeletVersion: {{ printf "kwok-%s" Version }}
  osImage: ""
  kernelVersion: ""
  containerRuntimeVersion: ""
  kubeProxyVersion: ""
  machineID: ""
  systemUUID: ""
  bootID: ""
phase: Running`,
    },
  }),
  stage('Node', 'node-heartbeat', [is('.status.phase', 'Running'), is(READY, 'True')], {
    delay: { durationMilliseconds: 300_000, jitterDurationMilliseconds: 330_000 },
    next: { statusTemplate: NODE_CONDITIONS },
  }),
];
