const DECIMAL = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 } as const;
const BINARY = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 } as const;
const FORM = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d{1,3}))?$/;

/** What a quantity of Kubernetes such as `500m`, `16Gi` or `1e3` amounts to; undefined if it is none. */
export function quantityOf(text: string): number | undefined {
  const [, digits, binary, decimal, exponent = '0'] = FORM.exec(text) ?? [];
  if (digits === undefined) return undefined;
  if (binary !== undefined) return Number(digits) * 2 ** BINARY[binary as keyof typeof BINARY];
  const power = decimal === undefined ? exponent : DECIMAL[decimal as keyof typeof DECIMAL];
  return Number(`${digits}e${power}`);
}
