import type { Browser, Page } from 'playwright-core';

/** Nothing may hold up the page for longer. Milliseconds; the browser's long-task entries begin here. */
export const LONG_MS = 50;

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Processor time in microseconds. */
  tdur?: number;
  args: { name?: string };
}

/**
 * Runs `work`, which answers the page's long-task entries, and tells which tasks held up its main thread, in
 * milliseconds. An entry counts only where the page had the processor for that long: on a busy machine other programs
 * take it away in the middle of any task.
 */
export async function heldUp<Run extends { longTasks: number[] }>(
  browser: Browser,
  tab: Page,
  work: () => Promise<Run>,
): Promise<Run & { held: number[] }> {
  await browser.startTracing(tab, { categories: ['toplevel'] });
  let trace: Buffer | undefined;
  let run: Run;
  try {
    run = await work();
  } finally {
    trace = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const key = ({ pid, tid }: TraceEvent) => `${pid}:${tid}`;
  const mains = traceEvents.filter(
    ({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain',
  );
  const main = new Set(mains.map(key));
  const tasks = traceEvents.filter(
    (event) => event.ph === 'X' && event.tdur !== undefined && main.has(key(event)),
  );
  if (tasks.length === 0) throw new Error('the trace has no tasks of a page');
  const held = tasks.map(({ tdur = 0 }) => tdur / 1000).filter((ms) => ms > LONG_MS);
  return { ...run, held: run.longTasks.some((ms) => ms > LONG_MS) ? held : [] };
}
