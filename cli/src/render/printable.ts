const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Controls, line separators, lone surrogates, and the invisible marks that reorder a line: whoever
 * chose a trial's parameters must not be able to move the cursor or to disguise text.
 */
const UNSAFE =
  /[\p{Cc}\p{Cs}\u2028\u2029\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E007F}]/gu;

/**
 * Makes text safe to print within one line: what a terminal would act upon becomes visible, such as
 * `\x1b` or `\u202e`; everything else stays as it is.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return NAMED[character] ?? escapeOf(code);
  });
}

function escapeOf(code: number): string {
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/**
 * Makes a trainer's output safe for a terminal: line ends, tabs and colours stay, everything that
 * moves the cursor, sets a title or asks the terminal something becomes visible.
 */
export function printableLog(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences begin with one
  return text.replace(/\x1b\[[0-9;]*m|[\n\r\t]|[^\n\r\t\x1b]+|\x1b/g, (piece) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    /^(\x1b\[[0-9;]*m|[\n\r\t])$/.test(piece) ? piece : printable(piece),
  );
}
