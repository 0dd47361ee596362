import { type NextRequest, NextResponse } from 'next/server';
import { SESSION_COOKIE, SESSION_SECONDS, signIn } from '../../server/session';

export async function POST(request: NextRequest) {
  const form = await request.formData().catch(() => new FormData());
  const cookie = signIn(String(form.get('user')), String(form.get('password')));
  if (cookie === null) return new Response('Wrong name or password.', { status: 401 });
  // 303: the browser goes on with GET. Relative, since a proxy may know this server by another name.
  const response = new NextResponse(null, { status: 303, headers: { location: '/' } });
  response.cookies.set(SESSION_COOKIE, cookie, {
    httpOnly: true,
    maxAge: SESSION_SECONDS,
    path: '/',
    sameSite: 'lax',
    secure: request.nextUrl.protocol === 'https:',
  });
  return response;
}
