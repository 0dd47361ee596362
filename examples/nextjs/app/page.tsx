import { cookies } from 'next/headers';
import { createCaller } from '../server/router';
import { SESSION_COOKIE, userOf } from '../server/session';
import { uploads } from '../server/uploads';
import { UploadForm } from './upload-form';

export default async function Page() {
  const user = userOf((await cookies()).get(SESSION_COOKIE)?.value);
  if (user === null) return <SignIn />;
  const caller = createCaller({ ...uploads.context(), user });
  const { items } = await caller.uploads.list({ status: 'completed', limit: 50 });
  return (
    <main>
      <h1>Albums of {user.id}</h1>
      <UploadForm />
      <ul>
        {items.map(({ uploadId, name, size }) => (
          <li key={uploadId}>
            <a href={`/files/${uploadId}`}>{name}</a> {size} bytes
          </li>
        ))}
      </ul>
      <form action="/logout" method="post">
        <button type="submit">Sign out</button>
      </form>
    </main>
  );
}

function SignIn() {
  return (
    <main>
      <h1>Sign in</h1>
      <form action="/login" method="post">
        <input name="user" autoComplete="username" aria-label="Name" />
        <input name="password" type="password" autoComplete="current-password" aria-label="Password" />
        <button type="submit">Sign in</button>
      </form>
    </main>
  );
}
