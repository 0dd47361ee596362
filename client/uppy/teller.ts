import type { UploadError } from '../../contract/for-clients.js';
import type { TaskState, UploadResult } from '../types.js';
import { attempt } from './attempt.js';
import type { PlainFile, PlainUppy } from './plain.js';
import type { Say } from './strings.js';

/** Tells Uppy of one file's upload. Uppy holds the state; here is only what it was told last. */
export interface Teller {
  /** Uppy was told that the upload of this file has started. */
  readonly started: boolean;
  /** What Uppy's state has of the progress of a file that is not started. */
  preparing(): PlainFile['progress'];
  /** The same right after Uppy has set what a started file has. */
  start(): PlainFile['progress'];
  hashing(state: TaskState): void;
  /** It is hashed, or never will be. */
  prepared(): void;
  uploading(state: TaskState): void;
  assembling(state: TaskState): void;
  completed(result: UploadResult, uploadURL: string | undefined): void;
  failed(error: UploadError): void;
}

export function createTeller(uppy: PlainUppy, id: string, say: Say): Teller {
  let started = false;
  /** Percent; null while Uppy shows no pre-processing of this file. */
  let hashed: number | null = 0;
  let bytes = 0;
  let assembling = false;
  const file = () => uppy.getFile(id);
  /** Whoever is told may take the file away. */
  const isHere = () => file() !== undefined;
  // What a listener throws keeps nobody from hearing the rest.
  const emit: PlainUppy['emit'] = (...told) => {
    if (isHere()) attempt(() => uppy.emit(...told));
  };

  /** To Uppy an upload is complete before it is post-processed, so that this counts as undone where more has to be sent. */
  function endAssembling({ done }: { done: boolean }): void {
    if (!assembling) return;
    assembling = false;
    emit('postprocess-complete', file());
    if (done || !isHere()) return;
    const { complete: _, ...progress } = file().progress;
    uppy.setFileState(id, { progress: { ...progress, uploadComplete: false } });
  }

  function moved(to: number): void {
    if (to <= bytes || !isHere()) return;
    bytes = to;
    const { size, progress } = file();
    emit('upload-progress', file(), {
      uploadStarted: progress.uploadStarted ?? 0,
      bytesUploaded: bytes,
      bytesTotal: size,
    });
  }

  const processing = (value: number) =>
    ({ mode: 'determinate', message: say(value > 0 ? 'hashingFiles' : 'preparingFiles'), value }) as const;

  return {
    get started() {
      return started;
    },
    preparing: () => ({
      uploadStarted: null,
      uploadComplete: false,
      bytesUploaded: false,
      bytesTotal: file().size,
      percentage: 0,
      preprocess: processing(0),
    }),
    start() {
      started = true;
      const { progress } = file();
      // Without a percentage, the Dashboard shows no button to pause it.
      const shown = { ...progress, percentage: 0 };
      return hashed === null ? shown : { ...shown, preprocess: processing(hashed / 100) };
    },
    hashing({ hashedBytes, hashTotalBytes }) {
      const percent = hashTotalBytes > 0 ? Math.floor((hashedBytes / hashTotalBytes) * 100) : 0;
      // Another pass over the file lowers the share.
      if (hashed !== null && percent <= hashed) return;
      hashed = percent;
      emit('preprocess-progress', file(), processing(percent / 100));
    },
    prepared() {
      if (hashed === null) return;
      hashed = null;
      emit('preprocess-complete', file());
    },
    uploading(state) {
      endAssembling({ done: false });
      moved(state.bytes);
    },
    assembling(state) {
      moved(state.size);
      if (assembling || !isHere()) return;
      assembling = true;
      uppy.setFileState(id, { progress: { ...file().progress, uploadComplete: true } });
      emit('postprocess-progress', file(), { mode: 'indeterminate', message: say('assemblingFiles') });
    },
    completed(result, uploadURL) {
      moved(result.size);
      endAssembling({ done: true });
      emit('upload-success', file(), {
        status: 200,
        bytesUploaded: result.size,
        body: { ...result },
        ...(uploadURL === undefined ? {} : { uploadURL }),
      });
    },
    failed(error) {
      endAssembling({ done: false });
      emit('upload-error', file(), error);
    },
  };
}
