const TIME = '\\d{2}:\\d{2}:\\d{2}';
/** The three forms that a recipient has to read (RFC 9110, 5.6.7); the third has no zone and means GMT. */
const FORMS = [
  new RegExp(`^[A-Z][a-z]{2}, \\d{2} [A-Z][a-z]{2} \\d{4} ${TIME} GMT$`),
  new RegExp(`^[A-Z][a-z]{2,5}day, \\d{2}-[A-Z][a-z]{2}-\\d{2} ${TIME} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \\d]\\d ${TIME} \\d{4}$`),
];

/** Seconds since 1970, or null where the text is no HTTP date: such a header is ignored. */
export function parseHttpDate(text: string | null): number | null {
  if (text === null || !FORMS.some((form) => form.test(text))) return null;
  const milliseconds = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(milliseconds) ? null : Math.floor(milliseconds / 1000);
}

/** @param seconds since 1970 */
export function httpDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString();
}
