// SPDX-License-Identifier: Apache-2.0
/*
 * Drives oauth4webapi, which takes nothing that a specification forbids:
 * our challenges must parse, our metadata must be exactly where RFC 9728 puts
 * it and must name exactly the resource that was asked.
 *
 *   oauth4webapi-flow.mjs URL ISSUER id:secret [method [scope]]
 *
 * Prints {"ok", "metadata", "requests"} and, as {"status", "challenges"},
 * "none": a call without a token, "bad": with one that is none, "call": with
 * one that the issuer made, "dpop": with one bound to a key.
 */
import './globals.mjs';
import { recordingFetch, report } from './flow.mjs';
import * as oauth from 'oauth4webapi';

const [target, issuer, pair, method = 'GET', scope] = process.argv.slice(2);
const url = new URL(target);
const [clientId, secret] = pair.split(':');
const client = { client_id: clientId };
const options = {
  [oauth.customFetch]: recordingFetch,
  [oauth.allowInsecureRequests]: url.protocol === 'http:',
};

/* the same, but what it sends has no Authorization */
const anonymous = {
  ...options,
  [oauth.customFetch]: (input, init) => {
    const headers = new Headers(init.headers);
    headers.delete('authorization');
    return recordingFetch(input, { ...init, headers });
  },
};

/* The status of a call, and the challenges that refuse it, if any. */
async function attempt(token, how) {
  try {
    const response = await oauth.protectedResourceRequest(token, method, url,
      undefined, undefined, how);
    await response.text();
    return { status: response.status, challenges: [] };
  } catch (error) {
    if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error;
    return { status: error.status, challenges: error.cause };
  }
}

/* RFC 9728 3 and 5.1: found as the resource's name says, and by the challenge. */
async function metadata(refused) {
  const asked = await oauth.resourceDiscoveryRequest(url, options);
  const found = await oauth.processResourceDiscoveryResponse(url, asked);
  const pointer = refused.challenges[0]?.parameters.resource_metadata;
  if (pointer !== requestedMetadata(url)) throw new Error(`resource_metadata is ${pointer}`);
  if (!found.authorization_servers?.includes(issuer)) {
    throw new Error(`authorization_servers is ${found.authorization_servers}`);
  }
  return found;
}

function requestedMetadata({ origin, pathname }) {
  return `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`;
}

async function token(as, resource, more) {
  const parameters = new URLSearchParams({ resource });
  if (scope) parameters.set('scope', scope);
  const response = await oauth.clientCredentialsGrantRequest(as, client,
    oauth.ClientSecretBasic(secret), parameters, { ...options, ...more });
  return (await oauth.processClientCredentialsResponse(as, client, response)).access_token;
}

await report(async () => {
  const none = await attempt('unused', anonymous);
  const bad = await attempt('bad', options);
  const document = await metadata(none);

  const as = await oauth.processDiscoveryResponse(new URL(issuer),
    await oauth.discoveryRequest(new URL(issuer), options));
  const bearer = await token(as, document.resource);
  const call = await attempt(bearer, options);

  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
  const bound = await token(as, document.resource, { DPoP });
  const dpop = await attempt(bound, { ...options, DPoP });
  return { metadata: document, none, bad, call, dpop };
});
