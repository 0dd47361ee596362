import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { toUploadError } from '../../client/index.js';

interface SignInProps {
  /** Somebody was signed in before. */
  readonly hasEnded: boolean;
  /** Uploads of this page wait for it. */
  readonly waiting: number;
  readonly onSignIn: (token: string) => Promise<void>;
}

export function SignIn({ hasEnded, waiting, onSignIn }: SignInProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  useLayoutEffect(() => input.current?.focus(), []);

  async function submit(event: Event) {
    event.preventDefault();
    if (isBusy) return;
    const token = input.current?.value.trim() ?? '';
    setBusy(true);
    const problem = token === '' ? 'Write the token into the field first.' : await attempt(token);
    setBusy(false);
    setError(problem);
    if (problem !== null) input.current?.focus();
  }

  const attempt = (token: string) =>
    onSignIn(token).then(
      () => null,
      (thrown: unknown) => toUploadError(thrown).message,
    );

  return (
    <section class="panel sign-in" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Sign in</h2>
      {hasEnded && <p>You are signed out: sign in again to go on.</p>}
      {waiting > 0 && (
        <p>{waiting === 1 ? 'One upload waits' : `${waiting} uploads wait`} until then; nothing is lost.</p>
      )}
      <form onSubmit={submit} noValidate>
        <label for={`${id}-token`}>Token</label>
        <input
          ref={input}
          id={`${id}-token`}
          type="password"
          name="token"
          autocomplete="current-password"
          spellcheck={false}
          aria-invalid={error !== null}
          aria-describedby={error === null ? `${id}-help` : `${id}-error ${id}-help`}
        />
        <p id={`${id}-help`} class="quiet">
          The one that this server was started with. Whoever runs it can tell you.
        </p>
        <p id={`${id}-error`} class="error" role="alert">
          {error}
        </p>
        <button type="submit" class="primary" aria-disabled={isBusy}>
          {isBusy ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </section>
  );
}
