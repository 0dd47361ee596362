import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Mounts a real file system of a size, or says why it cannot. Unmounted by `using`. */
export function mountTmpfs(folder: string, options: string): Disposable | { reason: string } {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    return { reason: `a tmpfs cannot be mounted here: ${error instanceof Error ? error.message : error}` };
  }
  return {
    [Symbol.dispose]() {
      execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
    },
  };
}
