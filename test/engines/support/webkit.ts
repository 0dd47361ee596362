import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { vi } from 'vitest';
import { INSECURE_HOST } from '../../browser/support/chromium.js';
import { temporaryFolder } from '../../support/server.js';
import { startProgram } from './process.js';
import { COMMANDS, type Command, type Session } from './session.js';

/** Of Debian's libwebkit2gtk. */
export const MINI_BROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

/**
 * WebKitGTK's MiniBrowser, by its own driver, on a screen that nobody sees. Names are the system's to resolve, so the
 * driver and all that it starts get an `/etc/hosts` of their own.
 */
export async function startWebKit(): Promise<Session> {
  const folder = await temporaryFolder();
  const hosts = path.join(folder.path, 'hosts');
  await writeFile(hosts, `127.0.0.1 localhost ${INSECURE_HOST}\n`);
  const downloads = path.join(folder.path, 'downloads');
  await mkdir(downloads);
  await writeFile(path.join(folder.path, 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${downloads}"\n`);
  const screen = startProgram('Xvfb', [
    '-displayfd',
    '1',
    '-screen',
    '0',
    '1280x1024x24',
    '-nolisten',
    'tcp',
  ]);
  await screen.until(/^\d+$/m);
  const [display] = /^\d+$/m.exec(screen.said()) ?? [];
  const port = await freePort();
  const driver = startProgram(
    'unshare',
    [
      ...['--mount', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', hosts],
      ...['WebKitWebDriver', '--host=127.0.0.1', `--port=${port}`],
    ],
    { env: { ...process.env, DISPLAY: `:${display}`, HOME: folder.path, XDG_CONFIG_HOME: folder.path } },
  );

  async function ask(method: string, at: string, body?: object): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${port}${at}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    const { value } = (await answer.json()) as { value: { error?: string; message?: string } };
    if (!answer.ok) throw new Error(`${at}: ${value.error}: ${value.message}`);
    return value;
  }

  await vi.waitUntil(() => ask('GET', '/status').catch(() => false), { timeout: 60_000 });
  const browserOptions = { binary: MINI_BROWSER, args: ['--automation'] };
  const { sessionId } = (await ask('POST', '/session', {
    capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': browserOptions } },
  })) as { sessionId: string };

  return {
    pid: driver.pid,
    downloads,
    send(command: Command, { id, ...parameters }: Record<string, unknown> = {}) {
      const [method = '', at = ''] = COMMANDS[command].split(' ');
      const full = `/session/${sessionId}${at.replace(':id', String(id))}`;
      return ask(method, full, method === 'POST' ? parameters : undefined);
    },
    async [Symbol.asyncDispose]() {
      await ask('DELETE', `/session/${sessionId}`).catch(() => {});
      await driver[Symbol.asyncDispose]();
      await screen[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
