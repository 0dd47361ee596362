/** Assemblies under way in this process, by upload: they can be told to stop, and waited for. */
export interface Jobs {
  /** Runs `work` unless one runs for this upload already; false then. */
  run(uploadId: string, work: (signal: AbortSignal) => Promise<void>): Promise<boolean>;
  /** Tells the upload's job to stop; resolves when it has. */
  stop(uploadId: string, reason: unknown): Promise<void>;
  stopAll(reason: unknown): Promise<void>;
  /** Uploads that have a job now. */
  ids(): string[];
}

export function createJobs(): Jobs {
  const jobs = new Map<string, { controller: AbortController; done: Promise<void> }>();

  async function stop(uploadId: string, reason: unknown): Promise<void> {
    const job = jobs.get(uploadId);
    job?.controller.abort(reason);
    await job?.done;
  }

  return {
    async run(uploadId, work) {
      if (jobs.has(uploadId)) return false;
      const controller = new AbortController();
      const done = work(controller.signal).finally(() => jobs.delete(uploadId));
      // Whoever waits for the end does not care how it ended.
      jobs.set(uploadId, { controller, done: done.catch(() => {}) });
      await done;
      return true;
    },
    stop,
    async stopAll(reason) {
      await Promise.all([...jobs.keys()].map((uploadId) => stop(uploadId, reason)));
    },
    ids: () => [...jobs.keys()],
  };
}
