import { describeExample } from './support/describe-example.js';

describeExample('tRPC standalone', {
  file: 'examples/standalone/server.ts',
  signedIn: { authorization: 'Bearer token-of-ann' },
});
