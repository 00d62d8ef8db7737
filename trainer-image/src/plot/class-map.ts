import { classColour } from './colours.ts';
import { Panel } from './panel.ts';
import { type Picture, picture } from './picture.ts';
import { paddedRange } from './scale.ts';

/** 10 x 8 inches. */
const [WIDTH, HEIGHT] = [1000, 800];
/** matplotlib's marker size 5 is an area in points. */
const DOT_RADIUS = 2.2;

/** A map of images in the plane: two numbers per image, and its class. */
export interface ClassMap {
  readonly map: Float64Array;
  readonly labels: Int32Array;
}

/**
 * Every class in a colour of its own, or `selected` alone on the same axes.
 *
 * @returns undefined if no image is of the selected class.
 */
export function drawClassMap({ map, labels }: ClassMap, selected?: number): Picture | undefined {
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  const shown = classes.filter((each) => selected === undefined || each === selected);
  if (shown.length === 0) return undefined;
  const title = selected === undefined ? 'All Classes' : `Class ${selected}`;
  const panel = new Panel({
    left: 90,
    top: 60,
    width: WIDTH - 240,
    height: HEIGHT - 140,
    title: `${title} t-SNE Visualization`,
    xLabel: 't-SNE Component 1',
    yLabel: 't-SNE Component 2',
    xRange: paddedRange(map.filter((_, i) => i % 2 === 0)),
    yRange: paddedRange(map.filter((_, i) => i % 2 === 1)),
  });
  for (const each of shown) {
    const points: [number, number][] = [];
    for (const [i, label] of labels.entries()) {
      if (label === each) points.push([map[i * 2] ?? 0, map[i * 2 + 1] ?? 0]);
    }
    panel.dots(points, classColour(each), DOT_RADIUS);
  }
  panel.legend(
    shown.map((each) => ({ label: `Class ${each}`, colour: classColour(each) })),
    'right',
  );
  return picture(WIDTH, HEIGHT, [panel.render()]);
}
