import { createHmac, timingSafeEqual } from 'node:crypto';

/** The cookie says who and until when, and is signed: there is nothing to keep on the server. */
export const SESSION_COOKIE = 'session';
export const SESSION_SECONDS = 7 * 24 * 60 * 60;

export interface User {
  readonly id: string;
}

// Stands for your own users.
const passwords = new Map([
  ['ann', 'correct horse'],
  ['bob', 'battery staple'],
]);

/** The value of the cookie, or null: wrong name or password. */
export function signIn(id: string, password: string): string | null {
  const expected = passwords.get(id);
  if (expected === undefined || !same(expected, password)) return null;
  const text = `${id}.${Math.floor(Date.now() / 1000) + SESSION_SECONDS}`;
  return `${text}.${signature(text)}`;
}

/** Who holds that cookie; null: nobody, or no longer. */
export function userOf(cookie: string | undefined): User | null {
  const [id = '', until = '', signed = '', ...rest] = (cookie ?? '').split('.');
  if (rest.length > 0 || !same(signature(`${id}.${until}`), signed)) return null;
  return Number(until) > Date.now() / 1000 && passwords.has(id) ? { id } : null;
}

function signature(text: string): string {
  return createHmac('sha256', secret()).update(text).digest('base64url');
}

function secret(): string {
  const given = process.env.SESSION_SECRET;
  if (given !== undefined && given.length >= 32) return given;
  throw new Error('Set SESSION_SECRET to a random text of 32 characters or more: openssl rand -hex 32');
}

/** In a time that does not tell where they differ. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
