/** `chunkwise/next`: what an app's next.config needs. Loads nothing of Next.js. */
import { MAX_CHUNK_SIZE_BYTES } from '../contract/limits.js';

/** The part of Next.js's configuration that `withChunkwise` adds to. */
interface Extended {
  serverExternalPackages?: readonly string[];
  /** Both are limits of the bodies that a `proxy.ts` passes on. */
  experimental?: { proxyClientMaxBodySize?: unknown; middlewareClientMaxBodySize?: unknown };
}

/** A configuration as next.config may export it: an object, or a function that returns one. */
type Given<Config, Args extends unknown[]> = Config | ((...args: Args) => Config | Promise<Config>);

/**
 * Loaded by Node as they are: from within a bundle they do not find their threads or their native code. The server by
 * the name that is imported, for Turbopack, and by the folder of its files, for webpack. Not the whole package: the
 * client is for the bundle, where React is the one of Next.js.
 */
const EXTERNAL = ['chunkwise/server', 'chunkwise/dist/server', 'better-sqlite3', 'piscina'];

/**
 * Makes uploads work in a Next.js app, in every build of it: `export default withChunkwise(nextConfig)`. The packages
 * that start threads are kept out of the bundles, and a `proxy.ts` passes on chunks of up to 64 MiB whole. What the
 * app has set itself stays. Takes what next.config may export, a function included, and returns the same.
 */
export function withChunkwise<Config extends object, Args extends unknown[]>(
  config: (...args: Args) => Config | Promise<Config>,
): (...args: Args) => Promise<Config>;
export function withChunkwise<Config extends object>(config?: Config): Config;
export function withChunkwise<Config extends object, Args extends unknown[]>(
  config: Given<Config, Args> = {} as Config,
): Config | ((...args: Args) => Promise<Config>) {
  if (typeof config === 'function') return async (...args) => extended(await config(...args));
  return extended(config);
}

function extended<Config extends object>(config: Config): Config {
  const { serverExternalPackages = [], experimental = {} } = config as Extended;
  // Next.js refuses both names at once.
  const limited = (['proxyClientMaxBodySize', 'middlewareClientMaxBodySize'] as const).some(
    (name) => experimental[name] !== undefined,
  );
  return {
    ...config,
    serverExternalPackages: [...new Set([...serverExternalPackages, ...EXTERNAL])],
    experimental: limited ? experimental : { ...experimental, proxyClientMaxBodySize: MAX_CHUNK_SIZE_BYTES },
  };
}
