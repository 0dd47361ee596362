'use client';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { createUploader, isUploadError, type TaskState, uploadLink } from 'chunkwise/client';
import { useRouter } from 'next/navigation';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { AppRouter } from '../server/router';

const url = '/api/trpc';

function start() {
  const trpc = createTRPCClient<AppRouter>({
    links: [uploadLink({ url }), httpBatchLink({ url, maxItems: 100 })],
  });
  return createUploader(trpc.uploads);
}

export function UploadForm() {
  const router = useRouter();
  const uploader = useRef<ReturnType<typeof start>>(null);
  const [state, setState] = useState<TaskState | null>(null);
  const [message, setMessage] = useState('');

  // Leaving the page cancels what runs; the sessions stay, and the same file goes on later.
  useEffect(() => {
    const started = start();
    uploader.current = started;
    return () => void started.close();
  }, []);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const file = form.get('file');
    if (!(file instanceof File) || uploader.current === null) return;
    setMessage('');
    const task = uploader.current.add(file, {
      policy: 'albums',
      metadata: { album: String(form.get('album')) },
    });
    const stop = task.subscribe(() => setState(task.state));
    try {
      const { data } = await task.result;
      setMessage(`Stored in ${data?.album ?? 'your album'}.`);
      router.refresh();
    } catch (error) {
      setMessage(isUploadError(error) ? error.message : 'The upload failed.');
    } finally {
      stop();
      setState(null);
    }
  }

  return (
    <form onSubmit={submit}>
      <input name="album" required maxLength={100} placeholder="Album" aria-label="Album" />
      <input name="file" type="file" required accept="image/*,video/*" aria-label="File" />
      <button type="submit" disabled={state !== null}>
        Upload
      </button>
      {state && <progress value={state.fraction} aria-label={state.phase} />}
      <output>{message}</output>
    </form>
  );
}
