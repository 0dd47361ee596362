/** Checked by the compiler alone: the client of the tests has the type of each example's router. */
import type { AppRouter as Express } from '../../../examples/express/server.js';
import type { AppRouter as Express4 } from '../../../examples/express4/server.js';
import type { AppRouter as Fastify } from '../../../examples/fastify/server.js';
import type { AppRouter as Fetch } from '../../../examples/fetch/server.js';
import type { AppRouter as Hono } from '../../../examples/hono/server.js';
import type { AppRouter as Standalone } from '../../../examples/standalone/server.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

export const same: [
  Equal<Express, Standalone>,
  Equal<Express4, Standalone>,
  Equal<Fastify, Standalone>,
  Equal<Fetch, Standalone>,
  Equal<Hono, Standalone>,
] = [true, true, true, true, true];
