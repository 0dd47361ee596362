/** What a person sees who opens the server in a browser. Static: it says nothing of any upload. */
export const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Chunkwise</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif; }
  body { max-width: 40rem; margin: 4rem auto; padding: 0 1rem; }
  code { font-family: ui-monospace, monospace; }
  pre { padding: 1rem; border: 1px solid; border-radius: .5rem; overflow-x: auto; }
</style>
<h1>Chunkwise</h1>
<p>This server takes file uploads: in chunks, resumable, every byte verified.</p>
<p>Send a file from a terminal:</p>
<pre><code>chunkwise upload FILE --to http://THIS-ADDRESS</code></pre>
<p>Programs use the typed client; the tRPC endpoint is <code>/trpc</code>.</p>
</html>
`;
