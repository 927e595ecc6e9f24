/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf - the configuration records: fields, defaults, create, merge, freeze.
 *
 * Owns:     what a place and a server are configured to do, and the registry of
 *           everything that must be checked once the configuration is read.
 * Does not: read words of directives (directives) or use them (request …).
 * Memory:   records live in the pool that httpd gives: pconf, or the request's
 *           for merged ones; a place's policy is frozen when it is merged
 * Threads:  records are constant once the configuration is read
 */
#ifndef MAB_CONF_H
#define MAB_CONF_H

#include <ap_expr.h>

#include "bearer/judge/claims.h"
#include "bearer/judge/resource.h"
#include "bearer/keys/refresh.h"
#include "httpd/mab.h"

/** The handler of the status page. */
#define MAB_STATUS_HANDLER "bearer-status"

/** A number that no directive has set. */
#define MAB_UNSET APR_INT64_MIN

/** What kind of value a field holds; each kind has one setter. */
typedef enum mab_kind_t {
    MAB_SECONDS, /**< 30, 30s, 5m, 1h, 2d, "off" where least is 0 */
    MAB_BYTES,   /**< 4096, 256k, 1m */
    MAB_FLAG,    /**< On, Off */
    MAB_WORD     /**< one of a list; the value is its index */
} mab_kind_t;

/** One numeric setting of a record: where it lies and what it may be. */
typedef struct mab_field_t {
    const char *name; /**< the option's name, or NULL for a whole directive */
    mab_kind_t kind;
    apr_size_t offset; /**< of an apr_int64_t in the record */
    apr_int64_t least, greatest, initial;
    const char *const *words; /**< MAB_WORD: NULL-terminated */
} mab_field_t;

/** Where a token may stand. */
typedef struct mab_source_t {
    enum { MAB_HEADER, MAB_COOKIE, MAB_QUERY } where;
    const char *name;
    const char *scheme; /**< headers only; NULL: the value is the token */
    const char *line;   /**< "AuthBearerSource in … at file:line", or NULL */
} mab_source_t;

/** One exported claim. */
typedef struct mab_export_t {
    const bearer_path_t *path; /**< NULL: all claims */
    const char *target;
    bool header; /**< a request header, else an environment variable */
    bearer_form_t form;
    const char *join;
} mab_export_t;

/** A list that a directive has set; merged as a whole (sets replace). */
typedef struct mab_list_t {
    const void *items;
    int count;
} mab_list_t;

/** Indexes of AuthBearerErrors and its options. */
enum { MAB_ERRORS_JSON, MAB_ERRORS_OFF };
enum { MAB_UNAVAILABLE_503, MAB_UNAVAILABLE_401 };

/** What .htaccess files demand of a token, beside what sections say: the
 * stricter of both counts, whatever their order. Numbers are MAB_UNSET if no
 * file says anything. */
typedef struct mab_strict_t {
    apr_int64_t leeway, typ, max_age, max_life;
    const mab_list_t *required;
} mab_strict_t;

/** A place: Directory, Location, Files, .htaccess, or a server's default. */
typedef struct mab_place_t {
    /* numbers; mab_conf_place_fields */
    apr_int64_t leeway, typ, max_age, max_life;
    apr_int64_t errors, detail, unavailable;
    apr_int64_t forward, foreign, optional;
    apr_int64_t bearer; /**< AuthType is Bearer */
    apr_int64_t status; /**< SetHandler is bearer-status, not in .htaccess */
    apr_int64_t algs;   /**< a bearer_algset_t */

    /* lists; NULL: not set here */
    const mab_list_t *issuers;   /**< of const bearer_issuer_t * */
    const mab_list_t *audiences; /**< of bearer_str_t; none: "any" */
    const mab_list_t *required;  /**< of const char * */
    const mab_list_t *sources;   /**< of mab_source_t */
    const mab_list_t *exports;   /**< of mab_export_t */
    const mab_list_t *targets;   /**< of const char *: headers that exports of
                                    this place and of outer ones name */
    const mab_list_t *user;      /**< of const bearer_path_t *; none: expr */
    const ap_expr_info_t *user_expr;
    const mab_list_t *origins; /**< of const char *; none: "off" */
    const bearer_resource_t *resource;

    bearer_str_t resource_audience; /**< the default of AuthBearerAudience */
    const char *where; /**< "<Location "/api"> at file:line" of AuthType */
    bool htaccess;     /**< as read from a .htaccess file; not in merged ones */
    mab_strict_t strict;
    bool registered; /**< some directive has set something in it, or in one of
                          those that were merged */
    bearer_policy_t policy; /**< frozen; valid in merged records */

    /* of one request only: httpd/request/record */
    const struct mab_place_t
        *configured;               /**< NULL: this is the configured one */
    struct mab_request_t *request; /**< NULL likewise */

    /* what was merged at the start, so that requests need not */
    const struct mab_place_t *outer; /**< the server's own record, or NULL */
    struct mab_place_t *joined;      /**< of this one in that */
} mab_place_t;

