import '@uppy/core/css/style.min.css';
import '@uppy/dashboard/css/style.min.css';
import './styles/page.css';
import './styles/uppy.css';
import { render } from 'preact';
import { runtimeConnectivity } from '../client/index.js';
import { clientClock } from '../contract/index.js';
import { createApp } from './app.js';
import { Page } from './parts/page.js';
import { createServer } from './state/server.js';

const place = document.getElementById('page');
const app = createApp({
  server: createServer(location.origin),
  neighbours: {
    ofSession: new BroadcastChannel('chunkwise-session'),
    ofStream: new BroadcastChannel('chunkwise-stream'),
  },
  clock: clientClock,
  connectivity: runtimeConnectivity(),
  sight: {
    isSeen: () => document.visibilityState === 'visible',
    onChange: (listener) => document.addEventListener('visibilitychange', listener),
    onFocus: (listener) => globalThis.addEventListener('focus', listener),
  },
});
if (place !== null) render(<Page app={app} />, place);
app.start();
