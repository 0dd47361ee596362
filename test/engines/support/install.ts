import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { MINI_BROWSER } from './webkit.js';

/** Debian's package for each program that is needed. */
const PACKAGES: Record<string, string> = {
  '/usr/bin/firefox-esr': 'firefox-esr',
  '/usr/bin/WebKitWebDriver': 'webkit2gtk-driver',
  [MINI_BROWSER]: 'webkit2gtk-driver',
  '/usr/bin/Xvfb': 'xvfb',
};

/** Before all tests: installs the browsers where they are missing; where that cannot be, says what it lacks, and fails. */
export default function install(): void {
  const lacking = () => [
    ...new Set(
      Object.keys(PACKAGES)
        .filter((file) => !existsSync(file))
        .map((file) => PACKAGES[file]),
    ),
  ];
  if (lacking().length === 0) return;
  const [root, apt] = [process.getuid?.() === 0, existsSync('/usr/bin/apt-get')];
  const run = (...args: string[]) =>
    execFileSync('apt-get', ['-y', '--no-install-recommends', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: 'pipe',
    });
  if (root && apt)
    try {
      run('update');
      run('install', ...(lacking() as string[]));
    } catch {
      // What is lacking is told below.
    }
  if (lacking().length > 0)
    throw new Error(
      `test:engines needs Debian's packages ${lacking().join(', ')}, which could not be installed${root ? '' : ' without root'}.`,
    );
}
