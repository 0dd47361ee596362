/** Which chunk files were written since the last sync, so that a sync need not open all of a large upload. */
export interface Unsynced {
  /** A file was written without a sync. */
  add(id: string, path: string): void;
  /**
   * Syncs what may need it: all of `list` where this process has not yet synced the upload or its last sync failed,
   * else what was added since. Calls for one upload run one after the other: a second one must not answer before
   * the files that the first has taken are on the disk.
   */
  settle(id: string, list: () => Promise<string[]>, sync: (paths: string[]) => Promise<void>): Promise<void>;
  forget(id: string): void;
}

export function createUnsynced(): Unsynced {
  /** Of uploads with a successful sync in this process, or one that runs. */
  const added = new Map<string, Set<string>>();
  const running = new Map<string, Promise<void>>();

  const settleNow: Unsynced['settle'] = async (id, list, sync) => {
    const known = added.get(id);
    // Before the list is read, so that a file written meanwhile is on the list or in this set.
    added.set(id, new Set());
    try {
      await sync(known ? [...known] : await list());
    } catch (error) {
      added.delete(id);
      throw error;
    }
  };

  return {
    add(id, path) {
      added.get(id)?.add(path);
    },
    async settle(id, list, sync) {
      const earlier = running.get(id);
      const turn = (async () => {
        // Its caller learns of its failure; here it only means that all of the list is due again.
        await earlier?.catch(() => undefined);
        await settleNow(id, list, sync);
      })();
      running.set(id, turn);
      try {
        await turn;
      } finally {
        if (running.get(id) === turn) running.delete(id);
      }
    },
    forget(id) {
      added.delete(id);
    },
  };
}
