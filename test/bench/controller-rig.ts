import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyCrds } from '../integration/k8s/objects.ts';
import { type ControlPlane, startControlPlane } from '../kit/control-plane.ts';
import { freePort } from '../kit/free-port.ts';
import { type Kwok, startKwok } from '../kit/kwok.ts';
import { FAKE_REPORT, fastPods } from '../kit/kwok-stages.ts';
import { startProcess } from '../kit/own-process.ts';
import { waitFor } from '../kit/wait.ts';
import { cpuSecondsOf } from './controller-load.ts';
import { parseReadings, type Readings } from './controller-metrics.ts';

const MAIN = join(import.meta.dirname, '../../controller/src/main.ts');

export interface BenchPlane {
  readonly plane: ControlPlane;
  readonly kwok: Kwok;
}

/** A fresh control plane with a fake node whose pods all run for so long and report a value. */
export async function startPlane(runFor: string): Promise<BenchPlane> {
  const plane = await startControlPlane({ label: 'bench' });
  try {
    const kwok = await startKwok(plane, {
      gpus: 100_000,
      stages: fastPods({ runFor, message: FAKE_REPORT }),
    });
    await applyCrds(plane);
    return { plane, kwok };
  } catch (error) {
    await plane.stop({ failed: true });
    throw error;
  }
}

/** The controller as a program of its own. */
export interface ControllerProcess {
  readings(): Promise<Readings>;
  readonly pid: number;
  cpuSeconds(): number;
  /** The most that was ever resident. */
  rssMB(): number;
  whyEnded(): string | undefined;
  stop(): Promise<void>;
}

export async function startController(
  plane: ControlPlane,
  flags: { readonly node: readonly string[]; readonly controller: readonly string[] },
): Promise<ControllerProcess> {
  const port = await freePort();
  const process = await startProcess({
    name: 'controller',
    command: globalThis.process.execPath,
    args: [
      '--conditions=@espalier/source',
      ...flags.node,
      MAIN,
      `--kubeconfig=${plane.writeKubeconfig('controller', plane.token('admin'))}`,
      '--trainer-image=localhost/trainer:1',
      '--http-host=127.0.0.1',
      `--http-port=${port}`,
      ...flags.controller,
    ],
    logFile: plane.folder.file('controller.log'),
  });
  plane.adopt(process);
  const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  await waitFor(async () => /^espalier_leader 1$/m.test(await metrics()), {
    what: 'the controller leads',
    unless: process.whyEnded,
  });
  return {
    readings: async () => parseReadings(await metrics()),
    cpuSeconds: () => cpuSecondsOf(process.pid),
    pid: process.pid,
    rssMB: () => {
      const status = readFileSync(`/proc/${process.pid}/status`, 'utf8');
      return Math.round((Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / 1e6);
    },
    whyEnded: process.whyEnded,
    stop: async () => {
      await process.stop(10_000);
    },
  };
}
