/**
 * Chunk requests under way, by upload: closing an upload takes their queued work out of the queue. A write that has
 * begun runs to its end.
 */
export interface InFlight {
  /** One request's signal: aborts with the request, or when the upload is closed. */
  enter(uploadId: string, request: AbortSignal): { signal: AbortSignal; leave(): void };
  close(uploadId: string, reason: unknown): void;
  closeAll(reason: unknown): void;
  /** Resolves when no request is under way. */
  idle(): Promise<void>;
}

export function createInFlight(): InFlight {
  const byUpload = new Map<string, Set<AbortController>>();
  const onIdle: (() => void)[] = [];
  return {
    enter(uploadId, request) {
      const controller = new AbortController();
      const onAbort = () => controller.abort(request.reason);
      if (request.aborted) onAbort();
      else request.addEventListener('abort', onAbort, { once: true });
      const controllers = byUpload.get(uploadId) ?? new Set();
      byUpload.set(uploadId, controllers.add(controller));
      return {
        signal: controller.signal,
        leave() {
          request.removeEventListener('abort', onAbort);
          controllers.delete(controller);
          if (controllers.size === 0 && byUpload.get(uploadId) === controllers) byUpload.delete(uploadId);
          if (byUpload.size === 0) for (const resolve of onIdle.splice(0)) resolve();
        },
      };
    },
    close(uploadId, reason) {
      for (const controller of byUpload.get(uploadId) ?? []) controller.abort(reason);
    },
    closeAll(reason) {
      for (const controllers of byUpload.values())
        for (const controller of controllers) controller.abort(reason);
    },
    idle: () => (byUpload.size === 0 ? Promise.resolve() : new Promise((resolve) => onIdle.push(resolve))),
  };
}
