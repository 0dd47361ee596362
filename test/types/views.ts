/** The union of an upload's status: what is there follows from the status, and only from it. */
import type {
  ErrorCode,
  ErrorView,
  Json,
  Progress,
  Status,
  UploadView,
  WatchEvent,
} from '../../contract/index.js';
import { proves, type Same } from './expect.js';

export function narrows(view: UploadView, progress: Progress, event: WatchEvent): void {
  // @ts-expect-error only a completed upload has a path
  view.path;
  // @ts-expect-error only a failed upload has an error
  view.error;

  if (view.status === 'completed') {
    proves<Same<typeof view.path, string>>();
    proves<Same<typeof view.hash, string>>();
    proves<Same<typeof view.data, Json | undefined>>();
    // @ts-expect-error a completed upload has not failed
    view.error;
  } else if (view.status === 'failed') {
    proves<Same<typeof view.error, ErrorView>>();
    proves<Same<typeof view.error.code, ErrorCode>>();
    proves<Same<typeof view.hash, string | null>>();
    // @ts-expect-error a failed upload has no file
    view.path;
  } else {
    proves<Same<typeof view.status, Exclude<Status, 'completed' | 'failed'>>>();
    // @ts-expect-error an upload that is not completed has no path
    view.path;
  }

  // @ts-expect-error no such status
  if (view.status === 'done') return;

  if (progress.status === 'completed') proves<Same<typeof progress.path, string>>();
  // @ts-expect-error an upload that is not completed has no path
  else progress.path;

  if (event.kind === 'snapshot') proves<Same<typeof event.items, Progress[]>>();
  else proves<Same<typeof event.progress, Progress>>();
}

proves<Same<UploadView['status'], Status>>();
proves<Same<Progress['status'], Status>>();
