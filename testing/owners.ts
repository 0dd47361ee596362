import { createTRPCClient, type TRPCClient, type TRPCLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import type { UploadsClient } from '../client/index.js';
import type { Policies } from '../server/policy.js';
import type { UploadsContext } from '../server/request.js';
import type { Uploads } from '../server/uploads.js';

export interface OwnersContext extends UploadsContext {
  owner: string;
}

/** A router with nothing but the upload procedures, whose callers say who they are. */
export function ownersRouter<Configured extends Policies>(uploads: Uploads<OwnersContext, Configured>) {
  const t = initTRPC.context<OwnersContext>().create({ isDev: false });
  return t.router({ uploads: uploads.procedures(t.procedure) });
}

export type OwnersRouter<Configured extends Policies> = ReturnType<typeof ownersRouter<Configured>>;

/** The upload procedures as a typed client calls them. */
export type OwnersClient<Configured extends Policies> = TRPCClient<
  OwnersRouter<Configured>
>['uploads'] extends infer Client extends UploadsClient
  ? Client
  : never;

export function ownersClient<Configured extends Policies>(
  link: TRPCLink<OwnersRouter<Configured>>,
): OwnersClient<Configured> {
  // The router's type is known to whoever names the policies, not here.
  const client = createTRPCClient<OwnersRouter<Configured>>({ links: [link] }) as unknown as {
    uploads: OwnersClient<Configured>;
  };
  return client.uploads;
}
