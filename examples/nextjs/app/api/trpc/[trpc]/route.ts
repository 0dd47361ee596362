import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import type { NextRequest } from 'next/server';
import { appRouter } from '../../../../server/router';
import { SESSION_COOKIE, userOf } from '../../../../server/session';
import { uploads } from '../../../../server/uploads';

const handler = (req: NextRequest) =>
  fetchRequestHandler({
    endpoint: '/api/trpc',
    req,
    router: appRouter,
    createContext: (opts) => ({
      ...uploads.context(opts),
      user: userOf(req.cookies.get(SESSION_COOKIE)?.value),
    }),
    maxBatchSize: 100,
  });

export { handler as GET, handler as POST };
