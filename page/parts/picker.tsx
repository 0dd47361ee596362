import { useEffect, useRef } from 'preact/hooks';
import type { App } from '../app.js';

/** Uppy's Dashboard. It stays where it is, though unseen, while somebody signs in: uploads in it go on afterwards. */
export function Picker({ app, isHidden }: { app: App; isHidden: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (place.current !== null) app.mountDashboard(place.current);
  }, [app]);
  return (
    <section class="panel picker" aria-labelledby="picker-title" hidden={isHidden}>
      <h2 id="picker-title" tabIndex={-1}>
        Upload files
      </h2>
      <div ref={place} class="dashboard" />
    </section>
  );
}
