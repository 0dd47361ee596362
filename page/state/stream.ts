import { toUploadError } from '../../client/index.js';
import { type Clock, PAGE_DEFAULTS, type WatchEvent } from '../../contract/index.js';

import { type Cell, createCell } from './cell.js';
import type { Server } from './server.js';

/** The one stream of progress that a window keeps open. */
export interface Stream {
  /** `lost`: it was there, or should be, and is not; it comes back by itself. */
  readonly state: Cell<'closed' | 'live' | 'lost'>;
  /** Opens it where it is wanted and not open, and the other way round. */
  want(wanted: boolean): void;
}

export interface StreamDeps {
  readonly server: Pick<Server, 'watch'>;
  readonly clock: Clock;
  readonly onEvent: (event: WatchEvent) => void;
  /** The stream broke, or was refused: perhaps somebody has to sign in. It is not wanted until then. */
  readonly onRefused: () => void;
}

export function createStream({ server, clock, onEvent, onRefused }: StreamDeps): Stream {
  const state = createCell<'closed' | 'live' | 'lost'>('closed');
  let close: (() => void) | null = null;
  let waitMs: number = PAGE_DEFAULTS.reconnectMs;

  function open() {
    let over = false;
    const unsubscribe = server.watch({
      onEvent(event) {
        if (over) return;
        if (event.kind === 'snapshot') {
          waitMs = PAGE_DEFAULTS.reconnectMs;
          state.set('live');
        }
        onEvent(event);
      },
      // The browser would try again by itself, and would not say why it cannot.
      onBroken: () => lose(),
      onEnd(error) {
        // The server does answer. That nobody is signed in may be over by the time somebody asks: it is tried again.
        const isRefused = error !== null && toUploadError(error).code === 'UNAUTHORIZED';
        lose(isRefused ? 'closed' : 'lost');
      },
    });
    const lose = (as: 'closed' | 'lost' = 'lost') => {
      if (over) return;
      close?.();
      state.set(as);
      close = clock.after(waitMs, open);
      waitMs = Math.min(PAGE_DEFAULTS.maxReconnectMs, 2 * waitMs);
      onRefused();
    };
    const end = () => {
      over = true;
      close = null;
    };
    close = () => {
      end();
      unsubscribe();
    };
  }

  return {
    state,
    want(wanted) {
      if (wanted === (close !== null)) return;
      if (wanted) return open();
      close?.();
      close = null;
      state.set('closed');
    },
  };
}
