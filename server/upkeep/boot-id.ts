import { readFile } from 'node:fs/promises';
import os from 'node:os';

const MINUTE_MS = 60_000;

/**
 * Tells one boot of the machine from another. Where the system has no id for it (not Linux), the minute it started:
 * a clock that jumps then looks like a boot, which costs a check of some chunks and nothing else.
 */
export async function readBootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return String(Math.round((Date.now() - os.uptime() * 1000) / MINUTE_MS));
  }
}
