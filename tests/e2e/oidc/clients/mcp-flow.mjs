// SPDX-License-Identifier: Apache-2.0
/*
 * Drives the MCP SDK's client from nothing but a URL to a tool call:
 * challenge, resource metadata, issuer metadata, then either registration and
 * a login, or client_credentials.
 *
 *   mcp-flow.mjs URL [user]
 *   mcp-flow.mjs URL --cc id:secret ISSUER [scope]
 *
 * Prints {"ok", "headers": what the tool saw, "scope": what was granted,
 * "requests": [[method, url, status, scheme], ...]}.
 */
import './globals.mjs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { browse, recordingFetch, report } from './flow.mjs';

const CALLBACK = 'http://127.0.0.1/callback';

/* Keeps in memory what the SDK asks it to keep; somebody else browses. */
class Person {
  constructor(user) {
    this.user = user;
  }

  get redirectUrl() {
    return CALLBACK;
  }

  get clientMetadata() {
    return {
      client_name: 'mcp-flow',
      redirect_uris: [CALLBACK],
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    };
  }

  clientInformation() {
    return this.client;
  }

  saveClientInformation(client) {
    this.client = client;
  }

  tokens() {
    return this.kept;
  }

  saveTokens(tokens) {
    this.kept = tokens;
  }

  redirectToAuthorization(url) {
    url.searchParams.set('login_hint', this.user);
    this.authorizationUrl = url;
  }

  saveCodeVerifier(verifier) {
    this.verifier = verifier;
  }

  codeVerifier() {
    return this.verifier;
  }
}

async function connect(url, authProvider) {
  const open = () => new StreamableHTTPClientTransport(url, {
    authProvider, fetch: recordingFetch,
  });
  let client = new Client({ name: 'mcp-flow', version: '1.0.0' });
  const transport = open();
  try {
    await client.connect(transport);
    return client;
  } catch (error) {
    if (!(error instanceof UnauthorizedError) || !authProvider.authorizationUrl) throw error;
  }
  const callback = await browse(authProvider.authorizationUrl, CALLBACK);
  const code = callback.searchParams.get('code');
  if (!code) throw new Error(`no code: ${callback}`);
  await transport.finishAuth(code);
  client = new Client({ name: 'mcp-flow', version: '1.0.0' });
  await client.connect(open());
  return client;
}

function providerFrom(words) {
  if (words[0] !== '--cc') return new Person(words[0] ?? 'alice');
  const [clientId, clientSecret] = words[1].split(':');
  return new ClientCredentialsProvider({
    clientId, clientSecret, expectedIssuer: words[2], scope: words[3],
  });
}

await report(async () => {
  const [url, ...words] = process.argv.slice(2);
  const provider = providerFrom(words);
  const client = await connect(new URL(url), provider);
  const said = await client.callTool({ name: 'headers', arguments: {} });
  await client.close();
  return {
    headers: JSON.parse(said.content[0].text),
    scope: (await provider.tokens()).scope ?? null,
  };
});
