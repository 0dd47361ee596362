import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { MiB, SERVER_DEFAULTS } from '../../contract/index.js';
import { openPhotos } from '../../examples/hooks/photos.js';
import { temporaryFolder } from '../support/server.js';
import { page, section } from './support/markdown.js';
import { runExample, startExample } from './support/run.js';

const PAGE = page('docs/hooks.md');
const SERVER = 'examples/hooks/server.ts';
const CLIENT = 'examples/hooks/client.ts';
const FAILING = 'test/docs/support/failing-hook.ts';

/** A folder for the app's files, with a photo to send. */
async function setUp() {
  const folder = await temporaryFolder();
  const photo = path.join(folder.path, 'photo.jpg');
  await fs.writeFile(photo, randomBytes(MiB));
  const env = { ROOT: path.join(folder.path, 'data'), DATABASE: path.join(folder.path, 'app.db'), PORT: '0' };
  return {
    photo,
    env,
    rows() {
      const photos = openPhotos(env.DATABASE);
      try {
        return photos.all();
      } finally {
        photos.close();
      }
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe('the example', () => {
  test("records a photo in the app's own table, and gives the client its row", async () => {
    await using app = await setUp();
    await using server = await startExample(SERVER, app.env);
    const sent = await runExample(CLIENT, [app.photo, server.firstLine]);
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    const [row, ...others] = app.rows();
    expect(others).toEqual([]);
    expect(row).toMatchObject({ id: 1, owner: 'ann', album: 'summer', bytes: MiB });
    expect(sent.stdout).toBe(`stored at ${row?.file}\nphoto 1\n`);
  });

  test('has one row where the server is killed after the insert, and answers it after a restart', async () => {
    await using app = await setUp();
    const dying = await startExample(FAILING, { ...app.env, FAULT: 'kill' });
    const sending = runExample(CLIENT, [app.photo, dying.firstLine]);
    expect(await dying.ended).toBe('SIGKILL');
    expect(app.rows()).toHaveLength(1);

    await using _server = await startExample(SERVER, { ...app.env, PORT: new URL(dying.firstLine).port });
    const sent = await sending;
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(sent.stdout).toMatch(/^photo 1$/m);
    expect(app.rows()).toHaveLength(1);
  }, 60_000);

  test('has one row where the hook throws after the insert, and answers it after the next try', async () => {
    await using app = await setUp();
    await using server = await startExample(FAILING, { ...app.env, FAULT: 'throw' });
    const sent = await runExample(CLIENT, [app.photo, server.firstLine]);
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(sent.stdout).toMatch(/^stored at .*\nthe hook is still to succeed\n[\s\S]*^photo 1\n$/m);
    expect(app.rows()).toHaveLength(1);
  });
});

describe('the numbers are those of contract/limits.ts', () => {
  const seconds = (ms: number) => `${ms / 1000} seconds`;

  test.each<[string, string]>([
    ['Time', `${seconds(SERVER_DEFAULTS.hookTimeoutMs)} unless`],
    ['Time', `after ${seconds(SERVER_DEFAULTS.completionWaitMs)}`],
    ['beforePublish', `after ${SERVER_DEFAULTS.assemblyBackoffMs / 1000} second, doubling`],
    ['beforePublish', `to ${SERVER_DEFAULTS.maxAssemblyBackoffMs / 60_000} minutes`],
    ['beforePublish', `${SERVER_DEFAULTS.maxLifetimeMs / (24 * 3_600_000)} days old`],
    ['completed', `after ${SERVER_DEFAULTS.hookBackoffMs / 1000} second, doubling`],
    ['completed', `to ${SERVER_DEFAULTS.maxHookBackoffMs / 3_600_000} hour`],
  ])('%s: %j', (heading, words) => {
    expect(section(PAGE, heading).replace(/\s+/g, ' ')).toContain(words);
  });

  test('and those that are words', () => {
    expect(section(PAGE, 'Time')).toContain('four assemblies');
    expect(SERVER_DEFAULTS.parallelAssemblies).toBe(4);
  });
});
