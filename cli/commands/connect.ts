import {
  type Connection,
  type ConnectOptions,
  connect,
  endpointOf,
  toUploadError,
} from '../../client/node/index.js';
import { CliError, EXIT, sentenceOf } from '../failure.js';
import { checkToken, type ServerFlags } from './command.js';

/** The server's address, with the endpoint's path. */
export function addressOf({ to }: ServerFlags): URL {
  return endpointOf(to);
}

export function connectTo(flags: ServerFlags, options: Omit<ConnectOptions, 'url'> = {}): Connection {
  checkToken(flags.token);
  const { token, router } = flags;
  return connect({ url: addressOf(flags), router, ...(token === undefined ? {} : { token }), ...options });
}

/** Runs a command's requests; what they throw is told in words that name the server. */
export async function asking<Result>(
  flags: ServerFlags,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = connectTo(flags);
  try {
    return await work(connection);
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError(sentenceOf(toUploadError(cause), addressOf(flags)), EXIT.failed, { cause });
  } finally {
    await connection[Symbol.asyncDispose]();
  }
}
