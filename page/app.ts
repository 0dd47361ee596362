import { type Connectivity, createUploader, toUploadError } from '../client/index.js';
import {
  type Clock,
  PAGE_DEFAULTS,
  SERVER_DEFAULTS,
  systemRandomness,
  type UploadError,
  type UploadView,
} from '../contract/index.js';
import { type Cell, createCell } from './state/cell.js';
import { createPicker } from './state/dashboard.js';
import { createHere, type Here } from './state/here.js';
import { createLine, type Line } from './state/line.js';
import { createPolling } from './state/polling.js';
import type { Server } from './state/server.js';
import { createSession, mayUse, type Neighbours, type Session } from './state/session.js';
import { createStream } from './state/stream.js';
import { createTurn, type Sight } from './state/turn.js';
import { createUploads, type Uploads } from './state/uploads.js';

/** All that the parts of the page share. */
export interface App {
  readonly session: Session;
  readonly uploads: Uploads;
  readonly here: Cell<Here>;
  readonly line: Cell<Line>;
  /** Why the list could not be read. */
  readonly problem: Cell<UploadError | null>;
  /** What a screen reader is told next. */
  readonly announcement: Cell<string>;
  say(text: string): void;
  refresh(): void;
  onError(error: unknown): void;
  /** @throws UploadError */
  abort(view: UploadView): Promise<void>;
  /** @throws UploadError */
  remove(view: UploadView): Promise<void>;
  signOut(): void;
  mountDashboard(place: HTMLElement): void;
  start(): void;
}

export interface AppDeps {
  readonly server: Server;
  /** Other windows of this browser. */
  readonly neighbours: { readonly ofSession: Neighbours; readonly ofStream: Neighbours };
  readonly clock: Clock;
  readonly connectivity: Connectivity;
  readonly sight: Sight;
}

export function createApp({ server, neighbours, clock, connectivity, sight }: AppDeps): App {
  const session = createSession(server, neighbours.ofSession);
  const announcement = createCell('');
  const problem = createCell<UploadError | null>(null);
  const isUnanswered = createCell(false);
  const uploader = createUploader(server.uploads, {
    onUnauthorized: session.renew,
    // A tab may be left alone over night. Beyond this the server has thrown away what it has.
    patienceMs: SERVER_DEFAULTS.idleExpiryMs,
    clock,
    connectivity,
  });
  const picker = createPicker(uploader);
  const here = createHere(uploader);
  const uploads = createUploads({ server, clock, onError, onRead: () => problem.set(null) });
  const stream = createStream({
    server,
    clock,
    onEvent: uploads.onEvent,
    onRefused: ask,
  });
  const turn = createTurn({ windows: neighbours.ofStream, clock, randomness: systemRandomness, sight });
  const polling = createPolling(clock, () => void uploads.refresh().catch(onError));
  let isAsking = false;

  function onError(thrown: unknown): void {
    const error = toUploadError(thrown);
    // Of the line there is a notice, once nothing else is answered either; the list is read again by itself.
    if (error.code === 'UNAUTHORIZED' || error.code === 'NETWORK') ask();
    else problem.set(error);
  }

  /** Asks how the session stands, until the server answers. */
  function ask(): void {
    if (isAsking) return;
    isAsking = true;
    askAfter(PAGE_DEFAULTS.reconnectMs);
  }

  function askAfter(waitMs: number): void {
    session.check().then(
      () => {
        isAsking = false;
        isUnanswered.set(false);
      },
      () => {
        isUnanswered.set(true);
        clock.after(waitMs, () => askAfter(Math.min(PAGE_DEFAULTS.maxReconnectMs, 2 * waitMs)));
      },
    );
  }

  /** Changes that somebody makes here; one that is refused for want of a session asks for it. */
  async function change(make: () => Promise<unknown>): Promise<void> {
    try {
      await make();
      // Without the stream nobody else tells so soon.
      uploads.refresh().catch(onError);
    } catch (error) {
      if (toUploadError(error).code === 'UNAUTHORIZED') ask();
      throw error;
    }
  }

  function follow(): void {
    const isIn = mayUse(session.state.value);
    const isLive = isIn && sight.isSeen();
    // Browsers have few connections to one server, for all windows together: a hidden one needs no stream, and of
    // those that are seen one has it.
    turn.want(isLive);
    stream.want(isLive && turn.isOurs.value);
    polling.want(isLive && !turn.isOurs.value);
    if (!isIn) uploads.clear();
  }

  return {
    ...{ session, uploads, here, problem, announcement, onError },
    line: createLine({ connectivity, stream, isUnanswered }),
    say: announcement.set,
    refresh() {
      problem.set(null);
      uploads.refresh().catch(onError);
    },
    async abort({ uploadId }) {
      const own = uploader.tasks.find(({ state }) => state.uploadId === uploadId && here.value.has(uploadId));
      if (own === undefined) return change(() => server.abort(uploadId));
      // First out of the panel, where it would be told as a failure.
      picker.forget(uploadId);
      await change(() => own.cancel({ discard: true }));
    },
    remove: ({ uploadId }) => change(() => server.remove(uploadId)),
    signOut: () => void session.signOut().catch(onError),
    mountDashboard: picker.mount,
    start() {
      session.state.subscribe(follow);
      sight.onChange(follow);
      turn.isOurs.subscribe(follow);
      connectivity.onChange(() => {
        // Back on the line: not after the pause that a server which is down is given.
        stream.want(false);
        follow();
      });
      ask();
    },
  };
}
