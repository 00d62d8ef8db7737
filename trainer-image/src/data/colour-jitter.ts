/** Factors; 1 leaves an image as it is. */
export interface ColourChange {
  readonly brightness: number;
  /** On the distance to the image's mean grey. */
  readonly contrast: number;
  /** On the distance to the pixel's own grey. */
  readonly saturation: number;
}

/** Changes RGB bytes in place: brightness, then contrast, then saturation, rounded once at the end. */
export function changeColours(pixels: Uint8Array, change: ColourChange): void {
  const { brightness, contrast, saturation } = change;
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 3) sum += greyOf(pixels, i);
  const mean = (brightness * sum) / (pixels.length / 3);
  for (let i = 0; i < pixels.length; i += 3) {
    const grey = mean + (brightness * greyOf(pixels, i) - mean) * contrast;
    for (let channel = i; channel < i + 3; channel++) {
      const bright = mean + (brightness * (pixels[channel] ?? 0) - mean) * contrast;
      pixels[channel] = toByte(grey + (bright - grey) * saturation);
    }
  }
}

/** The luma of ITU-R BT.601. */
function greyOf(pixels: Uint8Array, at: number): number {
  return 0.299 * (pixels[at] ?? 0) + 0.587 * (pixels[at + 1] ?? 0) + 0.114 * (pixels[at + 2] ?? 0);
}

function toByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : Math.round(value);
}
