import { UploadError } from '../contract/for-clients.js';

const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Header values as tRPC gives them (an object, or pairs), without those that are undefined. */
export function plainHeaders(headers: unknown): Record<string, string> {
  const plain: Record<string, string> = {};
  if (typeof headers !== 'object' || headers === null) return plain;
  const pairs: Iterable<[string, unknown]> =
    Symbol.iterator in headers ? (headers as Iterable<[string, unknown]>) : Object.entries(headers);
  // What is around a value does not count: a token that was read from a file ends with a line break.
  for (const [name, value] of pairs)
    if (value !== undefined)
      plain[name.toLowerCase()] = (Array.isArray(value) ? value.join(', ') : String(value)).trim();
  return plain;
}

/**
 * The same, fit for HTTP.
 * @throws UploadError INPUT_INVALID, which names the header and never shows its value
 */
export function checkedHeaders(headers: unknown): Record<string, string> {
  const plain = plainHeaders(headers);
  for (const [name, value] of Object.entries(plain))
    if (!NAME.test(name) || !VALUE.test(value))
      throw new UploadError('INPUT_INVALID', {
        message: `The header ${name} has characters that cannot be sent, such as a line break. Check \`headers\` or \`token\`.`,
      });
  return plain;
}