/** A server's or virtual host's fetching. */
typedef struct mab_server_t {
    apr_int64_t timeout, connect, refresh, miss, stale, max_size, http;
    const bearer_url_proxies_t *proxies; /**< NULL: not set */
    const char *ca;                      /**< NULL: not set */
    const char *where; /**< file:line of the last AuthBearerFetch */
} mab_server_t;

/** The numeric settings of both records, ended by an offset of all ones. */
extern const mab_field_t mab_conf_place_fields[];
extern const mab_field_t mab_conf_server_fields[];

/** An AuthBearerIssuer line with its options. */
typedef struct mab_issuer_line_t {
    bearer_issuer_t issuer;
    bearer_source_t source;
    server_rec *s;
    const char *where;  /**< "AuthBearerIssuer … (file:line)" for messages */
    const char *secret; /**< file */
} mab_issuer_line_t;

/** A parameter of queries that is looked at for tokens somewhere in a server. */
typedef struct mab_query_name_t {
    const char *name;
    const server_rec *s;
} mab_query_name_t;

/** The metadata of a resource (AuthBearerResource), for its server's clients. */
typedef struct mab_document_t {
    const server_rec *s;
    const bearer_resource_t *resource;
    const char *text;
} mab_document_t;

/** A record that some directive has set, for the checks. */
typedef struct mab_setting_t {
    mab_place_t *place;
    server_rec *s;
    const char *where;        /**< of the first directive in it */
    const char *type_where;   /**< of AuthType, whatever it says, or NULL */
    const char *bearer_where; /**< of AuthType Bearer, or NULL */
    const ap_directive_t *auth_type; /**< with its neighbours, in pconf */
    bool server_level;
} mab_setting_t;

/** Everything the configuration has named; in pconf, one per reading. */
typedef struct mab_registry_t {
    apr_array_header_t *issuers;  /**< of mab_issuer_line_t * */
    apr_array_header_t *settings; /**< of mab_setting_t */
    mab_list_t sub;               /**< the default of AuthBearerUser */
    apr_int64_t cache_entries;    /**< MAB_UNSET; 0: off */
    apr_int64_t cache_ttl;        /**< seconds, or MAB_UNSET */
    bearer_keystore_t store;      /**< directory is NULL: none */
    const char *store_where;      /**< "AuthBearerKeyStore at file:line" */

    /* of all places of all virtual hosts, each once */
    apr_array_header_t *limited; /**< of const char *: directives in <Limit> */
    apr_array_header_t *headers; /**< of const char *: exported to */
    apr_array_header_t *sources; /**< of mab_source_t: looked at for tokens */
    apr_array_header_t *queries; /**< of mab_query_name_t */

    /* of the checks; the first of a server is also its root document */
    apr_array_header_t *documents; /**< of mab_document_t */
} mab_registry_t;

/** A fresh registry; called in pre_config. */
void mab_conf_begin(apr_pool_t *pconf);
mab_registry_t *mab_conf_registry(void);

/** httpd's create and merge functions. */
void *mab_conf_create_place(apr_pool_t *pool, char *path);
void *mab_conf_merge_place(apr_pool_t *pool, void *outer, void *inner);
void *mab_conf_create_server(apr_pool_t *pool, server_rec *s);
void *mab_conf_merge_server(apr_pool_t *pool, void *base, void *vhost);

/** The place of a request, merged and frozen, as configured: never the copy that
 * one request has. */
const mab_place_t *mab_conf_place(const request_rec *r);

/** The sources of a place, with the default one; sets count. */
const mab_source_t *mab_conf_sources(const mab_place_t *place, int *count);

/** Whether one of them is the query. */
bool mab_conf_takes_query(const mab_place_t *place);

/** Whether two sources are the same spot of a request. */
bool mab_conf_same_source(const mab_source_t *a, const mab_source_t *b);

/** Notes what holds for the whole server: a header that some place exports to, a
 * source of tokens. For directives of the server's configuration only. */
void mab_conf_note_header(const char *name);
void mab_conf_note_source(const mab_source_t *source, const server_rec *s);

/** Whether two places judge a token alike, so that a verdict may be reused. */
bool mab_conf_same_judgement(const mab_place_t *a, const mab_place_t *b);

/** Completes a record that httpd will use without merging it: a server's own. */
void mab_conf_freeze(mab_place_t *place);

/** Merges a record of the configuration into its server's own, for all requests
 * that meet no other. The server's is frozen. */
void mab_conf_join(apr_pool_t *pconf, const server_rec *s, mab_place_t *place);

/** Fills a source's numbers from its server's AuthBearerFetch. */
void mab_conf_fill_source(bearer_source_t *source, const server_rec *s);

#endif
