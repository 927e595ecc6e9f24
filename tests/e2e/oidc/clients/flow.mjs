// SPDX-License-Identifier: Apache-2.0
/*
 * What the flows share: a fetch that keeps a list of what it did,
 * and a browser without a person.
 *
 * Trust in the issuer's certificate comes from NODE_EXTRA_CA_CERTS.
 */
/* [method, url without query, status, scheme of Authorization], in order */
export const requests = [];

export async function recordingFetch(input, options = {}) {
  const response = await fetch(input, options);
  const url = new URL(input.url ?? input);
  const authorization = new Headers(options.headers).get('authorization');
  requests.push([options.method ?? 'GET', url.origin + url.pathname,
    response.status, authorization ? authorization.split(' ')[0] : null]);
  return response;
}

/*
 * Follows redirects with cookies until they lead to the callback, whose URL it
 * returns. A page means that the issuer wants a person: an error here.
 */
export async function browse(start, callback) {
  const cookies = new Map();
  let url = String(start);
  for (let hop = 0; hop < 20; hop += 1) {
    if (url.startsWith(callback)) return new URL(url);
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    if (!location) throw new Error(`${response.status} ${url}: ${await response.text()}`);
    url = new URL(location, url).href;
  }
  throw new Error('too many redirects');
}

/* One JSON object on standard output, and the exit status. */
export async function report(story) {
  try {
    console.log(JSON.stringify({ ok: true, ...await story(), requests }));
  } catch (error) {
    console.log(JSON.stringify({ ok: false, error: String(error?.stack ?? error), requests }));
    process.exitCode = 1;
  }
}
