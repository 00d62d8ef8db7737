import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  type DataSourceRef,
  FieldColorModeId,
  type FieldConfig,
  GraphDrawStyle,
  type GridPos,
  LegendDisplayMode,
  type Panel,
  PercentChangeColorMode,
  type RowPanel,
  SortOrder,
  StackingMode,
  ThresholdsMode,
  TooltipDisplayMode,
  VizOrientation,
} from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {
  FieldConfig as TimeSeriesField,
  Options as TimeSeriesOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** The variable that the user picks a Prometheus by. */
export const DATA_SOURCE: DataSourceRef = { type: 'prometheus', uid: `\${datasource}` };

/** Grafana's grid has so many columns. */
const COLUMNS = 24;

export interface Query {
  readonly expr: string;
  /** `{{label}}` stands for the label's value. */
  readonly legend: string;
}

interface PanelOptions {
  readonly title: string;
  readonly description: string;
  readonly queries: readonly Query[];
  readonly unit?: string;
  readonly width: number;
}

/** A panel that does not know its place yet. */
export type Unplaced = Omit<Panel, 'id' | 'gridPos'> & Pick<Required<GridPos>, 'w' | 'h'>;

/** The newest value of each series, large; red at 0 if `mustBeOne`. */
export function stat(options: PanelOptions & { readonly mustBeOne?: boolean }): Unplaced {
  const { mustBeOne = false } = options;
  const look: StatOptions = {
    colorMode: mustBeOne ? BigValueColorMode.Background : BigValueColorMode.Value,
    graphMode: BigValueGraphMode.Area,
    justifyMode: BigValueJustifyMode.Auto,
    orientation: VizOrientation.Auto,
    percentChangeColorMode: PercentChangeColorMode.Standard,
    reduceOptions: { calcs: ['lastNotNull'] },
    showPercentChange: false,
    textMode: BigValueTextMode.ValueAndName,
    wideLayout: true,
  };
  const defaults: FieldConfig = mustBeOne
    ? {
        color: { mode: FieldColorModeId.Thresholds },
        thresholds: {
          mode: ThresholdsMode.Absolute,
          steps: [
            { value: null, color: 'red' },
            { value: 1, color: 'green' },
          ],
        },
      }
    : { color: { mode: FieldColorModeId.PaletteClassic } };
  return { ...panel('stat', options, defaults), options: { ...look }, h: 5 };
}

/** Lines over time; `stacked` for what adds up. */
export function lines(options: PanelOptions & { readonly stacked?: boolean }): Unplaced {
  const { stacked = false } = options;
  const look: TimeSeriesOptions = {
    legend: {
      calcs: ['lastNotNull'],
      displayMode: LegendDisplayMode.Table,
      placement: 'bottom',
      showLegend: true,
    },
    tooltip: { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending },
  };
  const custom: TimeSeriesField = {
    drawStyle: GraphDrawStyle.Line,
    fillOpacity: stacked ? 30 : 0,
    stacking: { mode: stacked ? StackingMode.Normal : StackingMode.None },
  };
  const defaults = { color: { mode: FieldColorModeId.PaletteClassic }, custom: { ...custom } };
  return { ...panel('timeseries', options, defaults), options: { ...look }, h: 9 };
}

function panel(
  type: string,
  { title, description, queries, unit, width }: PanelOptions,
  defaults: FieldConfig,
): Omit<Unplaced, 'h'> {
  return {
    type,
    title,
    description,
    datasource: DATA_SOURCE,
    fieldConfig: {
      defaults: { ...defaults, ...(unit === undefined ? {} : { unit }) },
      overrides: [],
    },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: DATA_SOURCE,
      expr,
      legendFormat: legend,
      range: true,
    })),
    w: width,
  };
}

/** Rows of panels with their places: from left to right, a new line where the grid ends. */
export function placed(
  rows: readonly { readonly title: string; readonly panels: readonly Unplaced[] }[],
): (Panel | RowPanel)[] {
  const all: (Panel | RowPanel)[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    const gridPos = { x: 0, y, w: COLUMNS, h: 1 };
    all.push({ type: 'row', id: all.length + 1, title, collapsed: false, gridPos, panels: [] });
    y += 1;
    let x = 0;
    let height = 0;
    for (const { w, h, ...rest } of panels) {
      if (x + w > COLUMNS) {
        x = 0;
        y += height;
        height = 0;
      }
      all.push({ ...rest, id: all.length + 1, gridPos: { x, y, w, h } });
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return all;
}
