import type { Scale } from './scale.ts';

/** A picture as data: what is drawn where, in the units of its axes. SVG and terminal both render it. */
export interface Figure {
  readonly title: string;
  /** One sentence that says what is to be seen, also for those who cannot see it. */
  readonly summary: string;
  /** Panels side by side before a new row begins. */
  readonly columns: number;
  /** Of each panel, in pixels, with its axes. */
  readonly panelHeight: number;
  readonly panels: readonly Panel[];
  readonly legend?: readonly LegendEntry[];
}

export interface Panel {
  readonly title?: string;
  readonly x: Axis;
  readonly y: Axis;
  /** Later ones lie above earlier ones. */
  readonly marks: readonly Mark[];
  /** Axes of their own inside the panel, for parallel coordinates. */
  readonly rails?: readonly Rail[];
  /** Pixels to the left of the panel, for long labels of the y axis. */
  readonly labelWidth?: number;
}

export interface Axis {
  readonly label: string;
  readonly scale: Scale;
  readonly isHidden?: boolean;
}

/** A vertical axis at a place of the panel's width (0 to 1). */
export interface Rail {
  readonly at: number;
  readonly label: string;
  readonly scale: Scale;
}

export type XY = readonly [x: number, y: number];

export type Tone = 'accent' | 'contrast' | 'good' | 'bad' | 'warning' | 'quiet';

/** One of the colours that stand for classes: the twelfth is followed by the first. */
export type ClassTone = `class-${number}`;

/** A tone, or how good something is: from 0 (worst) to 1 (best). */
export type Colour = Tone | ClassTone | number;

interface MarkBase {
  readonly colour: Colour;
  /** Name of the trial that it shows, for pages on which one can point at it. */
  readonly trial?: string;
  /** What it says to who points at it. */
  readonly hint?: string;
}

export type Mark =
  | (MarkBase & { readonly kind: 'dot'; readonly at: XY; readonly radius?: number })
  | (MarkBase & {
      readonly kind: 'line';
      readonly points: readonly XY[];
      readonly width?: number;
      readonly isDashed?: boolean;
    })
  | (MarkBase & { readonly kind: 'bar'; readonly from: XY; readonly to: XY })
  | (MarkBase & {
      readonly kind: 'text';
      readonly at: XY;
      readonly text: string;
      /** In the middle of the place and readable on any colour, not beside it. */
      readonly isCentred?: boolean;
    });

export interface LegendEntry {
  readonly text: string;
  readonly colour: Colour;
  readonly mark: 'dot' | 'line' | 'bar';
}
