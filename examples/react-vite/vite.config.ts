import { defineConfig } from 'vite';

// The page and its tRPC server have one origin: Vite passes /trpc on, with `dev` and with `preview`.
const proxy = { '/trpc': process.env.SERVER ?? 'http://localhost:3000' };

export default defineConfig({
  server: { proxy },
  preview: { proxy },
  // 'use client' is for frameworks that render on a server. (@vitejs/plugin-react passes over it as well.)
  build: { rolldownOptions: { checks: { moduleLevelDirective: false } } },
});
