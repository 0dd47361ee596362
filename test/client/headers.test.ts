import { describe, expect, it } from 'vitest';
import { toUploadError } from '../../client/index.js';
import { type ConnectOptions, connect } from '../../client/node/index.js';
import type { UploadError } from '../../contract/index.js';
import { bytesOf, setup } from './support/setup.js';

const URL_OF_NOBODY = 'http://127.0.0.1:1';

function thrownBy(run: () => unknown): UploadError | undefined {
  try {
    run();
  } catch (error) {
    return toUploadError(error);
  }
  return undefined;
}

describe('connect refuses', () => {
  it.each<[string, Partial<ConnectOptions>, RegExp]>([
    ['a token of two lines', { token: 'secret\nb' }, /header authorization .*line break/],
    ['a token that no header can carry', { token: 'secret€' }, /header authorization/],
    ['a header of two lines', { headers: { 'X-A': 'secret\r\nx-b: 1' } }, /header x-a/],
    ['a name with a space', { headers: { 'x a': 'secret' } }, /header x a has characters/],
    ['an address without a scheme', { url: 'localhost:8090' }, /localhost:8090 is not an http or https/],
    ['an address of files', { url: 'file:///secret' }, /not an http or https/],
    ['no address at all', { url: '' }, /not an http or https/],
  ])('%s, and says so', (_, options, words) => {
    const error = thrownBy(() => connect({ url: URL_OF_NOBODY, ...options }));
    expect(error).toMatchObject({ code: 'INPUT_INVALID', retryable: false });
    expect(error?.message).toMatch(words);
    if (options.url === undefined) expect(error?.message).not.toContain('secret');
  });

  it.each<[string, Partial<ConnectOptions>]>([
    ['headers', { headers: async () => ({ authorization: 'a\nb' }) }],
    ['token', { token: () => 'a\nb' }],
  ])('what a function for %s gives, with the first request and without a retry', async (_, options) => {
    let asked = 0;
    await using test = await setup();
    await using connection = connect({
      url: test.server.url,
      ...options,
      connectivity: {
        isOnline: () => asked++ >= 0,
        onChange: () => () => {},
      },
    });
    const error = await connection.uploader.upload(bytesOf(10)).catch((error) => error);
    expect(error).toMatchObject({ code: 'INPUT_INVALID', retryable: false });
    expect(asked).toBe(1);
    expect(test.server.log).toEqual([]);
  });
});

it('a token that was read from a file, with its line break, is sent without it', async () => {
  await using test = await setup();
  await using connection = connect({ url: test.server.url, token: 'abc\n' });
  expect(await connection.uploader.upload(bytesOf(10))).toMatchObject({ status: 'completed' });
  for (const { headers } of test.server.log) expect(headers.authorization).toBe('Bearer abc');
});
