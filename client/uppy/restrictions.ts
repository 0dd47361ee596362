import type { PolicyView } from '../../contract/for-clients.js';
import { toUploadError } from '../errors.js';
import type { PlainUppy } from './plain.js';

/** What Uppy refuses when a file is chosen, by the server's rules. */
export interface Restrictions {
  /** Asks the server, unless it has answered. Never rejects: without an answer only the server refuses. */
  load(): Promise<void>;
  /** Another policy: asks again. */
  reload(): Promise<void>;
  /** Takes back what was set. */
  release(): void;
}

export function createRestrictions(uppy: PlainUppy, ask: () => Promise<PolicyView>): Restrictions {
  /** What came from the server; the app may have put something else in its place since. */
  let ours: Partial<typeof uppy.opts.restrictions> = {};
  let loading: Promise<void> | null = null;
  let turn = 0;

  function release(): void {
    const { restrictions } = uppy.opts;
    const { maxFileSize, allowedFileTypes } = ours;
    const back = {
      ...(maxFileSize != null && restrictions.maxFileSize === maxFileSize ? { maxFileSize: null } : {}),
      ...(allowedFileTypes != null && restrictions.allowedFileTypes === allowedFileTypes
        ? { allowedFileTypes: null }
        : {}),
    };
    ours = {};
    turn++;
    loading = null;
    if (Object.keys(back).length > 0) uppy.setOptions({ restrictions: back });
  }

  async function look(): Promise<void> {
    const own = turn;
    try {
      const policy = await ask();
      if (own === turn) set(policy);
    } catch (cause) {
      if (own !== turn) return;
      loading = null;
      const { message } = toUploadError(cause);
      uppy.log(
        `Chunkwise: the server's limits are not known here, only checked there. ${message}`,
        'warning',
      );
    }
  }

  function set({ maxFileSize, types }: PolicyView): void {
    const { restrictions } = uppy.opts;
    ours = {
      ...(restrictions.maxFileSize == null ? { maxFileSize } : {}),
      ...(restrictions.allowedFileTypes == null && types ? { allowedFileTypes: types } : {}),
    };
    if (Object.keys(ours).length > 0) uppy.setOptions({ restrictions: ours });
  }

  const load = () => (loading ??= look());
  return {
    load,
    reload() {
      release();
      return load();
    },
    release,
  };
}
