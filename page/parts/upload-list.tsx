import { useRef, useState } from 'preact/hooks';
import { toUploadError } from '../../client/index.js';
import type { UploadView } from '../../contract/index.js';
import type { App } from '../app.js';
import { titleOf } from '../words.js';
import { Confirm, type Question } from './confirm.js';
import { UploadRow } from './upload-row.js';
import { useCell } from './use-cell.js';

export function UploadList({ app }: { app: App }) {
  const { rows, more, isLoaded } = useCell(app.uploads.state);
  const here = useCell(app.here);
  const problem = useCell(app.problem);
  const heading = useRef<HTMLHeadingElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [question, setQuestion] = useState<Question | null>(null);

  const ask = (view: UploadView, action: 'Abort' | 'Delete') =>
    setQuestion({
      title: `${action} ${titleOf(view)}?`,
      text:
        action === 'Abort'
          ? 'What has arrived so far is thrown away. Keep it, and choosing the same file again goes on from here.'
          : 'The file is removed from the server for everybody. This cannot be undone.',
      action,
      async onConfirm() {
        await (action === 'Abort' ? app.abort(view) : app.remove(view));
        app.say(`${titleOf(view)} is ${action === 'Abort' ? 'aborted' : 'deleted'}.`);
      },
    });

  async function showMore() {
    const shown = rows.length;
    try {
      await app.uploads.showMore();
    } catch (error) {
      app.onError(error);
    }
    // The button may be gone: the focus goes to what it has brought.
    const first = list.current?.children[shown]?.querySelector('h3');
    first?.setAttribute('tabindex', '-1');
    first?.focus();
  }

  return (
    <section class="panel list" aria-labelledby="uploads-title">
      <h2 id="uploads-title" ref={heading} tabIndex={-1}>
        Your uploads
      </h2>
      {problem !== null && (
        <p class="error">
          {toUploadError(problem).message}{' '}
          <button type="button" onClick={app.refresh}>
            Try again
          </button>
        </p>
      )}
      {!isLoaded && problem === null && <p class="quiet">Loading …</p>}
      {isLoaded && rows.length === 0 && (
        <p class="quiet">
          Nothing yet. Files that you upload appear here, with what became of them, also from other windows
          and devices.
        </p>
      )}
      {rows.length > 0 && (
        <ul ref={list}>
          {rows.map((row) => (
            <UploadRow
              key={row.view.uploadId}
              row={row}
              doing={here.get(row.view.uploadId)}
              onAbort={(view) => ask(view, 'Abort')}
              onDelete={(view) => ask(view, 'Delete')}
            />
          ))}
        </ul>
      )}
      {more && (
        <button type="button" onClick={showMore}>
          Show more
        </button>
      )}
      {question !== null && (
        <Confirm
          key={question}
          question={question}
          onClose={(done) => {
            // A dialog tells late that it was closed: the next may be open by then.
            setQuestion((current) => (current === question ? null : current));
            // What the focus came from goes away with the upload.
            if (done) heading.current?.focus();
          }}
        />
      )}
    </section>
  );
}
