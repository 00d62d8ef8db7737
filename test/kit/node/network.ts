import { existsSync } from 'node:fs';
import { cgroupsLike } from './cgroups.ts';
import { run } from './run.ts';

/** The addresses of one cluster; nothing else on this machine uses any of them. */
export interface NodeNetwork {
  /** Names the host's interface and the cgroups: "espalier213". */
  readonly name: string;
  /** The whole of it, as the host routes it. */
  readonly range: string;
  /** The host, as the node and its pods see it; the API server listens here. */
  readonly host: string;
  readonly node: string;
  readonly pods: string;
  readonly podGateway: string;
  readonly services: string;
  /** Of the Service `kubernetes`. */
  readonly apiService: string;
}

// 10.213.0.0/16 and its neighbours: not the default of a container engine, a VPN or a cloud.
const FIRST = 213;
const LAST = 222;

/** The first range that no route, no interface and no cgroup of this machine knows. */
export async function freeNetwork(): Promise<NodeNetwork> {
  const routes = await run('ip', ['-4', 'route', 'show', 'table', 'all']);
  for (let second = FIRST; second <= LAST; second++) {
    const name = nameOf(second);
    const isTaken =
      new RegExp(`\\b10\\.${second}\\.`).test(routes) ||
      existsSync(`/sys/class/net/${name}`) ||
      cgroupsLike(new RegExp(`^${name}$`)).length > 0;
    if (!isTaken) return networkOf(second);
  }
  throw new Error(`10.${FIRST}.0.0/16 to 10.${LAST}.0.0/16 are all taken: see \`ip route\``);
}

const nameOf = (second: number) => `espalier${second}`;

function networkOf(second: number): NodeNetwork {
  const at = (rest: string) => `10.${second}.${rest}`;
  return {
    name: nameOf(second),
    range: at('0.0/16'),
    host: at('0.1'),
    node: at('0.2'),
    pods: at('1.0/24'),
    podGateway: at('1.1'),
    services: at('128.0/17'),
    apiService: at('128.1'),
  };
}
