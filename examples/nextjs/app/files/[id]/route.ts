import type { NextRequest } from 'next/server';
import { SESSION_COOKIE, userOf } from '../../../server/session';
import { uploads } from '../../../server/uploads';

export async function GET(request: NextRequest, { params }: { params: Promise<{ id: string }> }) {
  const user = userOf(request.cookies.get(SESSION_COOKIE)?.value);
  if (user === null) return new Response('Sign in first.', { status: 401 });
  const { id } = await params;
  return await uploads.files.serve(request, { id, owner: user.id });
}
