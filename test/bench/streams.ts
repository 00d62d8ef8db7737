import { execFile } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { measureFeed } from './streams-feed.ts';
import { measureUpload } from './streams-upload.ts';

/**
 * `make bench-streams`: reports from NATS to the page of metrics, and files to S3, on real servers on this
 * machine. One JSON line on stdout, progress on stderr; `--scale 0.1` is a quick try.
 */

const { values: flags } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const scale = Number(flags.scale);
const loadBefore = loadavg();

say('memory of the folds');
const memory = await child('streams-memory.ts', ['--expose-gc']);
say('a page of 50,000 series');
const page = await child('streams-page.ts', []);
const feed = await measureFeed(
  {
    trials: Math.max(1, Math.round(1_000 * scale)),
    batches: 30,
    points: 20,
    steadySeconds: Math.max(2, Math.round(20 * scale)),
    steadyPoints: 10,
  },
  say,
);
say('uploads');
const upload = await measureUpload(64, Math.max(2, Math.round(16 * scale)));

const line = {
  bench: 'streams',
  pointsPerSec: Math.round(feed.pointsPerSec),
  lagP99Ms: round(feed.lagP99Ms, 1),
  replayPointsPerSec: Math.round(feed.replayPointsPerSec),
  scrapeBlockedMs: round(page['scrapeBlockedMs'], 1),
  scrapeBlockedMsPromClient: round(page['scrapeBlockedMsPromClient'], 1),
  uploadRatio: round(upload.ratio, 3),
  bytesPerActiveTrial: memory['bytesPerActiveTrial'],
  feed: {
    pointsPerCpuSec: Math.round(feed.pointsPerCpuSec),
    publishedPerSec: Math.round(feed.publishedPerSec),
    lagP50Ms: round(feed.lagP50Ms, 1),
    batchesTimed: feed.lags,
  },
  page: {
    series: page['series'],
    longestTurnMs: round(page['scrapeLongestTurnMs'], 1),
    cpuMs: round(page['scrapeCpuMs'], 1),
    cpuMsPromClient: round(page['scrapeCpuMsPromClient'], 1),
  },
  upload: {
    megabytes: upload.megabytes,
    plainMBs: Math.round(upload.plainMBs),
    presignedMBs: Math.round(upload.presignedMBs),
  },
  machine: {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? '',
    node: process.versions.node,
    loadBefore: loadBefore.map((value) => round(value, 2)),
    loadAfter: loadavg().map((value) => round(value, 2)),
  },
};
process.stdout.write(`${JSON.stringify(line)}\n`);

/** Runs a part in a process of its own; resolves with the JSON line that it prints. */
async function child(name: string, flags: readonly string[]): Promise<Record<string, number>> {
  const args = ['--conditions=@espalier/source', ...flags, join(import.meta.dirname, name)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Record<string, number>;
}

function say(text: string): void {
  process.stderr.write(`bench-streams: ${text}\n`);
}

function round(value: number | undefined, digits: number): number {
  return Number((value ?? Number.NaN).toFixed(digits));
}
