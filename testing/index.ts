/** `chunkwise/testing`: uploads within the tests of an app. Imports no test framework. */
export type { TestClock } from './clock.js';
export { createTestUploads } from './create.js';
export type {
  CallFaultOptions,
  ConnectionFaultOptions,
  Fault,
  FaultCall,
  FaultOptions,
  FaultPlace,
  Faults,
  RefusalOptions,
} from './faults.js';
export { type TestLinkOptions, testLink } from './link.js';
export type { TestUploadsOptions } from './options.js';
export type { OwnersClient, OwnersRouter } from './owners.js';
export type { TestUploads } from './types.js';
