import { flow } from '../sweep/write-yaml.ts';
import type { Successor } from './successor.ts';

/** Read again it is the same manifest, by readers of YAML 1.1 (kubectl) as of 1.2. */
export function successorYaml(
  { apiVersion, kind, metadata, spec }: Successor,
  comment: string,
): string {
  const fields = Object.entries(spec).flatMap(([key, value]) =>
    Array.isArray(value)
      ? [`  ${key}:`, ...value.map((item) => `    - ${flow(item)}`)]
      : [`  ${key}: ${flow(value)}`],
  );
  return [
    `# ${comment.replaceAll(/\s+/g, ' ')}`,
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    `metadata: ${flow(metadata)}`,
    'spec:',
    ...fields,
    '',
  ].join('\n');
}
