/** `chunkwise/client/node`: all of `chunkwise/client`, with files, worker threads and connections of Node. */
export * from '../index.js';
export {
  type Connection,
  type ConnectOptions,
  connect,
  endpointOf,
  type NodeUploadsClient,
} from './connect.js';
export { type FileSourceOptions, fileSource } from './file-source.js';
export { filesUnder } from './files-under.js';
export { type NodeHasherOptions, nodeHasher } from './hasher.js';
export { type NodeSender, type NodeSenderOptions, nodeSender } from './send.js';
