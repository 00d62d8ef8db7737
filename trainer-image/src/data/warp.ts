/** (x, y) goes to (a x + b y + c, d x + e y + f). */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export const IDENTITY: Matrix = [1, 0, 0, 0, 1, 0];

export function scaling(x: number, y: number): Matrix {
  return [x, 0, 0, 0, y, 0];
}

export function rotation(angle: number): Matrix {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [cos, -sin, 0, sin, cos, 0];
}

export function shear(slope: number): Matrix {
  return [1, slope, 0, 0, 1, 0];
}

/** First `second`, then `first`. */
export function multiply(first: Matrix, second: Matrix): Matrix {
  if (first === IDENTITY) return second;
  if (second === IDENTITY) return first;
  const [a, b, c, d, e, f] = first;
  const [g, h, i, j, k, l] = second;
  return [
    a * g + b * j,
    a * h + b * k,
    a * i + b * l + c,
    d * g + e * j,
    d * h + e * k,
    d * i + e * l + f,
  ];
}

/**
 * Moves the pixels of a square RGB image in place: each new one is taken, bilinearly, from where
 * `matrix` sends it, both in coordinates from -1 to 1. Beyond the edge the edge goes on.
 */
export function warp(pixels: Uint8Array, side: number, matrix: Matrix): void {
  const source = pixels.slice();
  const [a, b, c, d, e, f] = matrix;
  const last = side - 1;
  const half = side / 2;
  let target = 0;
  for (let row = 0; row < side; row++) {
    const y = (row + 0.5) / half - 1;
    for (let column = 0; column < side; column++) {
      const x = (column + 0.5) / half - 1;
      const fromX = clamp((a * x + b * y + c + 1) * half - 0.5, last);
      const fromY = clamp((d * x + e * y + f + 1) * half - 0.5, last);
      const left = Math.floor(fromX);
      const top = Math.floor(fromY);
      const [partX, partY] = [fromX - left, fromY - top];
      const upper = (top * side + left) * 3;
      const right = left < last ? 3 : 0;
      const below = top < last ? side * 3 : 0;
      for (let channel = 0; channel < 3; channel++) {
        const at = upper + channel;
        const high = mix(source[at] ?? 0, source[at + right] ?? 0, partX);
        const low = mix(source[at + below] ?? 0, source[at + below + right] ?? 0, partX);
        pixels[target++] = mix(high, low, partY) + 0.5;
      }
    }
  }
}

function mix(first: number, second: number, share: number): number {
  return first + (second - first) * share;
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
