import type { ControlPlane } from './control-plane.ts';

/** Where the controller and its lease live. */
export const CONTROLLER_NAMESPACE = 'espalier-system';
export const CONTROLLER_ACCOUNT = 'espalier-controller';

/** Makes the service account that has exactly the rights of `manifests/rbac`, in all namespaces. */
export async function installControllerAccount(
  plane: ControlPlane,
  rbac = 'manifests/rbac',
): Promise<void> {
  await plane.kubectl(['create', 'namespace', CONTROLLER_NAMESPACE]);
  await plane.kubectl(['apply', '-f', rbac]);
  const inNamespace = ['-n', CONTROLLER_NAMESPACE];
  await plane.kubectl(['create', 'serviceaccount', ...inNamespace, CONTROLLER_ACCOUNT]);
  const subject = `--serviceaccount=${CONTROLLER_NAMESPACE}:${CONTROLLER_ACCOUNT}`;
  await plane.kubectl([
    ...['create', 'clusterrolebinding', CONTROLLER_ACCOUNT],
    ...['--clusterrole=espalier-controller', subject],
  ]);
  await plane.kubectl([
    ...['create', 'rolebinding', 'espalier-controller-lease', ...inNamespace],
    ...['--role=espalier-controller-lease', subject],
  ]);
}
