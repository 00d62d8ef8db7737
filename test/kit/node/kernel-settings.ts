import { readFileSync, writeFileSync } from 'node:fs';

/** What a kubelet sets for the whole machine when it starts. */
const SET_BY_KUBELET = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
] as const;

export type KernelSettings = Readonly<Record<string, string>>;

const pathOf = (name: string) => `/proc/sys/${name}`;

/** The settings of the running kernel that a kubelet changes. */
export function readKernelSettings(): KernelSettings {
  return Object.fromEntries(
    SET_BY_KUBELET.map((name) => [name, readFileSync(pathOf(name), 'utf8').trim()]),
  );
}

/** Sets them again; only those that a kubelet changes, whatever else a record holds. */
export function restoreKernelSettings(settings: KernelSettings): void {
  for (const name of SET_BY_KUBELET) {
    const value = settings[name];
    if (value !== undefined) writeFileSync(pathOf(name), value);
  }
}
