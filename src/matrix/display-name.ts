// What people are called, made fit to be shown in one line. Pure. It does not know whose name it is, nor what stands
// for one that is missing.

/** UTF-16 code units. */
const MAX_NAME_CHARACTERS = 255;
/** Controls and line breaks; and what turns the direction of the text around it, which would forge the line it is in. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/** 1 to 255 UTF-16 code units of what was given, undefined when nothing is left of it. */
export function printableName(given: string): string | undefined {
  const printable = given.toWellFormed().replaceAll(UNPRINTABLE, '').trim();
  // Half a surrogate pair would be no text.
  const cut = printable.slice(0, MAX_NAME_CHARACTERS).replace(/[\ud800-\udbff]$/, '');
  return cut.trim() || undefined;
}
