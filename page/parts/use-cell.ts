import { useEffect, useState } from 'preact/hooks';
import type { Cell } from '../state/cell.js';

/** The cell's value; the part is drawn again when it changes. */
export function useCell<Value>(cell: Cell<Value>): Value {
  const [value, setValue] = useState(cell.value);
  useEffect(() => {
    const look = () => setValue(() => cell.value);
    look();
    return cell.subscribe(look);
  }, [cell]);
  return value;
}
