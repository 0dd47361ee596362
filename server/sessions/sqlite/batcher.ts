import { MAX_CALLS_PER_COMMIT, UploadError } from '../../../contract/index.js';
import { fromFault } from './faults.js';
import type { CallArgs, CallName, CallResult } from './operations/index.js';
import type { Answer, Call, Connection } from './protocol.js';

interface Waiting {
  readonly call: Call;
  readonly settle: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

export interface Batcher {
  /** @throws UploadError as the call's fault says */
  call<Name extends CallName>(name: Name, args: CallArgs<Name>): Promise<CallResult<Name>>;
  /** Refuses further calls, and resolves when those before it are answered. */
  end(): Promise<void>;
}

/**
 * Group commit: while one batch is at the database, further calls gather and become the next one, in the order in
 * which they came. One sync of the disk then serves all calls that arrived during the one before.
 */
export function createBatcher(connection: Pick<Connection, 'run'>): Batcher {
  const waiting: Waiting[] = [];
  let draining: Promise<void> | undefined;
  let ended = false;

  async function drain(): Promise<void> {
    // Calls of the same turn go together.
    await Promise.resolve();
    while (waiting.length > 0) await send(waiting.splice(0, MAX_CALLS_PER_COMMIT));
    draining = undefined;
  }

  async function send(batch: Waiting[]): Promise<void> {
    try {
      const answers = await connection.run(batch.map(({ call }) => call));
      for (const [position, { settle, reject }] of batch.entries()) {
        const answer = answers[position];
        if (answer) settle(answer);
        else reject(new UploadError('INTERNAL', { message: 'the database answered too few calls' }));
      }
    } catch (cause) {
      // The thread died. What it had committed stays committed: all calls can be repeated.
      const error = new UploadError('STORE_UNAVAILABLE', { cause });
      for (const { reject } of batch) reject(error);
    }
  }

  return {
    call: <Name extends CallName>(name: Name, args: CallArgs<Name>) =>
      new Promise<CallResult<Name>>((resolve, reject) => {
        if (ended)
          return reject(new UploadError('STORE_UNAVAILABLE', { message: 'The server is stopping.' }));
        waiting.push({
          call: { name, args } as Call,
          settle(answer) {
            if ('fault' in answer) reject(fromFault(answer.fault));
            else resolve(answer.result as CallResult<Name>);
          },
          reject,
        });
        draining ??= drain();
      }),
    async end() {
      ended = true;
      await draining;
    },
  };
}
