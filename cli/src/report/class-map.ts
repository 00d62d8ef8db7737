import { csvRows, inOrder, MalformedTable } from './csv-rows.ts';

export interface MappedImage {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

/** A map of images in the plane, each with its class. */
export interface ClassMap {
  readonly classes: readonly string[];
  readonly images: readonly MappedImage[];
}

/** Beyond it differences of numbers are no longer exact enough to draw. */
const FARTHEST = 1e12;

/** Reads `extra/tsne.csv`. @throws {MalformedTable} */
export function parseClassMap(text: string): ClassMap {
  const images = csvRows(text, 'x,y,label').map(([x = '', y = '', label = '']) => {
    return { x: coordinate(x), y: coordinate(y), label };
  });
  return { classes: inOrder(images.map(({ label }) => label)), images };
}

function coordinate(text: string): number {
  const value = text === '' ? Number.NaN : Number(text);
  if (Math.abs(value) <= FARTHEST) return value;
  throw new MalformedTable(`"${text.slice(0, 40)}" is no coordinate`);
}
