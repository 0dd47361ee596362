import { describeExample } from './support/describe-example.js';

describeExample('Express 5', {
  file: 'examples/express/server.ts',
  signedIn: { cookie: 'session=session-of-ann' },
});
