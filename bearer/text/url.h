/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url - which addresses we are willing to fetch.
 *
 * Owns:     the form of issuers, key set addresses and proxies; well-known paths.
 * Does not: resolve or connect (fetch).
 * Memory:   results live in the pool
 * Threads:  any
 */
#ifndef BEARER_URL_H
#define BEARER_URL_H

#include <apr_network_io.h>

#include "bearer/base/base.h"
#include "bearer/base/error.h"

/** An address in parts, all in the pool; path begins with "/". */
typedef struct bearer_url_t {
    const char *text;      /**< as given */
    const char *host;      /**< without brackets, lower case */
    const char *authority; /**< for Host: brackets kept, port if not default */
    const char *path;      /**< path and query */
    apr_port_t port;
    bool tls;
} bearer_url_t;

/**
 * Cuts an absolute http or https URL. Control characters, spaces, non-ASCII,
 * backslashes, user information and fragments are refused (SSRF by odd spelling),
 * as is anything over BEARER_LIMIT_URL.
 *
 * @param http_loopback http is allowed, for 127.0.0.0/8, ::1 and localhost
 * @return BEARER_OK, BEARER_URL_FORM, BEARER_URL_SCHEME, BEARER_URL_PARTS
 */
bearer_reason_t bearer_url_parse(const char *text, bool http_loopback,
                                 bearer_url_t *out, bearer_note_t *note,
                                 apr_pool_t *pool) BEARER_MUST_USE;

/**
 * Cuts the address of a proxy, http://host:port: http with any host, since the
 * tunnel (CONNECT) through it is TLS. Neither path nor query.
 *
 * @return as bearer_url_parse
 */
bearer_reason_t bearer_url_parse_proxy(const char *text, bearer_url_t *out,
                                       bearer_note_t *note,
                                       apr_pool_t *pool) BEARER_MUST_USE;

/**
 * Cuts "host:port" or "[::1]:port", where to connect to instead of a URL's own
 * host; the port must be there. Only host, port and authority are set.
 *
 * @return BEARER_OK, BEARER_URL_FORM
 */
bearer_reason_t bearer_url_parse_address(const char *text, bearer_url_t *out,
                                         bearer_note_t *note,
                                         apr_pool_t *pool) BEARER_MUST_USE;

/** Whether two addresses have the same origin (RFC 6454 4): scheme, host and
 * port. */
bool bearer_url_same_origin(const bearer_url_t *a, const bearer_url_t *b);

/** "https://host:port" of an address, as a browser would write it. */
const char *bearer_url_origin(const bearer_url_t *url, apr_pool_t *pool);

/** Which proxy is used for what; each is http://host:port, or NULL: direct. */
typedef struct bearer_url_proxies_t {
    const char *https;  /**< for https addresses */
    const char *http;   /**< for http addresses */
    const char *except; /**< hosts reached directly, as in no_proxy; or NULL */
} bearer_url_proxies_t;

/**
 * The proxy for an address. The list of exceptions is cut at commas and spaces:
 * "*" is every host, a name is that host and all below it (with or without a
 * leading dot), an address is that address. Networks are not understood.
 *
 * @return NULL: direct
 */
const char *bearer_url_find_proxy(const bearer_url_proxies_t *proxies,
                                  const bearer_url_t *url);

/**
 * Checks an issuer identifier (RFC 8414 2: https, no query, no fragment). The
 * identifier itself is never changed or normalised.
 */
bearer_reason_t bearer_url_check_issuer(const char *text, bool http_loopback,
                                        bearer_note_t *note,
                                        apr_pool_t *pool) BEARER_MUST_USE;

/** Whether two URLs are the same text but for the case of scheme and host, which have
 * none (RFC 3986 6.2.2.1). Nothing else is forgiven: not a slash, a port that is the
 * default, or a percent-encoding. Texts without "://" are the same if their bytes
 * are. */
bool bearer_url_same(bearer_str_t a, bearer_str_t b) BEARER_MUST_USE;

/** How many metadata addresses an issuer may have. */
#define BEARER_URL_METADATA_FORMS 3

/**
 * The address of an issuer's metadata, form 0: OpenID Connect Discovery 4
 * (<iss>/.well-known/openid-configuration), form 1: RFC 8414 3.1 insertion
 * (/.well-known/oauth-authorization-server<path>), form 2: insertion of
 * openid-configuration. One slash at the end of the issuer is dropped first.
 *
 * @return NULL if the form adds nothing new (form 2 without a path equals 0)
 */
const char *bearer_url_metadata(const char *issuer, int form, apr_pool_t *pool);

/** What of an address may be shown: its query may hold a secret, and may not. A path of a
 * file is shown as it is. */
bearer_str_t bearer_url_shown(const char *text);

/** Whether an address is plain http, as far as it is an address at all. */
bool bearer_url_is_http(const char *text);

#endif
