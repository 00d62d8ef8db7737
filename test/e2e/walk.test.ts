import { describe } from 'node:test';
import { soak, soakOptions, soakTimeoutMs } from '../soak/soak.ts';
import { killServers, loseNode, nothingLost, runHelmTest, upgradeHelm } from './fault-steps.ts';
import { install, pushData, uninstall } from './release-steps.ts';
import { useRig } from './rig.ts';
import {
  drainPods,
  evictPod,
  fetchBest,
  outOfMemory,
  sweepEnds,
  waitForGpu,
  watchMetrics,
} from './sweep-steps.ts';
import { whyNoTarget } from './target.ts';

describe('a cluster of real containers, from installation to removal', {
  skip: whyNoTarget(),
}, () => {
  const { step } = useRig();
  step('helm install brings two controllers, NATS and a store as real containers', install);
  step('espalier data push brings a data set into the store', pushData);

  step('K15 a trial that waits for a GPU says so', waitForGpu);
  step('U12 U13 live metrics are in Prometheus while real containers train', watchMetrics);
  step('F17 G3 U22 a pod evicted in mid-training goes on from its checkpoint', evictPod);
  step('F17 G3 kubectl drain of the trial pods costs no trial its retries', drainPods);
  step('F16 G3 a trainer out of memory is Failed/OOMKilled once, its log is kept', outOfMemory);
  step('G6 the sweep ends, ASHA stopped the hopeless, every point counts', sweepEnds);
  step('G8 U15 U16 one command fetches the best model, which scores at least 0.95', fetchBest);

  step('F18 G1 a kubelet that hangs costs no trial and makes none twice', loseNode);
  step('F1 F11 F15 G9 controllers, NATS and store are killed and training goes on', killServers);
  step('F24 G9 helm upgrade to a version with one more field, in mid-training', upgradeHelm);
  step('helm test passes on a real node', runHelmTest);
  step('G6 G7 G9 G14 after all faults it ends as asked and no point is lost', nothingLost);

  // A seed that kills each of the five within the three minutes.
  const options = soakOptions(1);
  step(
    'G1 G9 G14 F1 F11 small Experiments while everything is killed in turn',
    (rig, context) => soak(rig, context, options),
    soakTimeoutMs(options),
  );

  step('G5 G10 helm uninstall leaves the records and nothing else', uninstall);
});
