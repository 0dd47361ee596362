import type { Bundle } from '../../browser/support/site.js';

/** What a page has complained of, and what its workers have answered. */
export interface Seen {
  complaints: string[];
  /** Of each answer of a worker: its file, and the hash. */
  hashed: [worker: string, hash: string][];
}

const ADDRESS = '/spy.js';
const TAG = `<script src="${ADDRESS}"></script>`;

/** Runs in pages before all else: drivers of both engines tell neither of consoles nor of workers. */
function spy(): void {
  const seen: Seen = { complaints: [], hashed: [] };
  const complain = (text: unknown) => seen.complaints.push(String(text));
  addEventListener(
    'error',
    ({ message, target }) => complain(message || `failed to load: ${(target as Element).outerHTML}`),
    true,
  );
  addEventListener('unhandledrejection', ({ reason }) => complain(reason));
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    complain(`refused: ${violatedDirective} ${blockedURI}`),
  );
  const { error } = console;
  console.error = (...all: unknown[]) => {
    complain(all.join(' '));
    error.apply(console, all);
  };
  class WatchedWorker extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      this.addEventListener('message', ({ data }) => {
        if (Array.isArray(data)) seen.hashed.push([new URL(url, location.href).pathname, data[1]]);
      });
    }
  }
  Object.assign(globalThis, { Worker: WatchedWorker, seen });
}

/** The page's HTML, with the spy in it. */
export const watched = (html: string): string => html.replace(/<(script|link|body)/, `${TAG}<$1`);

/** The spy's own file, to be served beside the page. */
export const spyFile: Bundle = new Map([[ADDRESS, `(${spy})();`]]);

/** Pages of a bundle with the spy in them. */
export function withSpy(bundle: Bundle): Bundle {
  return new Map([...bundle, ...spyFile, ['/', watched(String(bundle.get('/')))]]);
}
