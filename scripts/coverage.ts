import { spawn } from 'node:child_process';

/**
 * Runs the unit tests of the packages that hold the rules (api, search, domain) and fails when they
 * cover less than the threshold. A run of its own: the coverage of the whole suite would also be
 * collected in every trainer and runner that the integration tests start, which slows them down.
 */

const THRESHOLD_PERCENT = 95;
const COVERED = [
  { name: 'api', files: 'api/src/**/*.ts', tests: 'api/src/**/*.test.ts' },
  { name: 'search', files: 'search/src/**/*.ts', tests: 'search/src/**/*.test.ts' },
  {
    name: 'domain',
    files: 'controller/src/domain/**/*.ts',
    tests: 'controller/src/{domain,reconcilers}/**/*.test.ts',
  },
];

let failed = false;
for (const { name, files, tests } of COVERED) {
  const { code, output } = await run([
    '--conditions=@espalier/source',
    '--test',
    '--experimental-test-coverage',
    `--test-coverage-include=${files}`,
    '--test-coverage-exclude=**/*.test.ts',
    '--test-coverage-exclude=**/testing/**',
    `--test-coverage-lines=${THRESHOLD_PERCENT}`,
    '--test-reporter=tap',
    tests,
  ]);
  const total = /# all files\s*\|\s*([0-9.]+)/.exec(output)?.[1] ?? '?';
  process.stderr.write(`coverage: ${name} ${total} % of lines (at least ${THRESHOLD_PERCENT} %)\n`);
  if (code !== 0) {
    failed = true;
    process.stderr.write(output.split('\n').filter(isWorthShowing).join('\n'));
  }
}
process.exit(failed ? 1 : 0);

function isWorthShowing(line: string): boolean {
  return /^\s*not ok|^# (Error|.*\|)|^#\s+\S+\.ts/.test(line);
}

function run(args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
