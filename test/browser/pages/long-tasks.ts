/** Collects how long tasks held up the page's main thread, in milliseconds; the browser tells of those over 50. */
export function watchLongTasks(): () => Promise<number[]> {
  const durations: number[] = [];
  const take = (entries: readonly { duration: number }[]) =>
    durations.push(...entries.map(({ duration }) => duration));
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ type: 'longtask' });
  return async () => {
    // An entry is made once its task is over, and this task may be the long one.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => requestAnimationFrame(resolve));
    take(observer.takeRecords());
    observer.disconnect();
    return durations;
  };
}
