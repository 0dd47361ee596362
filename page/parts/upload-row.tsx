import { formatSize, type UploadView } from '../../contract/index.js';
import type { Doing } from '../state/here.js';
import type { Row } from '../state/uploads.js';
import { percentOf, statusOf, timeOf, titleOf } from '../words.js';

interface UploadRowProps {
  readonly row: Row;
  /** What this page does with it. */
  readonly doing: Doing | undefined;
  readonly onAbort: (view: UploadView) => void;
  readonly onDelete: (view: UploadView) => void;
}

export function UploadRow({ row, doing, onAbort, onDelete }: UploadRowProps) {
  const { view } = row;
  const title = titleOf(view);
  const isUnfinished = view.status === 'receiving' || view.status === 'assembling';
  const kind = view.status === 'receiving' && doing === undefined && !row.isMoving ? 'stopped' : view.status;
  return (
    <li class="upload" data-upload={view.uploadId}>
      <h3>{title}</h3>
      <p class="facts">
        {formatSize(view.size)}
        <span aria-hidden="true"> · </span>
        <time dateTime={new Date(view.createdAt).toISOString()}>{timeOf(view.createdAt)}</time>
      </p>
      <p class={`status ${kind}`}>{statusOf(row, doing)}</p>
      {isUnfinished && (
        <progress aria-label={`Progress of ${title}`} max={100} value={percentOf(view)}>
          {percentOf(view)} %
        </progress>
      )}
      <div class="actions">
        {view.status === 'completed' && (
          <a
            class="button"
            href={`/files/${view.uploadId}`}
            download={view.name}
            aria-label={`Download ${title}`}
          >
            Download
          </a>
        )}
        {view.status === 'completed' && (
          <button type="button" aria-label={`Delete ${title}`} onClick={() => onDelete(view)}>
            Delete
          </button>
        )}
        {view.status === 'receiving' && (
          <button type="button" aria-label={`Abort ${title}`} onClick={() => onAbort(view)}>
            Abort
          </button>
        )}
      </div>
      <Details view={view} title={title} />
    </li>
  );
}

function Details({ view, title }: { view: UploadView; title: string }) {
  return (
    <details>
      <summary>
        Details<span class="unseen"> of {title}</span>
      </summary>
      <dl>
        {view.status === 'completed' && (
          <>
            <dt>Path on the server</dt>
            <dd>
              <code>{view.path}</code>
            </dd>
          </>
        )}
        <dt>Size</dt>
        <dd>{view.size.toLocaleString('en')} bytes</dd>
        <dt>File hash</dt>
        <dd>
          <code>{view.hash ?? 'Known once all has arrived'}</code>
          {view.hash !== null && (
            <p class="quiet">Made of the hashes of its chunks: not what sha256sum prints.</p>
          )}
        </dd>
        <dt>Upload</dt>
        <dd>
          <code>{view.uploadId}</code>
        </dd>
      </dl>
    </details>
  );
}
