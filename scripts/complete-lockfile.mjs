// Adds to package-lock.json the optional packages of other platforms that npm left out.
//
// npm drops an optional dependency from the lockfile when the registry it asked does not carry it,
// and `npm ci` then refuses that lockfile everywhere. Mirrors often lag behind with the packages of
// other platforms. Their parents name an exact version, and the name says the platform, so the entry
// can be written without asking anybody; this machine never installs them. Runs on the system's Node,
// before anything is installed: `make lock`.
import { readFileSync, writeFileSync } from 'node:fs';

const file = 'package-lock.json';
const lock = JSON.parse(readFileSync(file, 'utf8'));
let added = 0;
for (const [parentPath, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const nested = `${parentPath}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (lock.packages[nested] !== undefined || lock.packages[hoisted] !== undefined) continue;
    const platform = platformOf(name);
    if (platform === undefined) {
      process.stderr.write(`complete-lockfile: ${name} names no platform; left out\n`);
      continue;
    }
    lock.packages[hoisted] = { version, ...platform, optional: true };
    added++;
  }
}
if (added > 0) {
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
process.stderr.write(`complete-lockfile: ${added} entries added\n`);

function platformOf(name) {
  const os =
    /(android|darwin|freebsd|linux|linuxmusl|netbsd|openbsd|openharmony|sunos|aix|win32)/.exec(
      name,
    );
  const cpu = /(arm64|x64|ia32|arm|ppc64|riscv64|s390x|loong64|mips64el)/.exec(
    name.replace(/^@[^/]*\//, ''),
  );
  if (os === null || cpu === null) return /wasm/.test(name) ? { cpu: ['wasm32'] } : undefined;
  const libc = /musl/.test(name)
    ? { libc: ['musl'] }
    : /gnu/.test(name) && os[1] === 'linux'
      ? { libc: ['glibc'] }
      : {};
  return { cpu: [cpu[1]], ...libc, os: [os[1] === 'linuxmusl' ? 'linux' : os[1]] };
}
