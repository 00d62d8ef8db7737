import { join } from 'node:path';
import { stopLocalCluster } from '../test/kit/local-cluster.ts';

const home = join(import.meta.dirname, '../.espalier/cluster');
const cluster = await stopLocalCluster(home);
process.stderr.write(
  cluster === undefined
    ? 'cluster-down: none is up\n'
    : `cluster-down: ended ${cluster.processes.map(({ name }) => name).join(', ')}\n`,
);
