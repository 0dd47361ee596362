import { expect, test } from 'vitest';
import { startSite } from '../browser/support/site.js';
import { ENGINES } from './support/engines.js';
import { withSpy } from './support/spy.js';
import { createTabs } from './support/tab.js';

const FLAWED = `
  console.error('one');
  Promise.reject(new Error('two'));
  setTimeout(() => { throw new Error('three'); });
  document.body.append(Object.assign(new Image(), { src: '/four.png' }));
`;

test.each(ENGINES)('%s: what a page complains of is seen', async (_, start) => {
  const bundle = withSpy(
    new Map([
      ['/', '<!doctype html><body><script type="module" src="/page.js"></script>'],
      ['/page.js', FLAWED],
    ]),
  );
  await using site = await startSite(bundle, {
    headers: { 'content-security-policy': "default-src 'self'; img-src 'none'" },
  });
  await using session = await start();
  const tab = await createTabs(session).open();
  await tab.goto(site.url);
  for (const complaint of [/one/, /two/, /three/, /refused: img-src .*four\.png/])
    await expect.poll(async () => (await tab.seen()).complaints.join('\n')).toMatch(complaint);
});
