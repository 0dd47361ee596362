import type { UploadSession } from './sessions/sessions.js';

/** Tells, within this process, that sessions changed. Nothing is kept: the sessions are the truth. */
export interface Events {
  publish(session: UploadSession): void;
  /** @returns ends the subscription */
  subscribe(onChange: (session: UploadSession) => void): () => void;
  subscribeTo(uploadId: string, onChange: (session: UploadSession) => void): () => void;
}

export function createEvents(): Events {
  const everything = new Set<(session: UploadSession) => void>();
  const byUpload = new Map<string, Set<(session: UploadSession) => void>>();
  return {
    publish(session) {
      for (const onChange of [...everything]) onChange(session);
      for (const onChange of [...(byUpload.get(session.id) ?? [])]) onChange(session);
    },
    subscribe(onChange) {
      everything.add(onChange);
      return () => everything.delete(onChange);
    },
    subscribeTo(uploadId, onChange) {
      const listeners = byUpload.get(uploadId) ?? new Set();
      byUpload.set(uploadId, listeners.add(onChange));
      return () => {
        listeners.delete(onChange);
        if (listeners.size === 0 && byUpload.get(uploadId) === listeners) byUpload.delete(uploadId);
      };
    },
  };
}
