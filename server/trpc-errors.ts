import { type TRPCDefaultErrorShape, TRPCError } from '@trpc/server';
import { z } from 'zod';
import { ERRORS, isUploadError, UploadError, type UploadErrorData } from '../contract/index.js';

/** The shape of every error of the upload procedures: tRPC's own, with `data.upload`. */
export interface UploadErrorShape {
  message: string;
  code: TRPCDefaultErrorShape['code'];
  data: Omit<TRPCDefaultErrorShape['data'], 'stack'> & { upload: UploadErrorData };
}

/** For `.errors()`: whatever goes wrong in a procedure of ours leaves it in this shape, without stack or secrets. */
export function formatUploadError({
  error,
  shape,
}: {
  error: TRPCError;
  shape: TRPCDefaultErrorShape;
}): UploadErrorShape {
  const upload = toUploadError(error);
  const { stack: _, ...data } = shape.data;
  return { ...shape, message: upload.message, data: { ...data, upload: upload.data } };
}

/** tRPC picks the HTTP status by the TRPCError's code, so an UploadError goes out as the cause of one. */
export function toTrpcError(error: UploadError): TRPCError {
  return new TRPCError({
    code: ERRORS[error.code].trpc ?? 'INTERNAL_SERVER_ERROR',
    message: error.message,
    cause: error,
  });
}

function toUploadError(error: TRPCError): UploadError {
  if (isUploadError(error.cause)) return error.cause;
  if (error.code === 'BAD_REQUEST')
    return new UploadError('INPUT_INVALID', { message: inputMessage(error.cause) });
  return new UploadError('INTERNAL');
}

/** Which field is wrong, and how: the first issue only, and never a value that the client sent. */
function inputMessage(cause: unknown): string {
  const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
  if (issue === undefined) return ERRORS.INPUT_INVALID.message;
  const field = issue.path.length > 0 ? `"${issue.path.join('.')}"` : 'The input';
  return `${field} is not valid: ${issue.message}.`;
}
