import type { TaskState } from 'chunkwise/client';
import { useUpload } from 'chunkwise/client/react';
import { Suspense, use } from 'react';
import { Bar } from './bar';
import type { PhotoTask } from './uploads';

interface Props {
  task: PhotoTask;
  onRetry(): void;
  onRemove(): void;
}

export function Photo({ task, onRetry, onRemove }: Props) {
  const state = useUpload(task);
  const { phase, name, error } = state;
  const over = phase === 'completed' || phase === 'failed' || phase === 'cancelled';
  return (
    <li>
      <strong>{name}</strong>
      <span>
        {phase === 'completed' ? (
          <Suspense>
            <Stored task={task} />
          </Suspense>
        ) : (
          wordsFor(state)
        )}
      </span>
      {!over && <Bar label={name} fraction={state.fraction} />}
      {phase === 'failed' && <p role="alert">{error?.message}</p>}
      <div className="actions">
        {!over && (
          <button
            type="button"
            aria-label={`${phase === 'paused' ? 'Continue' : 'Pause'} ${name}`}
            onClick={() => (phase === 'paused' ? task.continue() : task.pause())}
          >
            {phase === 'paused' ? 'Continue' : 'Pause'}
          </button>
        )}
        {!over && (
          <button type="button" aria-label={`Cancel ${name}`} onClick={() => void task.cancel()}>
            Cancel
          </button>
        )}
        {(phase === 'failed' || phase === 'cancelled') && (
          <button type="button" aria-label={`Try again: ${name}`} onClick={onRetry}>
            Try again
          </button>
        )}
        {over && (
          <button type="button" aria-label={`Remove ${name} from the list`} onClick={onRemove}>
            Remove
          </button>
        )}
      </div>
    </li>
  );
}

/** `data` has the type of what the policy's `completed` hook returns. */
function Stored({ task }: { task: PhotoTask }) {
  const { data } = use(task.result);
  return `Stored in ${data?.album ?? 'your photos'}`;
}

function wordsFor({ phase, bytes, size, hashedBytes, hashTotalBytes }: TaskState): string {
  switch (phase) {
    case 'waiting':
      return 'Waiting for its turn';
    case 'hashing':
      return `Reading the file: ${percent(hashedBytes, hashTotalBytes)}`;
    case 'uploading':
      return `${megabytes(bytes)} of ${megabytes(size)}`;
    case 'assembling':
      return 'Almost there';
    case 'paused':
      return `Paused at ${percent(bytes, size)}`;
    case 'completed':
      return 'Stored';
    case 'failed':
      return 'Not uploaded';
    case 'cancelled':
      return 'Cancelled';
  }
}

const percent = (part: number, whole: number) => `${whole === 0 ? 100 : Math.floor((part / whole) * 100)} %`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
