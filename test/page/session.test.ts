/** Whether somebody is signed in, as the page knows it, while answers overtake each other and other windows act. */
import { afterEach, describe, expect, it } from 'vitest';
import { createSession } from '../../page/state/session.js';
import { startStandalone } from '../../server/standalone/app.js';
import { temporaryFolder } from '../support/server.js';
import { request } from '../support/wire.js';

const TOKEN = 'the-token';
const silent = { info() {}, warn() {}, error() {} };

const opened: BroadcastChannel[] = [];
afterEach(() => {
  for (const channel of opened.splice(0)) channel.close();
});

/** A browser with windows on a real server, which may be started anew. */
async function setup(token: string | null = TOKEN) {
  const folder = await temporaryFolder();
  const start = (port: number, asked: string | null) =>
    startStandalone({
      ...{ root: folder.path, host: '127.0.0.1', port, allowedHosts: [], allowedOrigins: [] },
      ...{ token: asked, requestsPerMinute: 0, log: silent },
    });
  let running = await start(0, token);
  const { url } = running;
  let cookie: string | undefined;
  let held: Promise<void> | null = null;
  const answered: Promise<unknown>[] = [];

  async function ask(method: string, body?: string) {
    const headers = { cookie, origin: url, ...(body && { 'content-type': 'application/json' }) };
    const answer = await request(`${url}/session`, { method, headers, ...(body && { body }) });
    const [set] = answer.headers['set-cookie'] ?? [];
    if (set !== undefined) cookie = set.split(';', 1)[0];
    return answer;
  }

  const server = {
    async session() {
      const wait = held;
      const answer = ask('GET');
      answered.push(answer);
      const { text } = await answer;
      await wait;
      return JSON.parse(text) as { required: boolean; signedIn: boolean };
    },
    signIn: async (text: string) => void (await ask('POST', JSON.stringify({ token: text }))),
    signOut: async () => void (await ask('DELETE')),
  };
  return {
    openWindow() {
      const channel = new BroadcastChannel(url);
      opened.push(channel);
      return createSession(server, channel);
    },
    /** Answers to what is asked from now on are read by the server at once, and arrive when that is called. */
    hold() {
      let release = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return {
        release: () => release(),
        /** What is asked from now on is not held up; what was asked before is answered. */
        async others() {
          held = null;
          await Promise.all(answered);
        },
      };
    },
    async startAgain(asked: string | null) {
      await running.close();
      running = await start(Number(new URL(url).port), asked);
    },
    async [Symbol.asyncDispose]() {
      await running.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe('the session of the page', () => {
  it('is not ended by an answer that is older than signing in', async () => {
    await using browser = await setup();
    const session = browser.openWindow();
    await session.check();
    expect(session.state.value).toBe('out');
    const { release, others } = browser.hold();
    const late = session.check();
    await others();
    await session.signIn(TOKEN);
    release();
    await late;
    expect(session.state.value).toBe('in');
  });

  it('is not begun again by an answer that is older than signing out', async () => {
    await using browser = await setup();
    const session = browser.openWindow();
    await session.signIn(TOKEN);
    const { release, others } = browser.hold();
    const late = session.check();
    await others();
    await session.signOut();
    release();
    await late;
    expect(session.state.value).toBe('out');
  });

  it('ends in all windows when somebody signs out in one, and begins in all again', async () => {
    await using browser = await setup();
    const [one, other] = [browser.openWindow(), browser.openWindow()];
    await one.signIn(TOKEN);
    await expect.poll(() => other.state.value).toBe('in');
    await one.signOut();
    // Not `ended`, where what the page shows would stay.
    await expect.poll(() => other.state.value).toBe('out');
    await other.signIn(TOKEN);
    await expect.poll(() => one.state.value).toBe('in');
  });

  it('is renewed as well where the server asks for no token any more', async () => {
    await using browser = await setup();
    const session = browser.openWindow();
    await session.signIn(TOKEN);
    await browser.startAgain('another');
    const renewed = session.renew();
    await expect.poll(() => session.state.value).toBe('ended');
    await browser.startAgain(null);
    await session.check();
    expect(await renewed).toBe(true);
  });
});
