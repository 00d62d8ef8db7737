import { linearScale, type Scale, ticksOf, tickText } from './scale.ts';

export const INK = '#222222';
const GRID = '#e4e4e4';

/** Where a panel lies in its picture, in pixels, and what its axes show. */
export interface PanelOptions {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xRange: readonly [number, number];
  readonly yRange: readonly [number, number];
  /** @default true */
  readonly hasGrid?: boolean;
}

export interface LegendEntry {
  readonly label: string;
  readonly colour: string;
  /** @default 'dot' */
  readonly mark?: 'dot' | 'line';
}

/** One pair of axes; marks are added in data coordinates, and `render` gives the SVG elements. */
export class Panel {
  readonly x: Scale;
  readonly y: Scale;
  readonly #options: PanelOptions;
  readonly #marks: string[] = [];
  readonly #over: string[] = [];

  constructor(options: PanelOptions) {
    const { left, top, width, height, xRange, yRange } = options;
    this.#options = options;
    this.x = linearScale(xRange[0], xRange[1], left, left + width);
    this.y = linearScale(yRange[0], yRange[1], top + height, top);
  }

  dots(points: Iterable<readonly [number, number]>, colour: string, radius: number): void {
    for (const [x, y] of points) {
      this.#marks.push(
        `<circle cx="${px(this.x.at(x))}" cy="${px(this.y.at(y))}" r="${radius}" fill="${colour}"/>`,
      );
    }
  }

  line(points: readonly (readonly [number, number])[], colour: string, width = 1.6): void {
    const path = points.map(([x, y]) => `${px(this.x.at(x))},${px(this.y.at(y))}`).join(' ');
    this.#marks.push(
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"/>`,
    );
  }

  /** A filled rectangle between two corners. */
  box(from: readonly [number, number], to: readonly [number, number], colour: string): void {
    const [x0, x1] = [this.x.at(from[0]), this.x.at(to[0])].sort((a, b) => a - b) as [
      number,
      number,
    ];
    const [y0, y1] = [this.y.at(from[1]), this.y.at(to[1])].sort((a, b) => a - b) as [
      number,
      number,
    ];
    this.#marks.push(
      `<rect x="${px(x0)}" y="${px(y0)}" width="${px(x1 - x0)}" height="${px(y1 - y0)}" fill="${colour}"/>`,
    );
  }

  text(x: number, y: number, text: string, colour = INK, anchor = 'middle', size = 13): void {
    this.#over.push(label(this.x.at(x), this.y.at(y), text, { colour, anchor, size }));
  }

  /** Entries in the upper right corner, or to the right of the axes. */
  legend(entries: readonly LegendEntry[], place: 'inside' | 'right' = 'inside'): void {
    const { left, top, width } = this.#options;
    const longest = Math.max(...entries.map((entry) => entry.label.length));
    const boxWidth = longest * 7.4 + 42;
    const x = place === 'right' ? left + width + 14 : left + width - boxWidth - 10;
    const y = top + 10;
    const height = entries.length * 20 + 10;
    this.#over.push(
      `<rect x="${px(x)}" y="${px(y)}" width="${px(boxWidth)}" height="${height}" rx="3" fill="#ffffff" fill-opacity="0.9" stroke="#cccccc"/>`,
    );
    for (const [i, { label: text, colour, mark }] of entries.entries()) {
      const middle = y + 15 + i * 20;
      this.#over.push(
        mark === 'line'
          ? `<line x1="${px(x + 8)}" x2="${px(x + 28)}" y1="${px(middle)}" y2="${px(middle)}" stroke="${colour}" stroke-width="2.4"/>`
          : `<circle cx="${px(x + 18)}" cy="${px(middle)}" r="5" fill="${colour}"/>`,
        label(x + 34, middle + 4.5, text, { anchor: 'start' }),
      );
    }
  }

  render(): string {
    const { left, top, width, height, title, xLabel, yLabel, hasGrid = true } = this.#options;
    const clip = `clip-${Math.round(left)}-${Math.round(top)}`;
    const axes = [
      ...ticksOf(this.x.low, this.x.high).map((tick) => this.#xTick(tick, hasGrid)),
      ...ticksOf(this.y.low, this.y.high).map((tick) => this.#yTick(tick, hasGrid)),
    ];
    const rotate = `transform="rotate(-90 ${px(left - 52)} ${px(top + height / 2)})"`;
    return [
      `<clipPath id="${clip}"><rect x="${left}" y="${top}" width="${width}" height="${height}"/></clipPath>`,
      ...axes,
      `<g clip-path="url(#${clip})">${this.#marks.join('')}</g>`,
      `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke="${INK}"/>`,
      ...this.#over,
      label(left + width / 2, top - 14, title, { size: 17 }),
      label(left + width / 2, top + height + 42, xLabel, {}),
      label(left - 52, top + height / 2, yLabel, { attributes: rotate }),
    ].join('\n');
  }

  #xTick(tick: number, hasGrid: boolean): string {
    const { top, height } = this.#options;
    const [x, bottom] = [px(this.x.at(tick)), top + height];
    const grid = hasGrid
      ? `<line x1="${x}" x2="${x}" y1="${top}" y2="${bottom}" stroke="${GRID}"/>`
      : '';
    const mark = `<line x1="${x}" x2="${x}" y1="${bottom}" y2="${bottom + 5}" stroke="${INK}"/>`;
    return grid + mark + label(this.x.at(tick), bottom + 20, tickText(tick), { size: 12 });
  }

  #yTick(tick: number, hasGrid: boolean): string {
    const { left, width } = this.#options;
    const y = px(this.y.at(tick));
    const grid = hasGrid
      ? `<line x1="${left}" x2="${left + width}" y1="${y}" y2="${y}" stroke="${GRID}"/>`
      : '';
    const mark = `<line x1="${left - 5}" x2="${left}" y1="${y}" y2="${y}" stroke="${INK}"/>`;
    const place = { size: 12, anchor: 'end' };
    return grid + mark + label(left - 9, this.y.at(tick) + 4, tickText(tick), place);
  }
}

interface LabelStyle {
  readonly size?: number;
  readonly anchor?: string;
  readonly colour?: string;
  readonly attributes?: string;
}

/** A text at a pixel. */
export function label(x: number, y: number, text: string, style: LabelStyle): string {
  const { size = 13, anchor = 'middle', colour = INK, attributes = '' } = style;
  const escaped = text.replace(/[&<>]/g, (c) =>
    c === '&' ? '&amp;' : c === '<' ? '&lt;' : '&gt;',
  );
  return `<text x="${px(x)}" y="${px(y)}" font-size="${size}" text-anchor="${anchor}" fill="${colour}" ${attributes}>${escaped}</text>`;
}

function px(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value * 10) / 10) : '0';
}
