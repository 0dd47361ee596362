import { createProxy } from '../../browser/scenarios/support/proxy.js';
import { startSite } from '../../browser/support/site.js';
import { serve, workspace } from '../../cli/support.js';
import { spyFile, watched } from './spy.js';

/** A `chunkwise serve` child, and one origin in front of it whose page has the spy in it. */
export async function startServed(args: readonly string[]) {
  const space = await workspace();
  const server = await serve(space.root, args);
  const proxy = createProxy(server.port);
  const site = await startSite(spyFile, {
    async api(req, res) {
      if (req.url !== '/') return proxy.handle(req, res);
      const page = await fetch(server.url, { headers: { 'accept-encoding': 'identity' } });
      const { 'content-length': _, ...headers } = Object.fromEntries(page.headers);
      res.writeHead(page.status, headers).end(watched(await page.text()));
    },
  });
  return {
    ...{ space, proxy, url: `${site.url}/` },
    async [Symbol.asyncDispose]() {
      await site[Symbol.asyncDispose]();
      proxy.close();
      await server[Symbol.asyncDispose]();
      await space[Symbol.asyncDispose]();
    },
  };
}
