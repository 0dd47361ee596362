import { describeExample } from './support/describe-example.js';

describeExample('Fastify 5 on HTTP/2', {
  file: 'examples/fastify/server.ts',
  env: { HTTP2: '1' },
  protocol: 'http2',
  signedIn: { authorization: 'Bearer token-of-ann' },
});
