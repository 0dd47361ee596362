import type { Clock, Randomness } from '../../contract/index.js';
import { type Cell, createCell } from './cell.js';
import type { Neighbours } from './session.js';

/** Whether somebody can see the page, and what tells of changes. */
export interface Sight {
  isSeen(): boolean;
  onChange(listener: () => void): void;
  /** Somebody turns to this window. */
  onFocus(listener: () => void): void;
}

/**
 * Which window of this browser has the stream: the one that wanted it last, by being opened, shown or turned to. With
 * one for each, six windows would use up all connections that a browser has to one server, and nothing else were
 * answered. (Locks of the browser would do, but plain http has none.)
 */
export interface Turn {
  readonly isOurs: Cell<boolean>;
  /** Takes it where it is wanted anew, and gives it back where it is wanted no more. */
  want(wanted: boolean): void;
}

/** `taken` since then: of two that take it at once, the later one has it. */
type Message = { readonly kind: 'taken'; readonly since: number } | { readonly kind: 'free' };

export interface TurnDeps {
  readonly windows: Neighbours;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly sight: Pick<Sight, 'onFocus'>;
}

export function createTurn({ windows, clock, randomness, sight }: TurnDeps): Turn {
  const isOurs = createCell(false);
  let isWanted = false;
  let since = 0;

  const tell = (message: Message) => windows.postMessage(message);

  function take() {
    if (!isWanted || isOurs.value) return;
    // No two windows have the same.
    since = clock.now() + randomness.next();
    tell({ kind: 'taken', since });
    isOurs.set(true);
  }

  windows.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'free') take();
    else if (data.since > since) isOurs.set(false);
  });
  sight.onFocus(take);

  return {
    isOurs,
    want(wanted) {
      if (wanted === isWanted) return;
      isWanted = wanted;
      if (wanted) return take();
      if (!isOurs.value) return;
      isOurs.set(false);
      tell({ kind: 'free' });
    },
  };
}
