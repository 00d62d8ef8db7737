import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const PACKAGES = join(import.meta.dirname, '../../scripts/host-packages.sh');

const installed = () => PROGRAMS.find((path) => existsSync(path));

/** Why tests of pages cannot run here, or false; installs Debian's Chromium where tests may do that. */
export function whyNoBrowser(): string | false {
  if (installed() !== undefined) return false;
  if (process.env['ESPALIER_HOST_TESTS'] !== '1')
    return 'there is no Chromium: apt-get install chromium';
  try {
    execFileSync(PACKAGES, ['chromium'], { stdio: ['ignore', 'ignore', 'inherit'] });
    return installed() === undefined ? 'the package chromium has no /usr/bin/chromium' : false;
  } catch (error) {
    return `Chromium cannot be installed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Headless, with a profile of its own and no network that it would need. */
export async function startBrowser(profile: string): Promise<BrowserContext> {
  const executablePath = installed();
  if (executablePath === undefined) throw new Error('there is no Chromium');
  return chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    // Root has no sandbox to offer, and a machine for tests no graphics.
    args: ['--no-sandbox', '--disable-gpu'],
    viewport: { width: 1200, height: 900 },
  });
}
