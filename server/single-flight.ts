/** Runs `work` for a key at most once at a time; callers that come meanwhile share its outcome. */
export function createSingleFlight<Result>(): (key: string, work: () => Promise<Result>) => Promise<Result> {
  const running = new Map<string, Promise<Result>>();
  return (key, work) => {
    const shared = running.get(key);
    if (shared !== undefined) return shared;
    const started = work().finally(() => running.delete(key));
    running.set(key, started);
    return started;
  };
}
