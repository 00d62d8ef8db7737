import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Figure } from '../figure.ts';
import { drawSvg } from './draw-svg.ts';
import type { Theme } from './theme.ts';

/** Pixels per unit of the SVG: sharp on dense screens. */
const DENSITY = 2;

/** The picture as a PNG with our own fonts, so that it looks the same on a machine that has none. */
export async function drawPng(figure: Figure, theme: Theme): Promise<Buffer> {
  const svg = drawSvg(figure, { theme: theme === 'auto' ? 'light' : theme });
  const settings = mkdtempSync(join(tmpdir(), 'espalier-fonts-'));
  try {
    writeFileSync(join(settings, 'fonts.conf'), fontSettings(settings));
    // Read by fontconfig when the first text is drawn, so before sharp is loaded.
    process.env['FONTCONFIG_FILE'] = join(settings, 'fonts.conf');
    const { default: sharp } = await import('sharp');
    return await sharp(Buffer.from(svg), { density: 72 * DENSITY, unlimited: true })
      .png()
      .toBuffer();
  } finally {
    rmSync(settings, { recursive: true, force: true });
  }
}

function fontSettings(cache: string): string {
  const fonts = dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json'));
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(fonts, 'ttf')}</dir>
  <cachedir>${cache}</cachedir>
</fontconfig>
`;
}
