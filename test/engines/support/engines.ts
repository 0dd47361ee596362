import { startFirefox } from './firefox.js';
import type { Session } from './session.js';
import { startWebKit } from './webkit.js';

export const ENGINES: [name: string, start: () => Promise<Session>][] = [
  ['Firefox', startFirefox],
  ['WebKit', startWebKit],
];
