/** A line of a plot: mean regrets after 10, 20, ... trials. */
export interface Curve {
  readonly label: string;
  readonly colour: string;
  readonly regrets: readonly number[];
}

const WIDTH = 360;
const HEIGHT = 240;
const LEFT = 48;
const BOTTOM = 32;
const TOP = 24;

/** An SVG file with a logarithmic axis of regret over trials. */
export function plotCurves(title: string, curves: readonly Curve[]): string {
  const all = curves.flatMap(({ regrets }) => regrets).filter((regret) => regret > 0);
  const low = Math.floor(Math.log10(Math.min(...all)));
  const high = Math.ceil(Math.log10(Math.max(...all)));
  const count = curves[0]?.regrets.length ?? 1;
  const x = (i: number) => LEFT + ((WIDTH - LEFT - 12) * (i + 1)) / count;
  const y = (regret: number) => {
    const share = (Math.log10(Math.max(regret, 10 ** low)) - low) / (high - low || 1);
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share;
  };
  const decades = Array.from({ length: high - low + 1 }, (_, i) => low + i).map((decade) => {
    const at = y(10 ** decade).toFixed(1);
    return `<path d="M${LEFT} ${at}H${WIDTH - 12}" stroke="#ddd"/><text x="${LEFT - 6}" y="${at}" text-anchor="end" dominant-baseline="middle">1e${decade}</text>`;
  });
  const trials = [50, 100, 150, 200].map((n) => {
    return `<text x="${x(n / 10 - 1).toFixed(1)}" y="${HEIGHT - 14}" text-anchor="middle">${n}</text>`;
  });
  const lines = curves.map(({ label, colour, regrets }, c) => {
    const points = regrets.map((regret, i) => `${x(i).toFixed(1)},${y(regret).toFixed(1)}`);
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/><text x="${WIDTH - 16}" y="${TOP + 12 + 14 * c}" text-anchor="end" fill="${colour}">${label}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="10">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="15" font-size="12">${title}</text>`,
    ...decades,
    ...trials,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}
