import { Writable } from 'node:stream';

/** A terminal as far as progress bars use one: what a person would see after everything that was written. */
export interface Screen {
  readonly stream: NodeJS.WriteStream;
  /** Lines without trailing spaces, up to the last one that is not empty. */
  lines(): string[];
  readonly cursorShown: boolean;
  readonly wraps: boolean;
}

const PIECES = /\u001b\[([?\d;]*)([A-Za-z])|[\r\n]|[^\u001b\r\n]+/g;

export function createScreen(columns: number, rows: number): Screen {
  const rowsOfText: string[] = [''];
  let [x, y] = [0, 0];
  let [cursorShown, wraps] = [true, true];

  function control(parameters: string, final: string): void {
    const count = Number(parameters || '1');
    if (final === 'A') y = Math.max(0, y - count);
    else if (final === 'G') x = count - 1;
    else if (final === 'K') rowsOfText[y] = parameters === '2' ? '' : (rowsOfText[y] ?? '').slice(0, x);
    else if (final === 'J') {
      rowsOfText.length = y + 1;
      rowsOfText[y] = (rowsOfText[y] ?? '').slice(0, x);
    } else if (parameters === '?25') cursorShown = final === 'h';
    else if (parameters === '?7') wraps = final === 'h';
    else if (final !== 'm') throw new Error(`unknown sequence ${JSON.stringify(parameters + final)}`);
  }

  function print(text: string): void {
    const row = (rowsOfText[y] ?? '').padEnd(x);
    rowsOfText[y] = row.slice(0, x) + text + row.slice(x + text.length);
    x += text.length;
  }

  const stream = new Writable({
    decodeStrings: false,
    write(data: string, _encoding, done) {
      for (const [piece, parameters = '', final] of data.matchAll(PIECES))
        if (final !== undefined) control(parameters, final);
        else if (piece === '\r') x = 0;
        else if (piece === '\n') {
          x = 0;
          y++;
          rowsOfText[y] ??= '';
        } else print(piece);
      done();
    },
  });
  return {
    stream: Object.assign(stream, { isTTY: true, columns, rows }) as unknown as NodeJS.WriteStream,
    lines: () => rowsOfText.join('\n').replace(/ +$/gm, '').trimEnd().split('\n'),
    get cursorShown() {
      return cursorShown;
    },
    get wraps() {
      return wraps;
    },
  };
}
