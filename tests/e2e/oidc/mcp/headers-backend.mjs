// SPDX-License-Identifier: Apache-2.0
/*
 * A server as MCP 2026-07-28 wants them, to stand behind httpd: it believes a
 * request only if its headers say what its body says. Just enough of the
 * protocol for the header scenarios of the conformance suite.
 *
 *   env  PORT (0: any)
 *
 * Says "ready <url>" when it serves; ends when its standard input does.
 */
import http from 'node:http';

const MISMATCH = -32020;
const TOOLS = [
  { name: 'echo', inputSchema: { type: 'object', properties: {} } },
  {
    name: 'test_x_mcp_header',
    inputSchema: {
      type: 'object',
      properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
    },
  },
];

/* plain text, or =?base64?...?=; undefined: neither */
function decode(value) {
  const coded = /^=\?base64\?(.*)\?=$/.exec(value);
  if (!coded) return /^[\x20-\x7e]*$/.test(value) ? value : undefined;
  const bytes = Buffer.from(coded[1], 'base64');
  return bytes.toString('base64') === coded[1] ? bytes.toString('utf8') : undefined;
}

function differs(header, wanted) {
  if (wanted === undefined || wanted === null) return header !== undefined;
  return header === undefined || decode(header) !== String(wanted);
}

function findMismatch(headers, { method, params }) {
  if (headers['mcp-method'] !== method) return 'Mcp-Method';
  const name = params?.name ?? params?.uri;
  if (name !== undefined && differs(headers['mcp-name'], name)) return 'Mcp-Name';
  const properties = TOOLS.find((tool) => tool.name === name)?.inputSchema.properties ?? {};
  for (const [key, schema] of Object.entries(properties)) {
    const header = `mcp-param-${schema['x-mcp-header'] ?? ''}`.toLowerCase();
    if (schema['x-mcp-header'] && differs(headers[header], params.arguments?.[key])) return header;
  }
  return null;
}

const VERSION = '2026-07-28';
const RESULTS = {
  'server/discover': () => ({
    supportedVersions: [VERSION],
    capabilities: { tools: {} },
    serverInfo: { name: 'headers', version: '1.0.0' },
  }),
  'tools/list': () => ({ tools: TOOLS }),
  'tools/call': (params) => ({
    content: [{ type: 'text', text: JSON.stringify(params.arguments ?? {}) }],
  }),
  'prompts/list': () => ({ prompts: [] }),
  'resources/list': () => ({ resources: [] }),
};

function answer(headers, request) {
  const wrong = findMismatch(headers, request);
  if (wrong) return [400, { error: { code: MISMATCH, message: `${wrong} and the body differ` } }];
  const make = RESULTS[request.method];
  if (!make) return [404, { error: { code: -32601, message: 'no such method' } }];
  return [200, { result: { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...make(request.params ?? {}) } }];
}

const listener = http.createServer((req, res) => {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => {
    let request;
    try {
      request = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    } catch {
      res.writeHead(req.method === 'POST' ? 400 : 405).end();
      return;
    }
    const [status, body] = answer(req.headers, request);
    res.writeHead(status, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify({ jsonrpc: '2.0', id: request.id ?? null, ...body }));
  });
});
listener.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`ready http://127.0.0.1:${listener.address().port}`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
