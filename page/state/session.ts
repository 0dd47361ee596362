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

export function mayUse(state: SessionState): boolean {
  return state === 'open' || state === 'in';
}

export function createSession(
  server: Pick<Server, 'session' | 'signIn' | 'signOut'>,
  neighbours: Neighbours,
): Session {
  const state = createCell<SessionState>('asking');

  async function check(): Promise<void> {
    const { required, signedIn } = await server.session();
    if (!required) state.set('open');
    else if (signedIn) state.set('in');
    else state.set(state.value === 'in' || state.value === 'ended' ? 'ended' : 'out');
  }

  neighbours.addEventListener('message', () => void check().catch(() => {}));

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
      neighbours.postMessage('changed');
    },
    async signOut() {
      await server.signOut();
      state.set('out');
      neighbours.postMessage('changed');
    },
    async renew() {
      await check();
      if (state.value === 'open') return false;
      while (state.value !== 'in')
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
