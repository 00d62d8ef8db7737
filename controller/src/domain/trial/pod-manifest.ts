/**
 * The part of a Kubernetes Pod that we write. A field that does not stand here cannot get into a pod:
 * the type is the allow-list.
 */
export interface PodManifest {
  readonly apiVersion: 'v1';
  readonly kind: 'Pod';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers: readonly string[];
    readonly ownerReferences: readonly {
      readonly apiVersion: string;
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
      readonly controller: true;
      readonly blockOwnerDeletion: true;
    }[];
  };
  readonly spec: PodSpec;
}

export interface PodSpec {
  readonly restartPolicy: 'Never';
  readonly automountServiceAccountToken: false;
  readonly enableServiceLinks: false;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: {
    readonly runAsNonRoot: true;
    readonly seccompProfile: { readonly type: 'RuntimeDefault' };
  };
  readonly initContainers?: readonly (ContainerManifest | SidecarManifest)[];
  readonly containers: readonly ContainerManifest[];
  readonly volumes: readonly PodVolume[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly object[];
  readonly runtimeClassName?: string;
  readonly priorityClassName?: string;
  readonly serviceAccountName?: string;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
}

export interface ContainerManifest {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly resources: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: false;
    readonly privileged: false;
    readonly readOnlyRootFilesystem: true;
    readonly runAsNonRoot: true;
    readonly capabilities: { readonly drop: readonly ['ALL'] };
    readonly seccompProfile: { readonly type: 'RuntimeDefault' };
  };
  readonly terminationMessagePath: string;
  readonly terminationMessagePolicy: 'File';
  readonly volumeMounts: readonly VolumeMount[];
}

/** An init container that runs beside the trainer until after its end (Kubernetes 1.29). */
export interface SidecarManifest extends ContainerManifest {
  readonly restartPolicy: 'Always';
  /** What comes after it starts once the command has ended with 0. */
  readonly startupProbe: {
    readonly exec: { readonly command: readonly string[] };
    readonly periodSeconds: number;
    readonly failureThreshold: number;
  };
}

export interface PodVolume {
  readonly name: string;
  readonly emptyDir?: { readonly medium?: 'Memory' };
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: true };
  readonly secret?: { readonly secretName: string; readonly defaultMode: number };
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  readonly subPath?: string;
}
