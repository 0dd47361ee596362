import type { Uppy, UppyFile } from '@uppy/core';
import type { Source } from '../sources.js';
import type { PlainUploadOptions, UploadResult, UploadTask } from '../types.js';
import type { AnyFields } from './options.js';

/** For code inside this folder: Uppy, its files and the plugin's options without inference. */
export type PlainUppy = Uppy<AnyFields, AnyFields>;
export type PlainFile = UppyFile<AnyFields, AnyFields>;

export interface PlainUploader {
  add(source: Source, options: PlainUploadOptions): UploadTask;
  dismiss(task: UploadTask): void;
}

export interface PlainOptions {
  policy?: string | undefined;
  metadata?: ((file: PlainFile) => PlainUploadOptions['metadata']) | undefined;
  downloadUrl?: ((result: UploadResult) => string | undefined) | undefined;
  discardOnCancel?: boolean | undefined;
}
