import { describe } from 'node:test';
import { install, uninstall } from '../e2e/release-steps.ts';
import { useRig } from '../e2e/rig.ts';
import { whyNoNode } from '../kit/node/why-no-node.ts';
import { soak, soakOptions, soakTimeoutMs } from './soak.ts';

const why =
  process.env['ESPALIER_SOAK'] === '1'
    ? whyNoNode()
    : '`make soak` runs it; three minutes of it are a step of test/e2e/walk.test.ts';

describe('small Experiments while everything is killed in turn', { skip: why }, () => {
  const { step } = useRig({ upgrades: false });
  const options = soakOptions(Date.now() % 100_000);
  step('the chart is installed on a node of its own', install);
  step(
    'G1 G2 G5 G6 G7 G9 G10 G14 G15 nothing is lost, made twice or left behind',
    (rig, context) => soak(rig, context, options),
    soakTimeoutMs(options),
  );
  step('G5 G10 helm uninstall leaves the records and nothing else', uninstall);
});
