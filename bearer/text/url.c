/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/url.h"

#include <arpa/inet.h>
#include <strings.h>

#include <apr_cstr.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include "bearer/base/str.h"

#define DIGITS  BEARER_STR_DIGITS
#define LETTERS BEARER_STR_LETTERS
#define HEX     DIGITS "abcdefABCDEF"

/* RFC 3986 2: all that a URL is made of; no control character, space, backslash or
 * byte of UTF-8 is among them */
static const char url_chars[] = LETTERS DIGITS "-._~:/?#[]@!$&'()*+,;=%";
static const char host_chars[] = LETTERS DIGITS "-._";

static const char openid[] = "/.well-known/openid-configuration";
static const char oauth[] = "/.well-known/oauth-authorization-server";

/* which schemes and hosts may go together */
typedef enum allow_t { HTTPS_ONLY, HTTP_LOOPBACK, HTTP_ANYWHERE } allow_t;

/* a URL cut in three: "https", "host:port", and the rest from "/" or "?" on */
typedef struct cut_t {
    bearer_str_t scheme;
    bearer_str_t authority;
    const char *rest;
} cut_t;

static bearer_reason_t refuse(bearer_reason_t why, bearer_note_t *note,
                              const char *what)
{
    bearer_note_set(note, "%s", what);
    return why;
}

/* RFC 3986 2.1: a percent sign is followed by two hexadecimal digits */
static bool is_escaped_well(const char *text)
{
    const char *c;

    for (c = strchr(text, '%'); c; c = strchr(c + 1, '%')) {
        if (strspn(c + 1, HEX) < 2)
            return false;
    }
    return true;
}

/* RFC 3986 3: scheme "://" authority, then what the caller checks */
static bool cut(const char *text, cut_t *out)
{
    out->scheme.data = text;
    out->scheme.len = strspn(text, LETTERS DIGITS "+-.");
    text += out->scheme.len;
    if (!strspn(out->scheme.data, LETTERS) || strncmp(text, "://", 3) != 0)
        return false;
    text += 3;
    out->authority.data = text;
    out->authority.len = strcspn(text, "/?#");
    out->rest = text + out->authority.len;
    return true;
}

static bool is_ipv4(const char *host)
{
    struct in_addr address;

    return inet_pton(AF_INET, host, &address) == 1;
}

static bool is_ipv6(const char *host)
{
    struct in6_addr address;

    return inet_pton(AF_INET6, host, &address) == 1;
}

/*
 * Resolvers read "127.1", "0x7f.1" and "2130706433" as addresses: a host whose
 * last label is a number is a plain IPv4 address or nothing (SSRF by odd
 * spelling).
 */
static bool is_numeric(const char *host)
{
    const char *label = strrchr(host, '.');

    label = label ? label + 1 : host;
    if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
        return !label[2 + strspn(label + 2, HEX)];
    return !label[strspn(label, DIGITS)];
}

/* RFC 3986 3.2.2, without the percent signs and the sub-delims of reg-name */
static bool is_host(const char *host, bool brackets)
{
    if (brackets)
        return is_ipv6(host);
    if (!*host || host[strspn(host, host_chars)])
        return false;
    /* empty labels; that takes the dot at the end of a rooted name too, which
     * no certificate has */
    if (*host == '.' || host[strlen(host) - 1] == '.' || strstr(host, ".."))
        return false;
    return !is_numeric(host) || is_ipv4(host);
}

/* 1 to 65535 without leading zeros, or 0; apr_uri_parse would cut larger
 * numbers to 16 bits */
static apr_port_t parse_port(const char *text)
{
    unsigned port = 0;
    const char *c;

    if (*text == '0')
        return 0;
    for (c = text; *c; c++) {
        if (!bearer_str_is_digit(*c) || port > 65535)
            return 0;
        port = port * 10 + (unsigned)(*c - '0');
    }
    return port <= 65535 ? (apr_port_t)port : 0;
}

bool bearer_url_is_http(const char *text)
{
    return bearer_str_opens_nocase(text, "http://");
}

