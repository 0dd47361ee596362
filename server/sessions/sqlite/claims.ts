import type { Claim } from '../sessions.js';

/** Who holds which claim. In memory: the root's lock makes this process the only one that gives claims. */
export interface Claims {
  /** Null: somebody holds one on this index. */
  take(uploadId: string, index: number, hash: string): Claim | null;
  holds(claim: Claim): boolean;
  /** Idempotent; never ends another holder's claim. */
  end(claim: Claim): void;
  endAll(): void;
  whenReleased(uploadId: string, index: number): Promise<void>;
  whenUnclaimed(uploadId: string): Promise<void>;
}

interface Held {
  readonly claim: Claim;
  readonly ended: Promise<void>;
  readonly end: () => void;
}

export function createClaims(): Claims {
  const byUpload = new Map<string, Map<number, Held>>();
  let given = 0;

  function heldBy(claim: Claim): Held | undefined {
    const held = byUpload.get(claim.uploadId)?.get(claim.index);
    return held?.claim.token === claim.token ? held : undefined;
  }

  function end(claim: Claim): void {
    const held = heldBy(claim);
    if (!held) return;
    const ofUpload = byUpload.get(claim.uploadId);
    ofUpload?.delete(claim.index);
    if (ofUpload?.size === 0) byUpload.delete(claim.uploadId);
    held.end();
  }

  return {
    take(uploadId, index, hash) {
      const ofUpload = byUpload.get(uploadId) ?? new Map<number, Held>();
      if (ofUpload.has(index)) return null;
      given += 1;
      const claim = { uploadId, index, hash, token: String(given) };
      let resolveEnded = () => {};
      const ended = new Promise<void>((resolve) => {
        resolveEnded = resolve;
      });
      ofUpload.set(index, { claim, ended, end: resolveEnded });
      byUpload.set(uploadId, ofUpload);
      return claim;
    },
    holds: (claim) => heldBy(claim) !== undefined,
    end,
    endAll() {
      for (const ofUpload of [...byUpload.values()])
        for (const { claim } of [...ofUpload.values()]) end(claim);
    },
    async whenReleased(uploadId, index) {
      await byUpload.get(uploadId)?.get(index)?.ended;
    },
    async whenUnclaimed(uploadId) {
      await Promise.all([...(byUpload.get(uploadId)?.values() ?? [])].map(({ ended }) => ended));
    },
  };
}
