import { toUploadError } from '../../client/index.js';
import {
  type Clock,
  isFinal,
  MAX_LIST_LIMIT,
  PAGE_DEFAULTS,
  type Progress,
  STATUSES,
  type Status,
  type UploadView,
  type WatchEvent,
} from '../../contract/index.js';
import { type Cell, createCell } from './cell.js';
import type { Server } from './server.js';

/** One line of the list. */
export interface Row {
  readonly view: UploadView;
  /** A chunk of it has arrived lately, from wherever. */
  readonly isMoving: boolean;
}

export interface UploadsState {
  /** Newest first. */
  readonly rows: readonly Row[];
  /** There are older ones. */
  readonly more: boolean;
  readonly isLoaded: boolean;
}

/** This owner's uploads: the list as the server tells it, kept up to date by the stream. */
export interface Uploads {
  readonly state: Cell<UploadsState>;
  /** Reads the list again; calls that come together are one. @throws what the server answers */
  refresh(): Promise<void>;
  showMore(): Promise<void>;
  onEvent(event: WatchEvent): void;
  /** Forgets everything: somebody signed out. */
  clear(): void;
}

export interface UploadsDeps {
  readonly server: Pick<Server, 'list'>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** The list is as the server has it. */
  readonly onRead: () => void;
}

const EMPTY: UploadsState = { rows: [], more: false, isLoaded: false };

/** What somebody has removed is not worth a line. */
const SHOWN: Status[] = STATUSES.filter((status) => status !== 'aborted' && status !== 'gone');
const isShown = ({ status }: UploadView | Progress) => SHOWN.includes(status);

/** The list can know more than an event that was on its way when it was read: progress does not go back. */
function isOutdated(told: Progress, known: UploadView): boolean {
  if (isFinal(known.status)) return !isFinal(told.status);
  if (told.status !== 'receiving') return false;
  return known.status === 'assembling' || told.receivedBytes < known.receivedBytes;
}

export function createUploads({ server, clock, onError, onRead }: UploadsDeps): Uploads {
  const state = createCell<UploadsState>(EMPTY);
  /** Since the read that is on its way began: it may not know of them. */
  let news: Progress[] = [];
  let wanted: number = PAGE_DEFAULTS.listedUploads;
  let reading: Promise<void> | null = null;
  let readAgain = false;
  let cancelRead: (() => void) | null = null;
  let era = 0;
  let waitMs: number = PAGE_DEFAULTS.reconnectMs;
  const stops = new Map<string, () => void>();

  async function read(): Promise<void> {
    const own = era;
    do {
      readAgain = false;
      news = [];
      const views: UploadView[] = [];
      let cursor: string | undefined;
      do {
        const limit = Math.min(MAX_LIST_LIMIT, wanted - views.length);
        const page = await server.list({ status: SHOWN, limit, ...(cursor !== undefined && { cursor }) });
        if (own !== era) return;
        views.push(...page.items);
        cursor = page.nextCursor;
      } while (views.length < wanted && cursor !== undefined);
      const rows = views.map((view) => ({ view, isMoving: isMoving(view) }));
      state.set({ rows, more: cursor !== undefined, isLoaded: true });
      onRead();
      for (const progress of news) apply(progress);
    } while (readAgain);
  }

  function refresh(): Promise<void> {
    cancelRead?.();
    cancelRead = null;
    readAgain = true;
    if (reading !== null) return reading;
    const own = read()
      .then(() => {
        waitMs = PAGE_DEFAULTS.reconnectMs;
      })
      .catch((error: unknown) => {
        if (reading === own && toUploadError(error).code === 'NETWORK') readLater();
        throw error;
      })
      .finally(() => {
        if (reading === own) reading = null;
      });
    reading = own;
    return own;
  }

  function refreshSoon() {
    cancelRead ??= clock.after(PAGE_DEFAULTS.refreshMs, () => void refresh().catch(onError));
  }

  /** The stream may go on as if nothing were, so that nobody else would ask again. */
  function readLater() {
    cancelRead ??= clock.after(waitMs, () => void refresh().catch(onError));
    waitMs = Math.min(PAGE_DEFAULTS.maxReconnectMs, 2 * waitMs);
  }

  function apply(progress: Progress) {
    const { uploadId } = progress;
    const row = state.value.rows.find(({ view }) => view.uploadId === uploadId);
    if (row === undefined) {
      if (progress.status === 'receiving') markMoving(uploadId);
      if (isShown(progress) && !isOlder(uploadId)) refreshSoon();
      return;
    }
    if (isOutdated(progress, row.view)) {
      // Or the upload lost a chunk while it was assembled: the server knows.
      if (row.view.status === 'assembling') refreshSoon();
      return;
    }
    const { index: _, ...told } = progress;
    const view = { ...row.view, ...told } as UploadView;
    const hasMoved = view.status === 'receiving' && view.receivedBytes > row.view.receivedBytes;
    if (hasMoved) markMoving(uploadId);
    change(
      uploadId,
      isShown(view) ? { view, isMoving: view.status === 'receiving' && (hasMoved || row.isMoving) } : null,
    );
  }

  /** Since it was looked at last; without the stream, the list alone tells. */
  function isMoving(view: UploadView): boolean {
    if (view.status !== 'receiving') return false;
    const before = state.value.rows.find((row) => row.view.uploadId === view.uploadId)?.view;
    if (before !== undefined && view.receivedBytes > before.receivedBytes) markMoving(view.uploadId);
    return stops.has(view.uploadId);
  }

  /** Than all that is shown: ids are in the order of time. */
  function isOlder(uploadId: string): boolean {
    const { rows, more } = state.value;
    const last = rows.at(-1);
    return more && last !== undefined && uploadId < last.view.uploadId;
  }

  function markMoving(uploadId: string) {
    stops.get(uploadId)?.();
    const cancel = clock.after(PAGE_DEFAULTS.stoppedAfterMs, () => {
      stops.delete(uploadId);
      const row = state.value.rows.find(({ view }) => view.uploadId === uploadId);
      if (row !== undefined) change(uploadId, { ...row, isMoving: false });
    });
    stops.set(uploadId, cancel);
  }

  function change(uploadId: string, next: Row | null) {
    const { rows } = state.value;
    const changed = rows.flatMap((row) =>
      row.view.uploadId !== uploadId ? [row] : next === null ? [] : [next],
    );
    state.set({ ...state.value, rows: changed });
  }

  return {
    state,
    refresh,
    async showMore() {
      wanted += PAGE_DEFAULTS.listedUploads;
      await refresh();
    },
    onEvent(event) {
      // A stream that begins, or begins again, has missed what went before.
      if (event.kind === 'snapshot') return void refresh().catch(onError);
      if (reading !== null) news.push(event.progress);
      if (state.value.isLoaded) apply(event.progress);
    },
    clear() {
      era++;
      reading = null;
      cancelRead?.();
      cancelRead = null;
      for (const cancel of stops.values()) cancel();
      stops.clear();
      wanted = PAGE_DEFAULTS.listedUploads;
      state.set(EMPTY);
    },
  };
}
