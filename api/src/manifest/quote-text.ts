const MAX_SHOWN = 60;
// Control characters, line ends that terminals know, and marks that change the writing direction.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gu;

/** `text` with everything that could move the cursor or reorder the line replaced by an escape. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** `text` in double quotes, safe to print whatever it holds; the rest of a long one is left out. */
export function quoteText(text: string): string {
  // Cut twice: by units, so that a megabyte costs nothing, then by characters.
  const chars = Array.from(text.slice(0, 2 * MAX_SHOWN));
  const isCut = chars.length > MAX_SHOWN || text.length > 2 * MAX_SHOWN;
  const shown = chars.slice(0, MAX_SHOWN).join('').replace(/["\\]/g, '\\$&');
  return `"${escapeText(shown)}${isCut ? '...' : ''}"`;
}
