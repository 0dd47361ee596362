import fs from 'node:fs/promises';
import { KiB } from '../../contract/index.js';

/** Peak resident memory of a process in bytes, as Linux counted it. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await fs.readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * KiB;
}
