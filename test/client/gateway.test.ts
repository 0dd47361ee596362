import { expect, it } from 'vitest';
import { bytesOf, setup } from './support/setup.js';

it.each([
  [401, 'UNAUTHORIZED'],
  [413, 'PROTOCOL'],
])("a gateway's JSON error with HTTP's %s as its code is not one of tRPC", async (status, code) => {
  const json = { error: { code: status, message: 'no', status: 'UNAUTHENTICATED' } };
  await using test = await setup({ fault: () => ({ status, json }) });
  await expect(test.uploader.upload(bytesOf(50_000))).rejects.toMatchObject({ code, retryable: false });
});
