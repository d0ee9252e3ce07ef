/** C0, DEL, C1; what turns the direction of writing; line and paragraph separators; halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\p{Cs}\u2028\u2029]/gu;
const MOST_CHARACTERS = 100;

/** Text from outside as a message may show it: one line, harmless to a terminal and a log, cut where it is long. */
export function printable(text: string, most = MOST_CHARACTERS): string {
  const cut = text.length > most ? `${text.slice(0, most)}...` : text;
  return cut.replaceAll(UNPRINTABLE, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u{${code}}`;
}
