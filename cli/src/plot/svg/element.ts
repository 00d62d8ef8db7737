/** Attributes of an element; undefined ones are left out, numbers are rounded to a hundredth. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One SVG element. `content` is markup: text goes through {@link escapeMarkup} first. */
export function element(name: string, attributes: Attributes, content?: string): string {
  const written = Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return [` ${key}="${typeof value === 'number' ? pixels(value) : escapeMarkup(value)}"`];
  });
  const opening = `<${name}${written.join('')}`;
  return content === undefined ? `${opening}/>` : `${opening}>${content}</${name}>`;
}

/** Text for an element or an attribute, whatever it holds; characters that XML cannot carry go. */
export function escapeMarkup(text: string): string {
  return text
    .replace(NOT_IN_XML, '\ufffd')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that XML refuses
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu;

export function pixels(value: number): string {
  return String(Math.round(value * 100) / 100);
}
