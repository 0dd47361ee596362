import { KiB, systemClock } from '../../../contract/index.js';
import { type Standalone, startStandalone } from '../../../server/standalone/app.js';

/** The file of the examples: the line `chunkwise` 60,000 times, 600,000 bytes. */
export const exampleFile = Buffer.from('chunkwise\n'.repeat(60_000));

const silent = { info() {}, warn() {}, error() {} };

/** `chunkwise serve` with the flags of the page, on a free port, with a clock that stands still and ids in a row. */
export function startDocumented(root: string, ids?: readonly string[]): Promise<Standalone> {
  const now = Date.UTC(2026, 10, 22, 9);
  const rest = ids?.values();
  const chunkSize = 256 * KiB;
  return startStandalone({
    root,
    host: '127.0.0.1',
    port: 0,
    allowedHosts: [],
    allowedOrigins: [],
    token: null,
    requestsPerMinute: 0,
    policies: { default: { threshold: chunkSize, chunkSize } },
    log: silent,
    ...(rest && {
      clock: { ...systemClock, now: () => now },
      newId: () => {
        const { value } = rest.next();
        if (value === undefined) throw new Error('more ids are needed');
        return value;
      },
    }),
  });
}
