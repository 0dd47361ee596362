import { isUploadError, type UploadError } from '../contract/index.js';
import { printable } from './text.js';

export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** A failure whose message is meant for the person at the terminal: one sentence that says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The command was called wrongly. The message names the flag. */
export function usageError(message: string): CliError {
  return new CliError(message, EXIT.usage);
}

/**
 * One line about anything that was thrown, without a stack.
 * @param address the server that was asked, where one was
 */
export function sentenceOf(error: unknown, address?: URL): string {
  if (isUploadError(error)) return printable(sentenceOfUpload(error, address));
  if (error instanceof Error) return printable(firstLine(error.message) || error.name);
  return printable(firstLine(String(error)));
}

function sentenceOfUpload(error: UploadError, address?: URL): string {
  if (address !== undefined) {
    if (error.code === 'NETWORK') return unreachable(error, address);
    // With a status, it was not Chunkwise that answered, and its token is not what is wanted.
    if (error.code === 'UNAUTHORIZED' && error.data.received === undefined)
      return `${address.origin} does not accept the request: give its token by --token or CHUNKWISE_TOKEN.`;
    // Misdirected: what `serve` answers to names that are not its own.
    if (error.code === 'PROTOCOL' && error.data.received === 421)
      return `The server does not answer for the host ${address.host}. Start it with --allowed-host ${address.hostname}.`;
    // Not its whole address: that may hold a user's password, or a key. Most messages name the place by themselves.
    if (
      (error.code === 'PROTOCOL' || error.code === 'UNAUTHORIZED') &&
      !error.message.includes(address.origin)
    )
      return `${firstLine(error.message)} It was asked at ${address.origin}${address.pathname}`;
    return firstLine(error.message);
  }
  // On this machine the cause is the operator's own business, and often says more.
  const cause = error.cause instanceof Error ? firstLine(error.cause.message) : '';
  const message = firstLine(error.message);
  return cause === '' || message.includes(cause) || cause.includes(message) || error.code === 'INPUT_INVALID'
    ? message
    : `${message} (${cause})`;
}

function unreachable(error: UploadError, { origin, hostname }: URL): string {
  const code = systemCode(error.cause);
  switch (code) {
    case 'ECONNREFUSED':
      return `Nothing answers at ${origin}. Check --to, and that the server is running.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host ${hostname} is not known here. Check --to, and the network.`;
    case 'EPROTO':
      return `${origin} does not speak TLS as it should (EPROTO). Is it http:// rather than https://?`;
    case undefined:
      return `${origin} cannot be reached: ${firstLine(error.message)}`;
    default:
      return `${origin} cannot be reached (${code}). Check --to, and the network.`;
  }
}

/** The code of the system's error behind this one, e.g. ECONNREFUSED. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && !isUploadError(error)) return error.code;
  return systemCode(error.cause);
}

function firstLine(message: string): string {
  return (message.split('\n', 1)[0] ?? '').trim();
}
