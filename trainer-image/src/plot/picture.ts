import { join } from 'node:path';
import sharp from 'sharp';
import { writeText, writeWhole } from '../files/whole-file.ts';

/** Pixels per unit of the SVG in the PNG: sharp on dense screens. */
const DENSITY = 2;
const FONT = 'DejaVu Sans, Liberation Sans, Helvetica, Arial, sans-serif';

/** An SVG image. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly svg: string;
}

export function picture(width: number, height: number, elements: readonly string[]): Picture {
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...elements,
    '</svg>',
    '',
  ].join('\n');
  return { width, height, svg };
}

/** Writes `name.svg` and `name.png`; their paths. */
export async function writePicture(
  folder: string,
  name: string,
  { svg }: Picture,
): Promise<[string, string]> {
  const paths: [string, string] = [join(folder, `${name}.svg`), join(folder, `${name}.png`)];
  writeText(paths[0], svg);
  const png = await sharp(Buffer.from(svg), { density: 72 * DENSITY, unlimited: true })
    .png()
    .toBuffer();
  writeWhole(paths[1], [png]);
  return paths;
}
