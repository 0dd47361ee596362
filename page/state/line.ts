import type { Connectivity } from '../../client/index.js';
import { type Cell, createCell } from './cell.js';
import type { Stream } from './stream.js';

/** `lost`: the machine is online, and the server does not answer. */
export type Line = 'fine' | 'offline' | 'lost';

export interface LineDeps {
  readonly connectivity: Connectivity;
  readonly stream: Pick<Stream, 'state'>;
  /** The server was asked something, and has not answered. */
  readonly isUnanswered: Cell<boolean>;
}

export function createLine({ connectivity, stream, isUnanswered }: LineDeps): Cell<Line> {
  const line = createCell<Line>('fine');
  const look = () => {
    if (!connectivity.isOnline()) line.set('offline');
    else line.set(isUnanswered.value || stream.state.value === 'lost' ? 'lost' : 'fine');
  };
  connectivity.onChange(look);
  stream.state.subscribe(look);
  isUnanswered.subscribe(look);
  look();
  return line;
}
