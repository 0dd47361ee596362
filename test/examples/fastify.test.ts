import { describeExample } from './support/describe-example.js';

describeExample('Fastify 5 on HTTP/1', {
  file: 'examples/fastify/server.ts',
  signedIn: { authorization: 'Bearer token-of-ann' },
});
