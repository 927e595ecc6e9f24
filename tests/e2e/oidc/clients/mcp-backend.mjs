// SPDX-License-Identifier: Apache-2.0
/*
 * A real MCP server that knows nothing of tokens, to stand behind httpd: the
 * SDK's own, stateless, answering POST with JSON and everything else with
 * 405. Its one tool, `headers`, tells what the proxy passed on.
 *
 *   env  PORT (0: any)
 *
 * Says "ready <url>" when it serves; ends when its standard input does.
 */
import './globals.mjs';
import http from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

function makeServer() {
  const server = new McpServer({ name: 'headers', version: '1.0.0' });
  server.registerTool('headers', { description: 'the headers of this request' }, (extra) => ({
    content: [{ type: 'text', text: JSON.stringify(extra.requestInfo.headers) }],
  }));
  return server;
}

async function handle(req, res) {
  if (req.method !== 'POST') {
    res.writeHead(405, { Allow: 'POST' }).end();
    return;
  }
  /* stateless: a server and a transport for each request */
  const server = makeServer();
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: true,
  });
  res.on('close', () => server.close());
  await server.connect(transport);
  await transport.handleRequest(req, res);
}

const listener = http.createServer((req, res) => {
  handle(req, res).catch((error) => {
    console.error(error);
    if (!res.headersSent) res.writeHead(500);
    res.end();
  });
});
listener.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`ready http://127.0.0.1:${listener.address().port}`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
