import { join } from 'node:path';
import { stopCluster } from '../test/kit/cluster-record.ts';

const home = join(import.meta.dirname, '../.espalier/cluster');
const cluster = await stopCluster(home);
process.stderr.write(
  cluster === undefined
    ? 'cluster-down: none is up\n'
    : `cluster-down: ended ${cluster.processes.map(({ name }) => name).join(', ')}\n`,
);
