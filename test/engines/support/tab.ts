import { expect } from 'vitest';
import { type Command, ELEMENT, type Session } from './session.js';
import type { Seen } from './spy.js';

/** A window of the browser, and what a person does in it. */
export interface Tab {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** Runs a function in the page; of what surrounds it here it sees nothing. */
  evaluate<Args extends unknown[], Result>(
    run: string | ((...args: Args) => Result),
    ...args: Args
  ): Promise<Awaited<Result>>;
  /** Types into the first match, once it is there. Into an input for files: the path of the one to choose. */
  type(selector: string, text: string, index?: number): Promise<void>;
  /** Clicks the first match, once it can be clicked. */
  click(selector: string): Promise<void>;
  /** Waits until the page says this to those who see it. */
  see(text: string | RegExp, timeout?: number): Promise<void>;
  /** By the spy, since the page was loaded. */
  seen(): Promise<Seen>;
  close(): Promise<void>;
}

/** What is waited for, as long as no large file is on its way. Milliseconds. */
const WAIT = { timeout: 20_000, interval: 50 };

/** Opens windows, one after the other; commands go to the browser one at a time, each to its window. */
export function createTabs(session: Session): { open(): Promise<Tab> } {
  let last: Promise<unknown> = Promise.resolve();
  let current = '';
  let isFirst = true;

  function send(
    handle: string | null,
    command: Command,
    parameters?: Record<string, unknown>,
  ): Promise<unknown> {
    const own = last.then(async () => {
      if (handle !== null && handle !== current) await session.send('switchWindow', { handle });
      current = handle ?? current;
      return session.send(command, parameters);
    });
    last = own.catch(() => {});
    return own;
  }

  async function open(): Promise<Tab> {
    const [first = ''] = (await send(null, 'windows')) as string[];
    // From a window that is still there.
    const made = isFirst ? { handle: first } : await send(first, 'newWindow', { type: 'window' });
    isFirst = false;
    const tab = tabOf((command, parameters) =>
      send((made as { handle: string }).handle, command, parameters),
    );
    await send(null, 'timeouts', { script: 600_000, pageLoad: 60_000 });
    return tab;
  }

  return { open };
}

function tabOf(send: (command: Command, parameters?: Record<string, unknown>) => Promise<unknown>): Tab {
  async function find(selector: string, index: number): Promise<string> {
    let id: string | undefined;
    const look = async () => {
      const found = await send('findElements', { using: 'css selector', value: selector });
      id = (found as Record<string, string>[])[index]?.[ELEMENT];
      return id !== undefined;
    };
    await expect.poll(look, { ...WAIT, message: `no ${selector}` }).toBe(true);
    return id ?? '';
  }

  async function evaluate<Args extends unknown[], Result>(
    run: string | ((...args: Args) => Result),
    ...args: Args
  ): Promise<Awaited<Result>> {
    const script = `const args = [...arguments], done = args.pop();
      Promise.resolve().then(() => ${typeof run === 'string' ? run : `(${run})(...args)`})
        .then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const answer = (await send('execute', { script, args })) as { value: Awaited<Result>; error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value;
  }

  return {
    evaluate,
    goto: async (url) => void (await send('navigate', { url })),
    reload: async () => void (await send('refresh')),
    type: async (selector, text, index = 0) =>
      void (await send('sendKeys', { id: await find(selector, index), text })),
    async click(selector) {
      const click = async () => send('click', { id: await find(selector, 0) });
      await expect.poll(() => click().then(() => '', String), WAIT).toBe('');
    },
    see: (text, timeout = WAIT.timeout) =>
      expect.poll(() => evaluate(() => document.body.innerText), { ...WAIT, timeout }).toMatch(text),
    seen: () => evaluate(() => (globalThis as unknown as { seen: Seen }).seen),
    close: async () => void (await send('closeWindow')),
  };
}
