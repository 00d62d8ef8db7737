/** A picture on a page. */
export interface Figure {
  /** Beside the page. */
  readonly file: string;
  readonly caption: string;
}

/** A page that shows pictures one below the other; it needs nothing but them. */
export function pageOf(title: string, figures: readonly Figure[]): string {
  const blocks = figures.map(
    ({ file, caption }) =>
      `<figure><img src="${escapeHtml(file)}" alt="${escapeHtml(caption)}"><figcaption>${escapeHtml(caption)}</figcaption></figure>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 1040px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; }
figure { margin: 2rem 0; }
img { width: 100%; height: auto; border: 1px solid #ddd; }
figcaption { color: #555; }
</style>
<h1>${escapeHtml(title)}</h1>
${blocks.join('\n')}
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
