/** Functions of a page that tests call: sending by XMLHttpRequest. */
import { isUploadError, xhrSender } from '../../../client/index.js';
import { type Clock, clientClock } from '../../../contract/index.js';

export interface SendRun {
  status?: number;
  text?: string;
  type?: string | null;
  progress: number[];
  /** Set to notice a request that hangs, and those of them that were taken off. */
  timers: number;
  cancelled: number;
  error?: { code: string; message: string; retryable: boolean } | string;
}

export interface SendSettings {
  url: string;
  /** Of the body; null: no body. */
  bytes: number | null;
  /** Abort once so many bytes have left. */
  abortAfter?: number;
  withCredentials?: boolean;
  headers?: Record<string, string>;
  /** Ends a request as if no byte had moved for long: as soon as its stall timer is set for the nth time. */
  stallAt?: number;
}

const page = {
  async send({ url, bytes, abortAfter, withCredentials = false, headers = {}, stallAt }: SendSettings) {
    const progress: number[] = [];
    const controller = new AbortController();
    const run: SendRun = { progress, timers: 0, cancelled: 0 };
    const clock: Clock = {
      ...clientClock,
      after(ms, fire) {
        let pending = true;
        const cancel = clientClock.after(++run.timers === stallAt ? 0 : ms, fire);
        return () => {
          if (pending) run.cancelled++;
          pending = false;
          cancel();
        };
      },
    };
    const send = xhrSender({ withCredentials, clock });
    try {
      const answer = await send({
        url,
        method: bytes === null ? 'GET' : 'POST',
        headers,
        body: bytes === null ? undefined : new Uint8Array(bytes),
        signal: controller.signal,
        onProgress(sent) {
          progress.push(sent);
          if (abortAfter !== undefined && sent > abortAfter) controller.abort(new Error('enough'));
        },
      });
      run.status = answer.status;
      run.type = answer.headers.get('Content-Type');
      run.text = await answer.text();
    } catch (error) {
      const { code, message, retryable } = error as { code: string; message: string; retryable: boolean };
      run.error = isUploadError(error) ? { code, message, retryable } : message;
    }
    return run;
  },
};

export type SendPage = typeof page;
Object.assign(globalThis, { page });
