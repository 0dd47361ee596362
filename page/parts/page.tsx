import { useLayoutEffect, useRef } from 'preact/hooks';
import type { App } from '../app.js';
import { mayUse } from '../state/session.js';
import { Picker } from './picker.js';
import { SignIn } from './sign-in.js';
import { UploadList } from './upload-list.js';
import { useCell } from './use-cell.js';

export function Page({ app }: { app: App }) {
  const session = useCell(app.session.state);
  const here = useCell(app.here);
  const announcement = useCell(app.announcement);
  const isIn = mayUse(session);
  const asksToken = session === 'out' || session === 'ended';
  const main = useRef<HTMLElement>(null);
  const asked = useRef(false);
  const wasIn = useRef(false);
  wasIn.current ||= isIn;

  useLayoutEffect(() => {
    // Whoever has just signed in goes on at the beginning.
    if (isIn && asked.current) main.current?.querySelector<HTMLElement>('#picker-title')?.focus();
    asked.current = asksToken;
  }, [isIn, asksToken]);

  return (
    <>
      <header>
        <h1>Chunkwise</h1>
        <p class="quiet">Large files, in chunks, every byte verified.</p>
        {session === 'in' && (
          <button type="button" onClick={app.signOut}>
            Sign out
          </button>
        )}
      </header>
      <main ref={main}>
        <Notice app={app} />
        {asksToken && (
          <SignIn hasEnded={session === 'ended'} waiting={here.size} onSignIn={app.session.signIn} />
        )}
        {wasIn.current && <Picker app={app} isHidden={session === 'out'} />}
        {isIn && <UploadList app={app} />}
      </main>
      <p role="status" class="unseen">
        {announcement}
      </p>
    </>
  );
}

const LINE = {
  fine: null,
  offline: 'You are offline. Uploads go on by themselves when the line is back.',
  lost: 'The server does not answer. The page tries again by itself; nothing is lost.',
};

/** What is wrong with the line, while it is. */
function Notice({ app }: { app: App }) {
  const text = LINE[useCell(app.line)];
  return (
    <p role="status" class={text === null ? 'unseen' : 'notice'}>
      {text}
    </p>
  );
}
