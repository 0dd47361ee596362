import type { Phase } from 'chunkwise/client';
import { useUploads, useUploadsSummary } from 'chunkwise/client/react';
import { type ChangeEvent, useRef, useState } from 'react';
import { Bar } from './bar';
import { Photo } from './photo';
import { type PhotoTask, uploader } from './uploads';

export function App() {
  const [album, setAlbum] = useState('Summer');
  const { tasks, add, retry, dismiss } = useUploads(uploader, { policy: 'photos' });
  const heading = useRef<HTMLHeadingElement>(null);

  function choose({ target }: ChangeEvent<HTMLInputElement>) {
    for (const file of target.files ?? []) add(file, { metadata: { album } });
    // So that the same file can be chosen again, to go on with it.
    target.value = '';
  }

  return (
    <main>
      <h1>Photos</h1>
      <label>
        Album
        <input value={album} maxLength={100} onChange={(event) => setAlbum(event.target.value)} />
      </label>
      <label>
        Add photos
        <input type="file" multiple accept="image/*" disabled={album === ''} onChange={choose} />
      </label>
      {tasks.length > 0 && (
        <section>
          <h2 ref={heading} tabIndex={-1}>
            Uploads
          </h2>
          <Overall />
          <p role="status">{wordsFor(tasks)}</p>
          <ul>
            {tasks.map((task) => (
              <Photo
                key={task.id}
                task={task}
                onRetry={() => {
                  retry(task);
                  heading.current?.focus();
                }}
                onRemove={() => {
                  dismiss(task);
                  heading.current?.focus();
                }}
              />
            ))}
          </ul>
        </section>
      )}
    </main>
  );
}

/** Of what runs now, and of what ran beside it. */
function Overall() {
  const { fraction } = useUploadsSummary(uploader, { policy: 'photos' });
  return <Bar label="All uploads" fraction={fraction} />;
}

/** Changes when an upload settles, not while bytes move: it is read out each time. */
function wordsFor(tasks: readonly PhotoTask[]): string {
  const count = (phase: Phase) => tasks.filter(({ state }) => state.phase === phase).length;
  const failed = count('failed');
  return `${count('completed')} of ${tasks.length} uploaded${failed > 0 ? `, ${failed} failed` : ''}.`;
}
