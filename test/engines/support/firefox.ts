import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { vi } from 'vitest';
import { INSECURE_HOST } from '../../browser/support/chromium.js';
import { temporaryFolder } from '../../support/server.js';
import { startProgram } from './process.js';
import type { Command, Session } from './session.js';

/** Marionette's names of the commands: what a geckodriver would translate. */
const NAMES: Record<Command, string> = {
  navigate: 'WebDriver:Navigate',
  refresh: 'WebDriver:Refresh',
  execute: 'WebDriver:ExecuteAsyncScript',
  timeouts: 'WebDriver:SetTimeouts',
  findElements: 'WebDriver:FindElements',
  click: 'WebDriver:ElementClick',
  sendKeys: 'WebDriver:ElementSendKeys',
  windows: 'WebDriver:GetWindowHandles',
  newWindow: 'WebDriver:NewWindow',
  switchWindow: 'WebDriver:SwitchToWindow',
  closeWindow: 'WebDriver:CloseWindow',
};

/** Firefox as Debian has it, without a screen, by its own protocol for remote control. */
export async function startFirefox(preferences: Record<string, unknown> = {}): Promise<Session> {
  const folder = await temporaryFolder();
  const profile = path.join(folder.path, 'profile');
  const downloads = path.join(folder.path, 'downloads');
  await mkdir(profile);
  await mkdir(downloads);
  const all = {
    // Firefox writes the free port that it found into a file of its profile.
    'marionette.port': 0,
    'network.dns.localDomains': INSECURE_HOST,
    'dom.security.https_first': false,
    'browser.download.folderList': 2,
    'browser.download.dir': downloads,
    // Nothing that reaches for the network by itself.
    'app.update.disabledForTesting': true,
    'browser.safebrowsing.malware.enabled': false,
    'browser.safebrowsing.phishing.enabled': false,
    'browser.safebrowsing.downloads.enabled': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    ...preferences,
  };
  const lines = Object.entries(all).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`,
  );
  await writeFile(path.join(profile, 'user.js'), lines.join(''));
  const browser = startProgram(
    'firefox-esr',
    ['--headless', '--no-remote', '--marionette', '--remote-allow-system-access', '--profile', profile],
    { env: { ...process.env, HOME: folder.path, MOZ_CRASHREPORTER_DISABLE: '1' } },
  );
  const portFile = path.join(profile, 'MarionetteActivePort');
  const readPort = () => readFile(portFile, 'utf8').then(Number, () => 0);
  await vi.waitUntil(readPort, { timeout: 60_000 });
  const line = await openLine(connect(await readPort(), '127.0.0.1'));
  await line.send('WebDriver:NewSession', {});

  return {
    pid: browser.pid,
    downloads,
    async send(command, parameters = {}) {
      const answer = await line.send(NAMES[command], parameters);
      // Marionette wraps what is no object or list, and only that.
      return answer !== null && typeof answer === 'object' && 'value' in answer ? answer.value : answer;
    },
    async [Symbol.asyncDispose]() {
      line.close();
      await browser[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Messages are `length:JSON`; a command is `[0, number, name, parameters]`, its answer `[1, number, error, result]`. */
async function openLine(socket: Socket) {
  const waiting = new Map<number, (error: { message: string } | null, result: unknown) => void>();
  let [number, rest] = [0, Buffer.alloc(0)];
  let greet = () => {};
  const greeted = new Promise<void>((resolve, reject) => {
    greet = resolve;
    socket.once('error', reject);
  });
  socket.on('data', (piece) => {
    rest = Buffer.concat([rest, piece as Buffer]);
    for (let colon = rest.indexOf(58); colon > 0; colon = rest.indexOf(58)) {
      const end = colon + 1 + Number(rest.subarray(0, colon).toString());
      if (rest.length < end) return;
      const message = JSON.parse(rest.subarray(colon + 1, end).toString());
      rest = rest.subarray(end);
      if (!Array.isArray(message)) greet();
      else waiting.get(message[1])?.(message[2], message[3]);
    }
  });
  socket.on('close', () => {
    for (const settle of waiting.values()) settle({ message: 'the browser has closed the connection' }, null);
  });
  await greeted;
  return {
    send: (name: string, parameters: object): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const id = ++number;
        waiting.set(id, (error, result) => {
          waiting.delete(id);
          if (error) reject(new Error(`${name}: ${error.message}`));
          else resolve(result);
        });
        const text = JSON.stringify([0, id, name, parameters]);
        socket.write(`${Buffer.byteLength(text)}:${text}`);
      }),
    close: () => socket.destroy(),
  };
}
