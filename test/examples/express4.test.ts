import { describeExample } from './support/describe-example.js';

describeExample('Express 4', {
  file: 'examples/express4/server.ts',
  signedIn: { cookie: 'session=session-of-ann' },
});
