import { expect, it } from 'vitest';
import { bytesOf, setup } from './support/setup.js';

const answers: [string, () => boolean][] = [
  ['refused', () => false],
  [
    'broken',
    () => {
      throw new Error('no');
    },
  ],
];
it.each(answers)(
  'a sign-in that is %s is asked for once for all files that wait, and again for the next ones',
  async (_, answer) => {
    let asked = 0;
    await using test = await setup(
      { fault: () => ({ status: 401, html: 'x' }) },
      {
        onUnauthorized: async () => {
          asked++;
          await null;
          return answer();
        },
      },
    );
    const files = () => Array.from({ length: 60 }, () => bytesOf(5_000));
    const all = await test.uploader.uploadAll(files());
    expect([
      asked,
      all.filter((one) => one.status === 'failed' && one.error.code === 'UNAUTHORIZED').length,
    ]).toEqual([1, 60]);
    await test.uploader.uploadAll(files());
    expect(asked).toBe(2);
  },
);
