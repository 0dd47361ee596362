import { UploadError } from '../../client/index.js';
import { type Cell, createCell } from './cell.js';
import type { Server } from './server.js';

/**
 * `asking`: not known yet. `open`: nobody needs to sign in. `ended`: was signed in; what the page shows stays, and its
 * uploads wait.
 */
export type SessionState = 'asking' | 'open' | 'out' | 'in' | 'ended';

export interface Session {
  readonly state: Cell<SessionState>;
  /** Asks the server how it stands. @throws UploadError */
  check(): Promise<void>;
  /** @throws UploadError */
  signIn(token: string): Promise<void>;
  /** @throws UploadError */
  signOut(): Promise<void>;
  /** The server has refused a request: resolves once somebody has signed in again; false where nobody can. */
  renew(): Promise<boolean>;
}

/** Other windows of this browser share the cookie: they are told when it changes. */
export type Neighbours = Pick<BroadcastChannel, 'postMessage' | 'addEventListener'>;

/** Somebody has signed in, or out. */
type Message = 'in' | 'out';

export function mayUse(state: SessionState): boolean {
  return state === 'open' || state === 'in';
}

export function createSession(
  server: Pick<Server, 'session' | 'signIn' | 'signOut'>,
  neighbours: Neighbours,
): Session {
  const state = createCell<SessionState>('asking');
  const tell = (message: Message) => neighbours.postMessage(message);

  let asked = 0;
  /** The latest question that is answered, or what somebody did here: answers to earlier ones count no more. */
  let known = 0;

  async function check(): Promise<void> {
    const own = ++asked;
    const { required, signedIn } = await server.session();
    if (own < known) return;
    known = own;
    if (!required) state.set('open');
    else if (signedIn) state.set('in');
    else state.set(state.value === 'in' || state.value === 'ended' ? 'ended' : 'out');
  }

  function leave() {
    known = ++asked;
    state.set('out');
  }

  neighbours.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    if (data === 'out') leave();
    else check().catch(() => {});
  });

  return {
    state,
    check,
    async signIn(token) {
      await server.signIn(token);
      await check();
      if (!mayUse(state.value))
        throw new UploadError('UNAUTHORIZED', {
          message:
            'The token is right, but the browser did not keep it. Allow cookies for this page, then try again.',
        });
      tell('in');
    },
    async signOut() {
      await server.signOut();
      leave();
      tell('out');
    },
    async renew() {
      await check();
      if (state.value === 'open') return false;
      while (!mayUse(state.value))
        await new Promise<void>((resolve) => {
          const stop = state.subscribe(() => {
            stop();
            resolve();
          });
        });
      return true;
    },
  };
}
