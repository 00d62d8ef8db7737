import { join } from 'node:path';
import { stopCluster } from '../test/kit/cluster-record.ts';
import { hasDocker, stopKind } from '../test/kit/kind/kind-cluster.ts';

const home = join(import.meta.dirname, '../.espalier/cluster');
const say = (text: string) => process.stderr.write(`cluster-down: ${text}\n`);
const cluster = await stopCluster(home);
if (cluster !== undefined) say(`ended ${cluster.processes.map(({ name }) => name).join(', ')}`);
else if (hasDocker() && (await stopKind(home))) say('ended the cluster of kind');
else say('none is up');
