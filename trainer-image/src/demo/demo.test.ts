import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { crossEntropyOf, softmax, squaredErrorOf } from '../loss/softmax.ts';
import { judgePlateau } from '../plot/plateau.ts';
import { DEMONSTRATIONS, runDemo } from './demonstrations.ts';
import { bowl, bowlWays, burstWays } from './learning-rates.ts';
import { descentOn, surfaceAt } from './loss-surfaces.ts';
import { plateauRun } from './plateau-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-demo-'));
after(() => rmSync(folder, { recursive: true }));

test('D1 at the top left cross entropy is 20 with a slope of (-1, +1)', () => {
  const { loss, slopes } = surfaceAt(crossEntropyOf, -10, 10);
  assert.ok(Math.abs(loss - 20) < 1e-6);
  assert.ok(Math.abs(slopes[0] + 1) < 1e-6 && Math.abs(slopes[1] - 1) < 1e-6);
});

test('D1 at the top left squared error is 0.6667 with a slope of (-2.75e-9, +2.75e-9)', () => {
  const { loss, slopes } = surfaceAt(squaredErrorOf, -10, 10);
  assert.ok(Math.abs(loss - 0.6667) < 1e-4);
  assert.ok(Math.abs(slopes[0] + 2.75e-9) < 5e-12 && Math.abs(slopes[1] - 2.75e-9) < 5e-12);
});

test('D1 both losses are small at the bottom right', () => {
  for (const rule of [crossEntropyOf, squaredErrorOf]) {
    assert.ok(surfaceAt(rule, 10, -10).loss < 1e-8);
  }
});

test('D1 the same descent arrives on cross entropy and is stuck on squared error', () => {
  const end = (rule: typeof crossEntropyOf) => descentOn(rule).at(-1) ?? [0, 0];
  const entropy = surfaceAt(crossEntropyOf, ...end(crossEntropyOf)).loss;
  const squared = surfaceAt(squaredErrorOf, ...end(squaredErrorOf)).loss;
  assert.ok(entropy < 0.05, `${entropy}`);
  assert.ok(squared > 0.66, `${squared}`);
});

test('D2 the loss stays up while the norm does not vanish, at a smaller rate both fall', () => {
  const large = plateauRun(0.2485);
  assert.equal(judgePlateau(large.losses, large.norms).kind, 'plateau');
  const small = plateauRun(0.1);
  assert.ok((small.losses.at(-1) ?? 9) < (large.losses.at(-1) ?? 0) / 5);
});

test('D3 R28 plain descent bounces or crawls, rates per parameter arrive', () => {
  const [bounces = 0, crawls = 0, ...others] = bowlWays().map(({ points }) =>
    bowl(...(points.at(-1) ?? [9, 9])),
  );
  assert.ok(bounces > 0.01 && crawls > 1, `${bounces} ${crawls}`);
  for (const height of others) assert.ok(height < 1e-3, `${height}`);
});

test('D3 the root mean square bursts late, and a decay ends that', () => {
  const lateWidth = (points: readonly (readonly [number, number])[]): number =>
    Math.max(...points.slice(-800).map(([, y]) => Math.abs(y)));
  const [constant, decay] = burstWays().map(({ points }) => lateWidth(points));
  assert.ok((constant ?? 0) > 0.3 && (decay ?? 1) < 1e-6, `${constant} ${decay}`);
});

test('D4 R18 softmax makes shares of 3, 1 and -3: 0.879, 0.119 and 0.00218, the gap wider', async (t) => {
  const logits = [3, 1, -3];
  const shares = [...softmax(logits)];
  for (const [i, want] of [0.878_878, 0.118_943, 0.002_179].entries()) {
    assert.ok(Math.abs((shares[i] ?? 0) - want) < 1e-6, `${shares[i]}`);
  }
  assert.ok(shares.every((share) => share > 0 && share < 1));
  assert.ok(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-12);
  // Of the logits the largest is three times the second, of the shares more than seven times.
  assert.ok((shares[0] ?? 0) / (shares[1] ?? 1) > 7.38);
  await runDemo(['D4'], folder, () => {});
  const svg = readFileSync(join(folder, 'D4.svg'), 'utf8');
  const numbers = [...svg.matchAll(/>(-?[\d.]+)<\/text>/g)].map(([, text]) => text);
  const drawn = ['3', '1', '-3', '0.879', '0.119', '0.00218'];
  for (const number of drawn) assert.ok(numbers.includes(number), number);
  t.diagnostic(`drawn above the bars: ${drawn.join(', ')}`);
});

test('every demonstration is written as SVG and PNG', async () => {
  const lines: string[] = [];
  assert.equal(await runDemo([], folder, (line) => lines.push(line)), 0);
  for (const name of Object.keys(DEMONSTRATIONS)) {
    const svg = readFileSync(join(folder, `${name}.svg`), 'utf8');
    assert.match(svg, /^<svg xmlns/);
    assert.doesNotMatch(svg, /NaN|undefined/);
    const { width = 0, format } = await sharp(join(folder, `${name}.png`)).metadata();
    assert.ok(format === 'png' && width >= 2000);
    assert.ok(lines.some((line) => line.startsWith(`${name}:`)));
  }
});

test('an unknown demonstration is refused by name', async () => {
  await assert.rejects(
    runDemo(['D9'], folder, () => {}),
    /no demonstration D9: .* D1, D2, D3, D4/,
  );
});
