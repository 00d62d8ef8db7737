import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { DRAW } from '../../../cli/src/plot/kinds.ts';
import { plotPage } from '../../../cli/src/plot/page/plot-page.ts';
import { reportPage } from '../../../cli/src/plot/page/report-page.ts';
import { reportSource } from '../../../cli/src/plot/testing/report-source.ts';
import { plottedTrial, sweepOf } from '../../../cli/src/plot/testing/sweeps.ts';
import { startBrowser, whyNoBrowser } from '../../kit/browser.ts';

/** What the issue asks of a page: 1,000 trials of 100 points each in less than 5 MB. */
const TRIALS = 1_000;
const POINTS = 100;
const MOST_BYTES = 5e6;
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const large = sweepOf(
  Array.from({ length: TRIALS }, (_, index) => {
    const values = [0.5 + 0.4 * Math.sin(index), index];
    const points = Array.from({ length: POINTS }, (_, n) => ({
      step: 10 * n,
      epoch: n + 1,
      values: { valid_acc: (0.5 + 0.4 * Math.sin(index)) * (1 - Math.exp(-n / 20)) },
    }));
    return plottedTrial(index, { values, points });
  }),
);
const small = sweepOf(Array.from({ length: 10 }, (_, index) => plottedTrial(index)));

describe('U pages of pictures in a browser', { skip: whyNoBrowser() }, () => {
  let dir = '';
  let browser: BrowserContext | undefined;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'espalier-pages-'));
    browser = await startBrowser(join(dir, 'profile'));
  });
  after(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Opens the page of a picture; what the console says fails the test at its end. */
  async function open(kind: 'parallel' | 'curves', sweep = small): Promise<Page> {
    return openHtml(kind, plotPage(sweep, DRAW[kind](sweep), 'auto'));
  }

  async function openHtml(name: string, html: string): Promise<Page> {
    assert.ok(browser !== undefined);
    const path = join(dir, `${name}.html`);
    writeFileSync(path, html);
    const page = await browser.newPage();
    page.on('console', (message) => assert.fail(`console: ${message.text()}`));
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(pathToFileURL(path).href);
    return page;
  }

  const shown = (page: Page) => page.textContent('#shown');

  test('brushing an axis leaves the trials between, in picture and table; a click frees it', async () => {
    const page = await open('parallel');
    assert.equal(await shown(page), '10 of 10 trials');
    const rail = page.locator('.rail').last();
    await rail.scrollIntoViewIfNeeded();
    const box = await rail.locator('line').boundingBox();
    assert.ok(box !== null);
    await page.mouse.move(box.x, box.y + 2);
    await page.mouse.down();
    await page.mouse.move(box.x, box.y + box.height / 2, { steps: 3 });
    await page.mouse.up();
    // Of 0.5 + 0.4 sin(0..9) these lie in the upper half.
    const better = small.trials.filter(({ values }) => (values[0] ?? 0) > 0.5001);
    assert.equal(await shown(page), `${better.length} of 10 trials`);
    const rows = await page.locator('tbody tr:visible th').allTextContents();
    assert.deepEqual(new Set(rows), new Set(better.map(({ name }) => name)));
    assert.equal(await page.locator('.marks path:visible').count(), better.length);
    await page.mouse.click(box.x, box.y + box.height / 3);
    assert.equal(await shown(page), '10 of 10 trials');
  });

  test('pointing at a line says which trial it is', async () => {
    const page = await open('curves');
    const path = page.locator('path[data-trial=sweep-00008]');
    const box = await path.boundingBox();
    assert.ok(box !== null);
    await page.mouse.move(box.x + box.width, box.y);
    const tip = await page.textContent('.tip:visible');
    assert.match(tip ?? '', /^sweep-00008 \(Succeeded\)\nvalid_acc 0\.8957/);
    assert.deepEqual(await page.locator('.marks .on').count(), 1);
  });

  test('all of it goes by keyboard: rows show their trial, sliders filter, headings sort', async () => {
    const page = await open('parallel');
    await page.focus('tbody tr >> nth=2');
    const name = await page.getAttribute('tbody tr >> nth=2', 'data-trial');
    assert.equal(await page.getAttribute('.marks .on', 'data-trial'), name);
    await page.focus('input[aria-label="schedule from"]');
    await page.keyboard.press('End');
    assert.equal(await shown(page), '0 of 10 trials');
    await page.keyboard.press('Home');
    await page.focus('th button >> nth=0');
    await page.keyboard.press('Enter');
    const names = await page.locator('tbody tr th').allTextContents();
    assert.deepEqual(names, names.toSorted());
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe-core finds nothing to mend, ${colorScheme}`, async () => {
      const page = await open('parallel');
      await page.emulateMedia({ colorScheme });
      const { violations } = await auditOf(page);
      assert.deepEqual(violations, []);
    });
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`a report shows intervals, confusions and t-SNE, and axe-core finds nothing to mend, ${colorScheme}`, async (context) => {
      const source = reportSource();
      const { confusion, classMap } = source.extras;
      const html = reportPage(source);
      const page = await openHtml('report', html);
      await page.emulateMedia({ colorScheme });
      const parts = {
        'Means with 95 % intervals': ['circle', source.standings.length],
        'Confusion matrix': ['rect', confusion?.cells.length],
        't-SNE of the validation images': ['circle', classMap?.images.length],
      } as const;
      for (const [title, [shape, count]] of Object.entries(parts)) {
        const picture = page.locator(`svg[aria-label^="${title}"]`);
        assert.equal(await picture.locator(`.marks ${shape}:visible`).count(), count, title);
      }
      const verdicts = page.locator('section', { hasText: 'Leaderboard' }).locator('tbody tr');
      assert.match((await verdicts.nth(1).textContent()) ?? '', /cannot be told apart/);
      const { violations } = await auditOf(page);
      assert.deepEqual(violations, []);
      context.diagnostic(`${html.length} characters`);
    });
  }

  test('what a trainer names its classes is text and nothing else', async () => {
    const name =
      '</title></script><img src=x onerror="document.title=1"><script>document.title=2</script>';
    const page = await openHtml('hostile', reportPage(reportSource(name)));
    assert.equal(await page.locator('script').count(), 1);
    assert.equal(await page.locator('img').count(), 0);
    assert.equal(await page.title(), 'Experiment digits');
    const cells = await page.locator('section', { hasText: 'The best model' }).allTextContents();
    assert.ok(cells.some((text) => text.includes(name)));
  });

  test('1,000 trials of 100 points can be filtered, and stay below 5 MB', async (context) => {
    const page = await open('curves', large);
    const bytes = statSync(join(dir, 'curves.html')).size;
    assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
    const ready = await page.evaluate(() => Math.round(performance.now()));
    assert.equal(await shown(page), '1000 of 1000 trials');
    context.diagnostic(`${bytes} bytes, interactive ${ready} ms after navigation began`);
  });
});

/** The page's own policy lets no other script in, so the audit is brought past it. */
async function auditOf(page: Page): Promise<{ violations: readonly unknown[] }> {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setBypassCSP', { enabled: true });
  await page.reload();
  await page.evaluate(readFileSync(AXE, 'utf8'));
  return page.evaluate(
    'axe.run().then(({ violations }) => ({ violations: violations.map(({ id, nodes }) => [id, nodes[0].html]) }))',
  );
}
