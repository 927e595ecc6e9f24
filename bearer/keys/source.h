/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source - where an issuer's keys come from.
 *
 * Owns:     the one record of it, its identity, and how several lines for one source are combined.
 * Does not: fetch (locate), read directives (httpd), or decide when (schedule).
 * Memory:   made by the configuration, constant afterwards
 * Threads:  any
 */
#ifndef BEARER_SOURCE_H
#define BEARER_SOURCE_H

#include "bearer/jose/jwks.h"
#include "bearer/keys/board.h"
#include "bearer/net/credentials.h"
#include "bearer/net/fetch.h"
#include "bearer/text/url.h"

/** Where keys come from. */
typedef enum bearer_source_kind_t {
    BEARER_SOURCE_DISCOVERY, /**< the issuer's metadata */
    BEARER_SOURCE_URL,       /**< a key set's address */
    BEARER_SOURCE_FILE,      /**< a file of keys */
    BEARER_SOURCE_SECRET, /**< a file with a shared secret; read at the start */
    BEARER_SOURCE_PER_KID /**< an address for each kid, with one key in PEM */
} bearer_source_kind_t;

/** One key source as configured; constant once it is checked. */
typedef struct bearer_source_t {
    const char *issuer; /**< as configured */
    bearer_source_kind_t kind;
    const char *location; /**< URL, that which a kid follows, or a file of keys
                             or a secret; for discovery,
                             below which URL the metadata are; NULL: below the
                             issuer */
    bool http_loopback;   /**< see bearer_source_narrow_http */
    bool svid;            /**< a SPIFFE bundle: see bearer_jwks_form_t */
    bearer_url_proxies_t proxies;
    const char *ca;      /**< what tls was made from, see bearer_tls_create */
    const char *address; /**< host:port to connect to, or NULL */
    bearer_credentials_t credentials; /**< who we are there */
    bearer_tls_t *tls;
    apr_interval_time_t timeout, connect;
    apr_size_t max_body;
    bearer_schedule_conf_t schedule;
    bool tightened;           /**< by bearer_source_tighten */
    bearer_board_slot_t slot; /**< its id: see bearer_source_identify */
} bearer_source_t;

/** "discovery", "url", "file", "secret" or "pem-per-kid". */
const char *bearer_source_kind(const bearer_source_t *source);

/** Where the way to its keys begins: what its metadata are below, or the address of
 * the keys, or a file. */
const char *bearer_source_address(const bearer_source_t *source);

/** Whether its keys come over the network. */
bool bearer_source_is_fetched(const bearer_source_t *source);

/** Whether two lines mean one source; both must be identified. */
bool bearer_source_is_same(const bearer_source_t *a, const bearer_source_t *b);

/** Which documents its keys may come in, and which of them count. */
bearer_jwks_form_t bearer_source_form(const bearer_source_t *source);

/** The numbers that its rounds go by: files are looked at more often, since a look
 * costs nobody anything. */
bearer_schedule_conf_t bearer_source_schedule(const bearer_source_t *source);

/** Whether its keys may be used, by its numbers as they are configured: whoever uses
 * them and whoever speaks of it go by this one answer. */
bool bearer_source_is_usable(const bearer_source_t *source,
                             const bearer_schedule_t *state, apr_time_t now);

/** The numbers that its kids go by, if it has an address for each. */
bearer_kids_conf_t bearer_source_kids(const bearer_source_t *source);

/** Fills source->slot.id: SHA-256 over issuer, kind, location, and what the trust
 * in them depends on (http_loopback, proxies, ca, svid, address, the names of the
 * files that say who we are), each with its length: keys fetched under one virtual
 * host's authorities, or shown to who we are on one line, never serve another's. The
 * numbers of the schedule do not count, so changing them keeps the keys.
 *
 * @return BEARER_OK, BEARER_NO_MEMORY (two sources without an identity would
 *         share their keys)
 */
bearer_reason_t bearer_source_identify(bearer_source_t *source) BEARER_MUST_USE;

/**
 * Plain http is allowed only for what the administrator wrote: the switch
 * stays on for a source whose own address (keys=, metadata= or else the issuer) is http, and
 * goes off for all others. Call before identify.
 */
void bearer_source_narrow_http(bearer_source_t *source);

/**
 * Whether an address has the origin that the administrator wrote: that of keys=, or
 * else of the issuer. Only there the source's address is connected to, and only
 * there we say who we are: metadata that was taken over, or a redirect, must not
 * have a token sent elsewhere (stolen credentials).
 *
 * @param origin set to that origin if it can be told; may be NULL
 */
bool bearer_source_is_home(const bearer_source_t *source, const char *address,
                           const char **origin, apr_pool_t *pool);

/**
 * Lines of several servers may name one source (the same identity), which is
 * fetched once for all of them: of each number the stricter counts, which is the
 * smaller one. Takes those of another line.
 */
void bearer_source_tighten(bearer_source_t *source,
                           const bearer_source_t *other);

#endif
