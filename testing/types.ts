import type { TRPCLink } from '@trpc/client';
import type { AnyTRPCRouter } from '@trpc/server';
import type { Uploader, UploaderOptions, UploadsClient } from '../client/index.js';
import type { Files } from '../server/files.js';
import type { Policies } from '../server/policy.js';
import type { Uploads } from '../server/uploads.js';
import type { TestClock } from './clock.js';
import type { Faults } from './faults.js';
import type { TestLinkOptions } from './link.js';
import type { OwnersClient, OwnersRouter } from './owners.js';

/** A server in a temporary folder, and clients of it, all within this process and thread. */
export interface TestUploads<Context, Configured extends Policies> extends AsyncDisposable {
  /** As `createUploads` gives it: for the router of your app. It stays the same over `restart` and `crash`. */
  readonly uploads: Uploads<Context, Configured>;
  /** Absolute path of the folder that holds everything. */
  readonly root: string;
  /** Completed uploads: `uploads.files`. */
  readonly files: Files;
  /** The time of the server and of the uploaders made here. */
  readonly clock: TestClock;
  /** What goes wrong between clients and server. */
  readonly faults: Faults;
  /** Clocks and the like for `createUploader`, where your code makes its own. */
  readonly uploaderOptions: UploaderOptions;
  /** The upload procedures, called as this owner, past your own procedures. Default 'shared'. */
  client(owner?: string): OwnersClient<Configured>;
  /** An uploader for this owner, past your own procedures. It is closed with the test. Default 'shared'. */
  uploader(owner?: string, options?: UploaderOptions): Uploader<OwnersClient<Configured>>;
  /** An uploader on the upload procedures of your own client: `test.uploader(trpc.uploads)`. */
  uploader<Client extends UploadsClient>(client: Client, options?: UploaderOptions): Uploader<Client>;
  /** For `createTRPCClient`: the link of `client(owner)`. */
  link(owner?: string): TRPCLink<OwnersRouter<Configured>>;
  /** For `createTRPCClient`: takes queries and mutations to your own router, with the faults and the clock of this test. */
  link<Router extends AnyTRPCRouter>(router: Router, options: TestLinkOptions<Router>): TRPCLink<Router>;
  /**
   * Resolves when nothing goes on: no request, hook, assembly or clean-up. What waits for its time, such as the next
   * try of a hook, goes on by `clock.advance`.
   */
  idle(): Promise<void>;
  /** Stops the server as an orderly shutdown does, running hooks included, and starts it on the same folder. */
  restart(): Promise<void>;
  /**
   * Ends the server between two of its steps, as `kill -9` does, and starts it on the same folder. Connections break.
   * A hook that runs goes on in your code, and nobody hears of its result.
   */
  crash(): Promise<void>;
  /** Closes its uploaders, ends the server at once, removes the folder. Idempotent; `await using` calls it. */
  close(): Promise<void>;
}
