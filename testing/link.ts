import { type HTTPLinkOptions, httpLink, type TRPCLink } from '@trpc/client';
import type { AnyTRPCRouter, inferRouterContext } from '@trpc/server';
import { type FetchCreateContextFnOptions, fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { checkedFetch, type SendRequest } from '../client/index.js';
import { type UploadLinkOptions, uploadLink } from '../client/link.js';
import { type Clock, systemClock } from '../contract/index.js';
import { createActivity } from './activity.js';
import { createFaults } from './faults.js';
import { createWire, type Wire } from './wire.js';

type PlainHeaders = Record<string, string>;

export interface TestLinkOptions<Router extends AnyTRPCRouter> {
  /** As for tRPC's fetch adapter: `(opts) => ({ ...test.uploads.context(opts), user })`. */
  createContext(
    options: FetchCreateContextFnOptions,
  ): inferRouterContext<Router> | Promise<inferRouterContext<Router>>;
  /** Of each request, for a `createContext` that reads them. */
  headers?: PlainHeaders | (() => PlainHeaders | Promise<PlainHeaders>);
}

/** Nothing listens there; a URL has to have a host. */
const ORIGIN = 'http://chunkwise.test';
const ENDPOINT = '/trpc';

/**
 * Takes all queries and mutations to a router of this process, through tRPC's fetch adapter: URLs, headers, bodies and
 * answers are those of HTTP, with the router's own transformer.
 */
export function createLink<Router extends AnyTRPCRouter>(
  router: Router,
  { createContext, headers }: TestLinkOptions<Router>,
  { wire, clock }: { wire: Wire; clock: Clock },
): TRPCLink<Router> {
  const serve = (req: Request) =>
    fetchRequestHandler({ endpoint: ENDPOINT, req, router, createContext } as Parameters<
      typeof fetchRequestHandler<Router>
    >[0]);
  const common = {
    url: `${ORIGIN}${ENDPOINT}`,
    transformer: router._def._config.transformer,
    ...(headers && {
      headers: () => wire.preparing(() => (typeof headers === 'function' ? headers() : headers)),
    }),
  };
  const send = (request: SendRequest) => wire.carry(request, serve);
  const checked = checkedFetch(send, clock);
  const chunks = uploadLink<Router>({ ...common, clock, send } as unknown as UploadLinkOptions<Router>);
  const rest = httpLink<Router>({
    ...common,
    fetch(url: unknown, init: RequestInit = {}) {
      const { method = 'GET', body, signal } = init;
      if (body === undefined || body === null || typeof body === 'string')
        return checked(url, { ...init, method });
      // Forms and files of the app's own procedures.
      const headers = Object.fromEntries(new Headers(init.headers));
      return wire.carry({ url: String(url), method, headers, body, signal: signal ?? undefined }, serve);
    },
  } as unknown as HTTPLinkOptions<Router['_def']['_config']['$types']>);
  return (runtime) => {
    const [first, last] = [chunks(runtime), rest(runtime)];
    return ({ op, next }) => first({ op, next: (passed) => last({ op: passed, next }) });
  };
}

/** A link to any router of this process: for tests of an app without a server. Without faults; see `test.link`. */
export function testLink<Router extends AnyTRPCRouter>(
  router: Router,
  options: TestLinkOptions<Router>,
): TRPCLink<Router> {
  const wire = createWire(createFaults(), createActivity());
  return createLink(router, options, { wire, clock: systemClock });
}
