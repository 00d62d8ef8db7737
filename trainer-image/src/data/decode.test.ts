import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { decodeImage } from './decode.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-decode-'));
after(() => rmSync(folder, { recursive: true }));
const SIDE = 32;

/** Left half `left`, right half `right`. */
function halves(width: number, height: number, left: string, right: string) {
  const half = Math.max(1, Math.floor(width / 2));
  return sharp({ create: { width, height, channels: 3, background: left } }).composite([
    {
      input: { create: { width: half, height, channels: 3, background: right } },
      left: width - half,
      top: 0,
    },
  ]);
}

async function write(name: string, image: Sharp): Promise<string> {
  const path = join(folder, name);
  writeFileSync(path, await image.toBuffer());
  return path;
}

const close = (got: number | undefined, want: number): boolean =>
  Math.abs((got ?? -99) - want) <= 4;

test('R8 a grey JPEG has its value in all three channels', async () => {
  const grey = halves(50, 40, '#202020', '#c0c0c0').toColourspace('b-w').jpeg({ quality: 95 });
  const pixels = await decodeImage(await write('grey.jpg', grey), SIDE, 'exact');
  assert.equal(pixels.length, SIDE * SIDE * 3);
  for (let i = 0; i < pixels.length; i += 3) {
    assert.ok(pixels[i] === pixels[i + 1] && pixels[i] === pixels[i + 2]);
  }
  assert.ok(close(pixels[0], 0x20) && close(pixels.at(-1), 0xc0));
});

test('R8 a CMYK JPEG becomes RGB', async () => {
  const cmyk = halves(40, 40, '#ff0000', '#ff0000').toColourspace('cmyk').jpeg({ quality: 95 });
  const path = await write('cmyk.jpg', cmyk);
  assert.equal((await sharp(path).metadata()).channels, 4);
  const pixels = await decodeImage(path, SIDE, 'exact');
  assert.equal(pixels.length, SIDE * SIDE * 3);
  const [red = 0, green = 0, blue = 0] = pixels;
  assert.ok(red > green + 60 && red > blue + 60, `${red} ${green} ${blue}`);
});

test('R8 an EXIF rotation is ignored', async () => {
  const plain = await write('plain.jpg', halves(60, 30, '#000000', '#ffffff').jpeg());
  const turned = await write(
    'turned.jpg',
    sharp(plain).keepExif().withMetadata({ orientation: 6 }).jpeg(),
  );
  const pixels = await decodeImage(turned, SIDE, 'exact');
  // Still black on the left and white on the right.
  assert.ok(close(pixels[(16 * SIDE + 2) * 3], 0));
  assert.ok(close(pixels[(16 * SIDE + 29) * 3], 255));
});

for (const resampler of ['exact', 'fast'] as const) {
  test(`R9 an image of one pixel fills the whole square (${resampler})`, async () => {
    const path = await write('one.jpg', halves(1, 1, '#506070', '#506070').jpeg({ quality: 100 }));
    const pixels = await decodeImage(path, SIDE, resampler);
    assert.equal(pixels.length, SIDE * SIDE * 3);
    for (let i = 0; i < pixels.length; i += 3) assert.ok(close(pixels[i], 0x50));
  });

  test(`R9 an image 20,000 pixels wide is squeezed like any other (${resampler})`, async () => {
    const path = await write('wide.jpg', halves(20_000, 20, '#000000', '#ffffff').jpeg());
    const pixels = await decodeImage(path, SIDE, resampler);
    assert.ok(close(pixels[5 * 3], 0) && close(pixels[27 * 3], 255));
  });
}

const bad: Record<string, (whole: Buffer) => Buffer> = {
  'a truncated JPEG': (whole) => whole.subarray(0, whole.length / 2),
  'an empty file': () => Buffer.alloc(0),
  'a file that is no image': () => Buffer.from('GIF? no'),
  'a header without an image': (whole) => whole.subarray(0, 30),
};
for (const [name, spoil] of Object.entries(bad)) {
  test(`${name} is an error`, async () => {
    const path = await write('whole.jpg', halves(200, 200, '#123456', '#fedcba').jpeg());
    const spoilt = join(folder, 'spoilt.jpg');
    writeFileSync(spoilt, spoil(readFileSync(path)));
    for (const resampler of ['exact', 'fast'] as const) {
      await assert.rejects(decodeImage(spoilt, SIDE, resampler));
    }
  });
}

test('a file that is no picture of pixels reaches no decoder, whatever its name', async () => {
  const path = join(folder, 'drawing.jpg');
  writeFileSync(path, '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  await assert.rejects(decodeImage(path, SIDE, 'exact'), /neither a JPEG nor a PNG/);
  const wrongName = await write('png.jpg', halves(50, 40, '#202020', '#c0c0c0').png());
  assert.equal((await decodeImage(wrongName, SIDE, 'exact')).length, SIDE * SIDE * 3);
});

test('a picture whose pixels would fill the memory is refused before they do', async () => {
  const bomb = halves(9_500, 9_500, '#202020', '#202020').jpeg({ quality: 10 });
  const path = await write('bomb.jpg', bomb);
  for (const resampler of ['exact', 'fast'] as const) {
    await assert.rejects(decodeImage(path, SIDE, resampler), /pixel limit/);
  }
});
