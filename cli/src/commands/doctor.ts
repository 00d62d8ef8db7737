import type { ClusterProbe } from '@espalier/controller/remote';
import { writeLines } from '../channel.ts';
import { isOnCluster, openProbe } from '../cluster.ts';
import {
  clockFinding,
  controllerFinding,
  gpusFinding,
  kindsFinding,
  partsFinding,
  RIGHTS,
  rightsFinding,
  versionFinding,
} from '../doctor/cluster-findings.ts';
import { bad, type Finding, hidden, ok } from '../doctor/finding.ts';
import { localFindings } from '../doctor/local-findings.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { messageOf } from '../failure.ts';
import { folderOf, type Location, type OpenedCluster, withUserCluster } from '../location.ts';
import { printable } from '../render/printable.ts';
import type { Style } from '../render/style.ts';
import { fit } from '../render/width.ts';
import type { Surroundings } from '../surroundings.ts';

export interface DoctorOptions extends Location {
  readonly json?: boolean;
}

/** Looks at everything that an Experiment needs, and says of each whether it is there or what to do. */
export async function doctor(
  surroundings: Surroundings,
  options: DoctorOptions,
): Promise<ExitCode> {
  const { stdout } = surroundings;
  const findings = isOnCluster(options)
    ? await onCluster(surroundings, options)
    : await localFindings(folderOf(surroundings, options));
  const isWell = findings.every(({ state }) => state !== 'bad');
  if (options.json === true) {
    stdout.write(`${JSON.stringify({ ok: isWell, findings }, undefined, 2)}\n`);
  } else
    writeLines(
      stdout,
      findings.flatMap((finding) => linesOf(finding, stdout)),
    );
  return isWell ? EXIT.ok : EXIT.needsCare;
}

const MARKS: Readonly<Record<Finding['state'], readonly [string, Style]>> = {
  ok: ['ok', 'good'],
  bad: ['BAD', 'bad'],
  hidden: ['?', 'warning'],
};

function linesOf(
  { what, state, detail, todo = [] }: Finding,
  { paint }: Surroundings['stdout'],
): readonly string[] {
  const [mark, style] = MARKS[state];
  return [
    `${paint(style, fit(mark, 3))}  ${fit(what, 12)} ${printable(detail)}`,
    ...todo.map((line) => `${' '.repeat(18)}-> ${printable(line)}`),
  ];
}

async function onCluster(
  surroundings: Surroundings,
  options: DoctorOptions,
): Promise<readonly Finding[]> {
  const probe = await openProbe(surroundings, options);
  try {
    return await withUserCluster(
      surroundings,
      options,
      (opened) => clusterFindings(surroundings, probe, opened),
      'nothing was changed; look again',
    );
  } finally {
    probe.close();
  }
}

async function clusterFindings(
  surroundings: Surroundings,
  probe: ClusterProbe,
  { cluster, client, place, signal }: OpenedCluster,
): Promise<readonly Finding[]> {
  const call = { signal };
  const kubeconfig = ok('kubeconfig', `${cluster.server}, namespace ${place.namespace}`);
  let version: Finding;
  try {
    version = versionFinding(await probe.version(call));
  } catch (error) {
    signal.throwIfAborted();
    const why = messageOf(error);
    return [
      kubeconfig,
      bad('API server', why, 'kubectl cluster-info tells whether kubectl reaches it'),
    ];
  }
  const ahead = probe.clockAheadMs();
  const looks: (() => Promise<Finding>)[] = [
    async () => kindsFinding(await probe.fields(call)),
    async () => {
      const { namespace } = place;
      const allowed = await Promise.all(
        RIGHTS.map((right) => probe.isAllowed({ ...right, namespace }, call)),
      );
      return rightsFinding(
        RIGHTS.filter((_, at) => allowed[at] === false),
        namespace,
      );
    },
    async () => {
      const [leases, images] = await Promise.all([probe.leases(call), probe.images(call)]);
      return controllerFinding(leases, images, surroundings.now() - (ahead ?? 0));
    },
    async () => partsFinding(await client.experiments(), place.namespace),
    async () => gpusFinding(await probe.gpus(call)),
  ];
  const names = ['kinds', 'rights', 'controller', 'NATS, store', 'GPUs'];
  const found = await Promise.all(
    looks.map((look, at) =>
      look().catch((error: unknown) => {
        signal.throwIfAborted();
        return hidden(names[at] ?? '', messageOf(error));
      }),
    ),
  );
  return [kubeconfig, version, clockFinding(ahead), ...found];
}