/* 127.0.0.0/8 literally, ::1, localhost */
static bool is_loopback(const char *host)
{
    struct in_addr address;

    if (apr_cstr_casecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
        return true;
    return inet_pton(AF_INET, host, &address) == 1
           && ntohl(address.s_addr) >> 24 == 127;
}

static const char *lower(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text);
    char *c;

    for (c = copy; *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return copy;
}

/* the value of a Host: field */
static const char *render_authority(const bearer_url_t *url, bool brackets,
                                    apr_port_t usual, apr_pool_t *pool)
{
    const char *host = url->host;

    if (brackets)
        host = apr_pstrcat(pool, "[", host, "]", NULL);
    if (url->port == usual)
        return host;
    return apr_psprintf(pool, "%s:%d", host, (int)url->port);
}

/* host and port, cut by APR; then our own checks of what it lets pass */
static bearer_reason_t parse_authority(const cut_t *parts, bearer_url_t *out,
                                       bearer_note_t *note, apr_pool_t *pool)
{
    apr_port_t usual =
        out->tls ? APR_URI_HTTPS_DEFAULT_PORT : APR_URI_HTTP_DEFAULT_PORT;
    bool brackets = *parts->authority.data == '[';
    apr_uri_t uri;

    if (apr_uri_parse(pool, out->text, &uri) != APR_SUCCESS || !uri.hostname)
        return refuse(BEARER_URL_FORM, note, "host and port cannot be read");
    if (!is_host(uri.hostname, brackets))
        return refuse(BEARER_URL_FORM, note,
                      "the host is neither a name nor a plain IP address");
    out->host = lower(uri.hostname, pool);
    out->port = uri.port_str ? parse_port(uri.port_str) : usual;
    if (!out->port)
        return refuse(BEARER_URL_FORM, note, "the port is not 1 to 65535");
    out->authority = render_authority(out, brackets, usual, pool);
    return BEARER_OK;
}

/* the scheme, and whether it may be used with this host */
static bearer_reason_t check_scheme(const cut_t *parts, allow_t allow,
                                    bool *tls)
{
    /* RFC 3986 3.1: schemes are compared without case */
    bool https = bearer_str_is_nocase(parts->scheme, "https");

    if (!https && !bearer_str_is_nocase(parts->scheme, "http"))
        return BEARER_URL_SCHEME;
    if (!https && allow == HTTPS_ONLY)
        return BEARER_URL_SCHEME;
    *tls = https;
    return BEARER_OK;
}

static bearer_reason_t check_form(const char *text, cut_t *parts,
                                  bearer_note_t *note)
{
    if (!text || strlen(text) > BEARER_LIMIT_URL)
        return refuse(BEARER_URL_FORM, note, "it is empty or too long");
    if (text[strspn(text, url_chars)] || !is_escaped_well(text))
        return refuse(BEARER_URL_FORM, note,
                      "a character that a URL cannot have");
    if (!cut(text, parts))
        return refuse(BEARER_URL_FORM, note, "it does not begin with https://");
    return BEARER_OK;
}

/*
 * 1 characters and form, 2 scheme, 3 parts that no URL here has, 4 host and
 * port, 5 http only if it stays inside this machine.
 */
static bearer_reason_t parse(const char *text, allow_t allow, bearer_url_t *out,
                             bearer_note_t *note, apr_pool_t *pool)
{
    bearer_url_t url = {NULL, NULL, NULL, NULL, 0, false};
    bearer_reason_t why;
    cut_t parts;

    why = check_form(text, &parts, note); /* 1 */
    if (why)
        return why;
    why = check_scheme(&parts, allow, &url.tls); /* 2 */
    if (why)
        return refuse(why, note, "it has another scheme");
    if (memchr(parts.authority.data, '@', parts.authority.len)) /* 3 */
        return refuse(BEARER_URL_PARTS, note, "user information");
    if (strchr(text, '#'))
        return refuse(BEARER_URL_PARTS, note, "a fragment");
    url.text = apr_pstrdup(pool, text);
    why = parse_authority(&parts, &url, note, pool); /* 4 */
    if (why)
        return why;
    if (!url.tls && allow == HTTP_LOOPBACK /* 5 */
        && !is_loopback(url.host))
        return refuse(BEARER_URL_SCHEME, note,
                      "http is allowed to a loopback host only");
    url.path =
        apr_pstrcat(pool, *parts.rest == '/' ? "" : "/", parts.rest, NULL);
    *out = url;
    return BEARER_OK;
}

bearer_reason_t bearer_url_parse(const char *text, bool http_loopback,
                                 bearer_url_t *out, bearer_note_t *note,
                                 apr_pool_t *pool)
{
    return parse(text, http_loopback ? HTTP_LOOPBACK : HTTPS_ONLY, out, note,
                 pool);
}

bearer_reason_t bearer_url_parse_proxy(const char *text, bearer_url_t *out,
                                       bearer_note_t *note, apr_pool_t *pool)
{
    bearer_reason_t why;
    bearer_url_t url;

    why = parse(text, HTTP_ANYWHERE, &url, note, pool);
    if (why)
        return why;
    if (url.tls)
        return refuse(BEARER_URL_SCHEME, note, "a proxy's scheme is http");
    if (strcmp(url.path, "/") != 0)
        return refuse(BEARER_URL_PARTS, note, "a path or query");
    *out = url;
    return BEARER_OK;
}

bearer_reason_t bearer_url_parse_address(const char *text, bearer_url_t *out,
                                         bearer_note_t *note, apr_pool_t *pool)
{
    const char *colon = strrchr(text, ':');
    const char *whole = apr_pstrcat(pool, "https://", text, NULL);
    bearer_url_t url;

    if (!colon || !colon[1] || colon[1 + strspn(colon + 1, DIGITS)]
        || parse(whole, HTTPS_ONLY, &url, NULL, pool)
        || strcmp(url.path, "/") != 0)
        return refuse(BEARER_URL_FORM, note, "not host:port");
    *out = url;
    return BEARER_OK;
}

bool bearer_url_same_origin(const bearer_url_t *a, const bearer_url_t *b)
{
    return a->tls == b->tls && a->port == b->port
           && strcmp(a->host, b->host) == 0;
}

const char *bearer_url_origin(const bearer_url_t *url, apr_pool_t *pool)
{
    return apr_pstrcat(pool, url->tls ? "https://" : "http://", url->authority,
                       NULL);
}

/* whether one entry of no_proxy is this host, or a domain that it is in */
static bool is_excepted(const char *host, bearer_str_t entry)
{
    apr_size_t len = strlen(host);
    const char *tail;

    if (entry.len == 1 && *entry.data == '*')
        return true;
    if (entry.len > 2 && *entry.data == '[') {
        entry.data++;
        entry.len -= 2;
    }
    else if (entry.len && *entry.data == '.') {
        entry.data++;
        entry.len--;
    }
    if (!entry.len || entry.len > len)
        return false;
    tail = host + len - entry.len;
    if (strncasecmp(tail, entry.data, entry.len) != 0)
        return false;
    /* "example.org" is not the end of "badexample.org" */
    return tail == host || tail[-1] == '.';
}

const char *bearer_url_find_proxy(const bearer_url_proxies_t *proxies,
                                  const bearer_url_t *url)
{
    static const char separators[] = "," BEARER_STR_BLANKS;
    const char *list = proxies->except ? proxies->except : "";

    for (list += strspn(list, separators); *list;
         list += strspn(list, separators)) {
        bearer_str_t entry = {list, strcspn(list, separators)};

        if (is_excepted(url->host, entry))
            return NULL;
        list += entry.len;
    }
    return url->tls ? proxies->https : proxies->http;
}

bearer_reason_t bearer_url_check_issuer(const char *text, bool http_loopback,
                                        bearer_note_t *note, apr_pool_t *pool)
{
    bearer_reason_t why;
    bearer_url_t url;

    why = bearer_url_parse(text, http_loopback, &url, note, pool);
    if (why)
        return why;
    /* RFC 8414 2; the fragment is refused above */
    if (strchr(url.path, '?'))
        return refuse(BEARER_URL_PARTS, note, "a query");
    return BEARER_OK;
}

const char *bearer_url_metadata(const char *issuer, int form, apr_pool_t *pool)
{
    apr_size_t len = strlen(issuer);
    const char *origin, *path;
    cut_t parts;

    if (len && issuer[len - 1] == '/')
        len--;
    issuer = apr_pstrmemdup(pool, issuer, len);
    if (form == 0)
        return apr_pstrcat(pool, issuer, openid, NULL);
    if (!cut(issuer, &parts))
        return NULL;
    path = parts.rest;
    origin = apr_pstrmemdup(pool, issuer, (apr_size_t)(path - issuer));
    if (form == 1)
        return apr_pstrcat(pool, origin, oauth, path, NULL);
    if (form == 2 && *path)
        return apr_pstrcat(pool, origin, openid, path, NULL);
    return NULL;
}

/* what has no case of a URL: up to the path. User information has one (RFC 3986
 * 3.2.1), so that nothing of such a URL counts */
static apr_size_t caseless(bearer_str_t url)
{
    const char *end = url.data + url.len, *at = url.data;

    while (at < end && *at && strchr(BEARER_STR_LETTERS, *at))
        at++;
    if (at == url.data || end - at < 3 || memcmp(at, "://", 3) != 0)
        return 0;
    for (at += 3; at < end && !strchr("/?#", *at); at++) {
        if (*at == '@')
            return 0;
    }
    return (apr_size_t)(at - url.data);
}

bool bearer_url_same(bearer_str_t a, bearer_str_t b)
{
    apr_size_t head = caseless(a);

    if (a.len != b.len || head != caseless(b))
        return false;
    return (!head || apr_cstr_casecmpn(a.data, b.data, head) == 0)
           && (head == a.len
               || memcmp(a.data + head, b.data + head, a.len - head) == 0);
}

bearer_str_t bearer_url_shown(const char *text)
{
    bearer_str_t shown = {text, 0};

    if (text)
        shown.len = *text == '/' ? strlen(text) : strcspn(text, "?");
    return shown;
}
