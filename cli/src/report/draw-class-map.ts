import type { Figure, Mark } from '../plot/figure.ts';
import { linearScale, paddedRange } from '../plot/scale.ts';
import { classTone } from '../plot/svg/theme.ts';
import { count } from '../render/number.ts';
import type { ClassMap, MappedImage } from './class-map.ts';

/** More dots say no more, and a page has to be opened. */
const MOST_DOTS = 5_000;
const MOST_NAMED = 40;
const LONGEST_NAME = 16;

/** Where images of each class lie; its name stands in the middle of them, for who sees no colours. */
export function drawClassMap({ classes, images }: ClassMap): Figure {
  const shown = someOf(images);
  const toneOf = new Map(classes.map((name, place) => [name, classTone(place)]));
  const dots = shown.map(
    ({ x, y, label }): Mark => ({
      kind: 'dot',
      at: [x, y],
      radius: 2.2,
      colour: toneOf.get(label) ?? 'quiet',
    }),
  );
  const axis = (name: string, values: readonly number[]) => ({
    label: name,
    scale: linearScale(paddedRange(values)),
  });
  const of = shown === images ? '' : ` of ${images.length.toLocaleString('en')}`;
  return {
    title: 't-SNE of the validation images',
    summary: `${shown.length.toLocaleString('en')}${of} images in ${count(classes.length, 'class', 'classes')}; each name stands in the middle of its class.`,
    columns: 1,
    panelHeight: 560,
    panels: [
      {
        x: axis(
          'component 1',
          shown.map(({ x }) => x),
        ),
        y: axis(
          'component 2',
          shown.map(({ y }) => y),
        ),
        marks: [...dots, ...namesOf(shown)],
      },
    ],
  };
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Spread evenly, and by no whole step, with which the order of the classes could keep pace. */
function someOf(images: readonly MappedImage[]): readonly MappedImage[] {
  const share = MOST_DOTS / images.length;
  if (share >= 1) return images;
  return images.filter((_, n) => (n * GOLDEN) % 1 < share).slice(0, MOST_DOTS);
}

/** Of the largest classes, at the median of their images: a few strays do not move it. */
function namesOf(images: readonly MappedImage[]): readonly Mark[] {
  const byLabel = Map.groupBy(images, ({ label }) => label);
  return [...byLabel]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .slice(0, MOST_NAMED)
    .map(
      ([label, members]): Mark => ({
        kind: 'text',
        at: [median(members.map(({ x }) => x)), median(members.map(({ y }) => y))],
        text: shortName(label),
        colour: 'quiet',
        isCentred: true,
      }),
    );
}

export function shortName(label: string): string {
  return label.length > LONGEST_NAME ? `${label.slice(0, LONGEST_NAME - 1)}…` : label;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
