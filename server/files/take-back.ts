import type { Core } from '../core.js';
import type { UploadSession } from '../sessions/sessions.js';

/** Undoes a move that was begun; what cannot be undone is told to the operator. */
export type TakeBack = (session: UploadSession, to: string) => Promise<void>;

export function createTakeBack({ store, log }: Pick<Core, 'store' | 'log'>): TakeBack {
  return async (session, to) => {
    if (await store.takeBack(session, to)) return;
    log.warn(
      { uploadId: session.id, target: to },
      'a move that was begun is given up, and its target is out of reach: once it is back, look whether the file is there',
    );
  };
}
