import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { toUploadError } from '../../client/index.js';

export interface Question {
  readonly title: string;
  readonly text: string;
  /** What the button says that does it. */
  readonly action: string;
  /** @throws what is told, in the dialog */
  readonly onConfirm: () => Promise<void>;
}

/** Asks before something is lost. The browser keeps the focus within, and gives it back afterwards. */
export function Confirm({ question, onClose }: { question: Question; onClose: (done: boolean) => void }) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  useLayoutEffect(() => dialog.current?.showModal(), []);

  async function confirm() {
    if (isBusy) return;
    setBusy(true);
    const problem = await question.onConfirm().then(
      () => null,
      (thrown: unknown) => toUploadError(thrown).message,
    );
    setBusy(false);
    if (problem !== null) return setError(problem);
    dialog.current?.close('done');
  }

  return (
    <dialog
      ref={dialog}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onClose={() => onClose(dialog.current?.returnValue === 'done')}
    >
      <h2 id={`${id}-title`}>{question.title}</h2>
      <p id={`${id}-text`}>{question.text}</p>
      <p class="error" role="alert">
        {error}
      </p>
      <div class="actions">
        <button type="button" onClick={() => dialog.current?.close()}>
          Keep it
        </button>
        <button type="button" class="danger" aria-disabled={isBusy} onClick={confirm}>
          {isBusy ? 'One moment …' : question.action}
        </button>
      </div>
    </dialog>
  );
}
