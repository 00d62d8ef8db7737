import { whyNoTools } from '../tools.ts';

/** Why no node can run pods here, or false; for `skip` of node:test. */
export function whyNoNode(): string | false {
  if (process.env['ESPALIER_HOST_TESTS'] !== '1')
    return 'a node that runs pods needs ESPALIER_HOST_TESTS=1';
  if (process.getuid?.() !== 0) return 'a node that runs pods needs root';
  return whyNoTools();
}
