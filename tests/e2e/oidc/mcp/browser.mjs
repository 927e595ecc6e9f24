// SPDX-License-Identifier: Apache-2.0
/*
 * The MCP SDK's client inside a browser: from nothing but the address of a
 * server of another origin to the call of a tool. Bundled for a page, whose own
 * server is the issuer: it knows /authorize and /token.
 *
 * Posts {"ok", "headers": what the tool saw, "seen": [[method, url, status]]}
 * to /told.
 */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const seen = [];

async function recordingFetch(url, init) {
  const method = init?.method ?? 'GET';
  try {
    const got = await fetch(url, init);
    seen.push([method, String(url), got.status]);
    return got;
  } catch (error) {
    seen.push([method, String(url), String(error)]);
    throw error;
  }
}

/* keeps what the SDK asks it to keep */
const provider = {
  redirectUrl: `${location.origin}/callback`,
  clientMetadata: { client_name: 'page', redirect_uris: [`${location.origin}/callback`] },
  clientInformation: () => ({ client_id: 'page' }),
  tokens: () => provider.kept,
  saveTokens: (tokens) => { provider.kept = tokens; },
  redirectToAuthorization: (url) => { provider.asked = url; },
  saveCodeVerifier: (verifier) => { provider.verifier = verifier; },
  codeVerifier: () => provider.verifier,
};

async function run(url) {
  const open = () => new StreamableHTTPClientTransport(new URL(url), {
    authProvider: provider, fetch: recordingFetch,
  });
  const transport = open();
  try {
    await new Client({ name: 'page', version: '1.0.0' }).connect(transport);
    throw new Error('let in without a token');
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
  }
  const code = await (await fetch(provider.asked)).text();
  await transport.finishAuth(code);
  const client = new Client({ name: 'page', version: '1.0.0' });
  await client.connect(open());
  const said = await client.callTool({ name: 'headers', arguments: {} });
  return {
    ok: true, headers: JSON.parse(said.content[0].text),
    asked: String(provider.asked),
  };
}

const told = await run(new URLSearchParams(location.search).get('url'))
  .catch((error) => ({ ok: false, error: String(error?.stack ?? error) }));
await fetch('/told', { method: 'POST', body: JSON.stringify({ ...told, seen }) });
