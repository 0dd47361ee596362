import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createInterface } from 'node:readline';
import { KiB } from '../contract/index.js';
import type { Contender } from './contenders.js';

export interface Sample {
  /** From the client's start to its end, seconds. */
  wallS: number;
  /** Processor time of the server's process, user and system, seconds. */
  serverCpuS: number;
  /** Most memory that was resident at one time, MiB. */
  serverPeakMiB: number;
  clientPeakMiB: number;
}

/** The kernel counts processor time in ticks of this many a second. */
const TICKS_PER_SECOND = 100;

function cpuSeconds(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold spaces; user and system time are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function peakMiB(pid: number): number {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * KiB) / 2 ** 20;
}

async function startServer(args: string[]): Promise<{ child: ChildProcess; pid: number; url: string }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null || child.pid === undefined) throw new Error('the server did not start');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, pid: child.pid, url: line.slice(line.indexOf('http')) };
}

/** One upload of `file` to a fresh server under `root`, checked byte by byte. */
export async function measure(contender: Contender, file: string, root: string): Promise<Sample> {
  fs.mkdirSync(root, { recursive: true });
  const { child, pid, url } = await startServer(contender.server(root));
  try {
    const cpuBefore = cpuSeconds(pid);
    const began = performance.now();
    const client = spawn(process.execPath, contender.client(file, url), {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    client.stderr.on('data', (text) => {
      stderr += text;
    });
    let clientPeakMiB = 0;
    const sampling = setInterval(() => {
      try {
        clientPeakMiB = Math.max(clientPeakMiB, peakMiB(client.pid ?? 0));
      } catch {}
    }, 50);
    const [code] = await once(client, 'exit');
    clearInterval(sampling);
    const wallS = (performance.now() - began) / 1000;
    if (code !== 0) throw new Error(`${contender.name}: the client failed: ${stderr}`);
    const sample = {
      wallS,
      serverCpuS: cpuSeconds(pid) - cpuBefore,
      serverPeakMiB: peakMiB(pid),
      clientPeakMiB,
    };
    if (spawnSync('cmp', [file, contender.result(root)]).status !== 0)
      throw new Error(`${contender.name}: the stored file differs`);
    return sample;
  } finally {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    fs.rmSync(root, { recursive: true, force: true });
  }
}
