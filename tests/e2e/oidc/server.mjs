// SPDX-License-Identifier: Apache-2.0
/*
 * A real issuer: npm's oidc-provider as it is, plus clients, one policy
 * (every absolute URI is a resource, and the audience of its tokens), a
 * login that nobody has to type, and a few controls for the tests.
 *
 *   env      TLS_CERT, TLS_KEY: PEM files (one may hold both); PORT (0: any);
 *            MOUNT: the path of the issuer ("/oidc"); ALG: the usual algorithm
 *   clients  cc (client_credentials), web (code flow), rs (introspects);
 *            the secret is the id and "-secret"
 *   token    more form fields: alg=, ttl= (seconds), encrypt=1 (a nested JWE)
 *   control  POST /_admin/rotate?keep=1|0: new keys, with or without the old;
 *            GET /_admin/hits: how often each path was asked
 *
 * Says "ready <issuer>" when it serves; ends when its standard input does.
 * Works with oidc-provider 8 and 9.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import Provider from 'oidc-provider';

const { TLS_CERT, TLS_KEY, PORT = '0', MOUNT = '', ALG = 'RS256' } = process.env;
const SCOPES = ['read', 'write', 'admin', 'api:read', 'api:write'];

const store = new Map();
const hits = {};
let origin;
let keys = [];
let provider;
let serve;

/* --- keys ---------------------------------------------------------------- */

function freshKeys() {
  const kinds = [['rsa', { modulusLength: 2048 }],
    ['ec', { namedCurve: 'P-256' }], ['ec', { namedCurve: 'P-384' }],
    ['ec', { namedCurve: 'P-521' }], ['ed25519', undefined]];
  return kinds.map(([kind, options]) => ({
    ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
    kid: randomBytes(8).toString('hex'),
    use: 'sig',
  }));
}

/* The newest key that can sign so: new keys stand first. */
function kidFor(alg) {
  const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521', EdDSA: 'Ed25519' };
  const fits = (key) => (alg in curves ? key.crv === curves[alg] : key.kty === 'RSA');
  return keys.find(fits).kid;
}

/* --- the provider -------------------------------------------------------- */

/* What is stored outlives the provider, which rotation makes anew. */
class Adapter {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload) {
    store.set(this.key(id), payload);
  }

  async find(id) {
    return store.get(this.key(id));
  }

  async findByUid(uid) {
    return [...store].find(([key, payload]) => key.startsWith(`${this.model}:`)
      && payload.uid === uid)?.[1];
  }

  async destroy(id) {
    store.delete(this.key(id));
  }

  async consume(id) {
    store.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async revokeByGrantId(grantId) {
    for (const [key, payload] of store) {
      if (payload.grantId === grantId) store.delete(key);
    }
  }
}

function client(id, more) {
  return {
    client_id: id,
    client_secret: `${id}-secret`,
    redirect_uris: [],
    response_types: [],
    grant_types: [],
    ...more,
  };
}

function resourceInfo(ctx, resource) {
  const { alg = ALG, ttl = '300', encrypt } = ctx.oidc.body ?? {};
  const jwt = { sign: { alg, kid: kidFor(alg) } };
  if (encrypt) jwt.encrypt = { alg: 'dir', enc: 'A256GCM', key: randomBytes(32) };
  return {
    scope: SCOPES.join(' '),
    audience: resource,
    accessTokenFormat: 'jwt',
    accessTokenTTL: Number(ttl),
    jwt,
  };
}

function makeProvider() {
  return new Provider(origin + MOUNT, {
    adapter: Adapter,
    jwks: { keys },
    cookies: { keys: ['of no worth'] },
    clients: [
      client('cc', { grant_types: ['client_credentials'] }),
      client('web', {
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: ['http://127.0.0.1/callback'],
        application_type: 'native',
      }),
      client('rs', {}),
    ],
    scopes: ['openid', 'offline_access', ...SCOPES],
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (ctx, { uid }) => `${MOUNT}/interaction/${uid}` },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      introspection: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: resourceInfo,
      },
    },
  });
}

function rotate(keep) {
  keys = keep ? [...freshKeys(), ...keys] : freshKeys();
  provider = makeProvider();
  serve = provider.callback();
}

/* Logs in as login_hint (or alice) and consents to all that is asked for. */
async function interact(req, res) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(req, res);
  let result;
  if (prompt.name === 'login') {
    result = { login: { accountId: params.login_hint ?? 'alice' } };
  } else {
    const grant = grantId ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = prompt.details;
    if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
    if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
    for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
      grant.addResourceScope(resource, scopes.join(' '));
    }
    result = { consent: { grantId: await grant.save() } };
  }
  await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: true });
}

/* --- the server ---------------------------------------------------------- */

function answer(res, status, body) {
  res.writeHead(status, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify(body));
}

function admin(url, res) {
  if (url.pathname === '/_admin/hits') return answer(res, 200, hits);
  if (url.pathname !== '/_admin/rotate') return answer(res, 404, {});
  rotate(url.searchParams.get('keep') === '1');
  return answer(res, 200, { kids: keys.map((key) => key.kid) });
}

async function handle(req, res) {
  const url = new URL(req.url, origin);
  if (url.pathname.startsWith('/_admin/')) return admin(url, res);
  hits[url.pathname] = (hits[url.pathname] ?? 0) + 1;
  if (url.pathname.startsWith(`${MOUNT}/interaction/`)) return interact(req, res);
  if (!url.pathname.startsWith(`${MOUNT}/`)) return answer(res, 404, {});
  /* how connect tells a mounted application where it is mounted */
  req.originalUrl = req.url;
  req.url = req.url.slice(MOUNT.length);
  return serve(req, res);
}

const server = https.createServer(
  { cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) },
  (req, res) => handle(req, res).catch((error) => {
    console.error(error);
    answer(res, 500, { error: String(error) });
  }),
);
server.listen(Number(PORT), '127.0.0.1', () => {
  origin = `https://127.0.0.1:${server.address().port}`;
  rotate(false);
  console.log(`ready ${origin}${MOUNT}`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
