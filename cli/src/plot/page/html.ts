import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { element, escapeMarkup } from '../svg/element.ts';
import { type Theme, themeCss } from '../svg/theme.ts';

export interface Section {
  /** None for what stands under the heading of the page itself. */
  readonly heading?: string;
  /** Markup. */
  readonly body: string;
}

export interface PageOptions {
  readonly title: string;
  readonly theme: Theme;
  readonly sections: readonly Section[];
}

/**
 * One file that needs no other: pictures, table, style and script are in it. Nothing else may run or
 * load in it, whatever names and values hold.
 */
export function htmlPage({ title, theme, sections }: PageOptions): string {
  const script = interactScript();
  const digest = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${digest}'`;
  const parts = sections.map(({ heading, body }, n) =>
    heading === undefined
      ? body
      : element(
          'section',
          { 'aria-labelledby': `section-${n}` },
          `${element('h2', { id: `section-${n}` }, escapeMarkup(heading))}\n${body}`,
        ),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="color-scheme" content="${theme === 'auto' ? 'light dark' : theme}">
<title>${escapeMarkup(title)}</title>
<style>
${themeCss(theme)}
${PAGE_CSS}
</style>
</head>
<body class="ground ink">
<main>
<h1>${escapeMarkup(title)}</h1>
${parts.join('\n')}
</main>
<script>${script}</script>
</body>
</html>
`;
}

/** What stands in cli/browser: it goes into the page as it is. */
function interactScript(): string {
  return readFileSync(new URL('../../../browser/interact.js', import.meta.url), 'utf8');
}

const PAGE_CSS = `
body { margin: 0; font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; background: var(--ground); color: var(--ink); }
main { max-width: 1080px; margin: 0 auto; padding: 1rem 1.5rem 4rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin-top: 2.5rem; }
figure { margin: 1.5rem 0; }
svg { display: block; width: 100%; height: auto; }
a { color: var(--accent); }
pre { overflow: auto; padding: 1rem; border: 1px solid var(--grid); border-radius: 6px; font-size: 13px; }
.muted { color: var(--muted); }
.scroll { overflow: auto; max-height: 32rem; border: 1px solid var(--grid); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.3rem 0.7rem; border-bottom: 1px solid var(--grid); white-space: nowrap; }
thead th { position: sticky; top: 0; background: var(--ground); }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible, tr:focus-visible, input:focus-visible, .scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
th[aria-sort=ascending] button::after { content: " ▲"; }
th[aria-sort=descending] button::after { content: " ▼"; }
tr.on { background: var(--grid); }
tr.off { display: none; }
fieldset { border: 1px solid var(--grid); border-radius: 6px; display: flex; flex-wrap: wrap; gap: 0.4rem 1.4rem; margin: 0 0 1rem; }
fieldset label { font-size: 13px; }
input[type=range] { width: 7rem; vertical-align: middle; accent-color: var(--accent); }
.marks .off { display: none; }
.pointing .marks [data-trial]:not(.on) { opacity: 0.18; }
.marks path.on { stroke-width: 3; }
.brush { fill: transparent; cursor: ns-resize; }
.brush.set { fill: var(--accent); fill-opacity: 0.25; }
.tip { position: absolute; z-index: 1; white-space: pre; pointer-events: none; padding: 0.4rem 0.7rem;
  background: var(--ground); border: 1px solid var(--muted); border-radius: 6px; font-size: 12.5px; box-shadow: 0 2px 10px #0003; }
`;
