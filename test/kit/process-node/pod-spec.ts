import type { Pod } from '../kube-types.ts';

/** The part of a Pod that a process node understands; anything else in it changes nothing. */
export interface RunnablePod extends Pod {
  readonly spec: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly terminationGracePeriodSeconds?: number;
    readonly initContainers?: readonly ContainerSpec[];
    readonly containers: readonly ContainerSpec[];
    readonly volumes?: readonly VolumeSpec[];
  };
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly VariableSpec[];
  readonly volumeMounts?: readonly VolumeMountSpec[];
  readonly terminationMessagePath?: string;
  /** `Always` on an init container makes it a sidecar. */
  readonly restartPolicy?: string;
  /** Of a sidecar: what comes after it starts once this has ended with 0. */
  readonly startupProbe?: { readonly exec?: { readonly command: readonly string[] } };
}

export interface VariableSpec {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

export interface VolumeMountSpec {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
}

interface Items {
  readonly items?: readonly { readonly key: string; readonly path: string }[];
}

export interface VolumeSpec {
  readonly name: string;
  readonly emptyDir?: object;
  readonly secret?: Items & { readonly secretName: string };
  readonly configMap?: Items & { readonly name: string };
  readonly projected?: { readonly sources: readonly ProjectedSource[] };
  readonly persistentVolumeClaim?: { readonly claimName: string };
}

/** Of the downward API there is the pod's namespace only. */
export interface ProjectedSource {
  readonly secret?: Items & { readonly name: string };
  readonly configMap?: Items & { readonly name: string };
  readonly serviceAccountToken?: { readonly path: string };
  readonly downwardAPI?: { readonly items: readonly { readonly path: string }[] };
}

/** Runs beside the main containers: started before them, ended after them. */
export function isSidecar({ restartPolicy }: ContainerSpec): boolean {
  return restartPolicy === 'Always';
}
