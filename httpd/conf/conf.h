/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf - the configuration records, and the registry of what was read.
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
#include "httpd/conf/field.h"

/** The handler of the status page. */
#define MAB_STATUS_HANDLER "bearer-status"

/** Where a token may be. */
typedef struct mab_source_t {
    enum { MAB_HEADER, MAB_COOKIE, MAB_QUERY, MAB_BASIC, MAB_WEBSOCKET } where;
    const char *name;   /**< MAB_BASIC, MAB_WEBSOCKET: of the header, too */
    const char *scheme; /**< headers only; NULL: the value is the token */
    const char *line;   /**< "AuthBearerSource in … at file:line", or NULL */
    /** MAB_BASIC: whose name stands beside the token; "*": anybody's; NULL: the
     * token's user */
    const char *user;
} mab_source_t;

/** The header that MAB_WEBSOCKET is in, and what comes before the token there, without
 * the dot: as Kubernetes has it. */
#define MAB_PROTOCOL_HEADER "Sec-WebSocket-Protocol"
#define MAB_PROTOCOL_NAME   "base64url.bearer.authorization"

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

/** What scripts of other origins may do (AuthBearerCrossOrigin); one setting, so that
 * no place has the credentials of one line and the origins of another. */
typedef struct mab_origins_t {
    mab_list_t list;     /**< of const char *; none: off */
    const char *headers; /**< of requests, with commas between */
    const char *expose;  /**< of answers, likewise; NULL: the default */
    bool requested;      /**< headers: whatever a preflight asks for */
    bool credentials;    /**< cookies; never with the origin "*" */
} mab_origins_t;

/** Indexes of AuthBearerErrors and its options. */
enum { MAB_ERRORS_JSON, MAB_ERRORS_OFF };
enum { MAB_UNAVAILABLE_503, MAB_UNAVAILABLE_401 };

/** How the user is found. */
typedef struct mab_user_t {
    mab_list_t paths; /**< of const bearer_path_t *; none: the expression */
    const ap_expr_info_t *expr;
} mab_user_t;

/** Whether anybody is asked for a token in a section with AuthType Bearer. */
typedef struct mab_asked_t {
    bool granted; /**< it says itself "Require all granted" */
    /** Whether this process has said that it let somebody in without a token;
     * 1 for yes. Counts only if it does not say so itself. */
    volatile apr_uint32_t *told;
} mab_asked_t;

/** Whose definitions a place's issuers are: what a .htaccess file names is found
 * among the outer place's when it is merged into one that has issuers. */
typedef enum mab_names_t { MAB_DEFINED, MAB_NAMED, MAB_SETTLED } mab_names_t;

/** A place: Directory, Location, Files, .htaccess, or a server's default. */
typedef struct mab_place_t {
    /* the settings: numbers, MAB_UNSET if not set here; pointers, NULL likewise */
#define MAB_PLACE_NUMBER(id, field, ...)     apr_int64_t field;
#define MAB_PLACE_LIST(id, type, field, ...) const type *field;
#include "httpd/conf/field.def"

    /** Some directive has set something in it, or in one of those it was merged
     * from. */
    bool registered;
    bool htaccess;     /**< as read from a .htaccess file; not in merged ones */
    mab_names_t names; /**< of issuers */

    /** What .htaccess files demand, besides what sections say: the stricter of
     * the two counts, in whatever order they come. Only fields that can be
     * tightened count in it; NULL: nothing. */
    const struct mab_place_t *strict;

    /* frozen; valid in merged records */
    bearer_policy_t policy;
    bearer_str_t resource_audience; /**< the default of AuthBearerAudience */
    const ap_expr_info_t *user_expr;

    /* of one request only: httpd/request/record; what is merged into it keeps them */
    const struct mab_place_t *configured; /**< NULL: it is this one */
    struct mab_request_t *request;        /**< NULL likewise */

    /* what was merged at the start, so that requests need not */
    const struct mab_place_t *outer; /**< the server's own record, or NULL */
    struct mab_place_t *joined;      /**< of this one in that */
} mab_place_t;

/** How a server or virtual host fetches, or for one issuer. */
typedef struct mab_server_t {
#define MAB_SERVER_NUMBER(id, field, ...)     apr_int64_t field;
#define MAB_SERVER_ITEM(id, type, field, ...) const type *field;
#include "httpd/conf/field.def"
} mab_server_t;

/** The settings of a place, of a server and of all of them, each ended by an offset
 * of all ones. */
extern const mab_field_t mab_conf_place_fields[];
extern const mab_field_t mab_conf_server_fields[];
extern const mab_field_t mab_conf_all_fields[];

/** A row of profile=<name> (httpd/conf/profile). */
typedef struct mab_profile_t mab_profile_t;

/** An AuthBearerIssuer line with its options. */
typedef struct mab_issuer_line_t {
    mab_server_t fetch; /**< its own; first, as options are read into it */
    bearer_issuer_t issuer;
    bearer_source_t source;
    const mab_profile_t *profile; /**< NULL: none */
    server_rec *s;
    const char *where; /**< "AuthBearerIssuer … (file:line)" for messages */
} mab_issuer_line_t;

/** The keys of an issuer that a .htaccess file names and lines define differently:
 * a place that is left with it judges nothing. */
extern const bearer_source_t mab_conf_unclear;

/** What works, but is hardly meant. */
typedef struct mab_doubt_t {
    const server_rec *s;
    const char *text;
} mab_doubt_t;

/** A parameter of queries that some place of a server searches for a token. */
typedef struct mab_query_name_t {
    const char *name;
    const server_rec *s;
} mab_query_name_t;

/** The metadata of a resource (AuthBearerResource), for its server's clients. */
typedef struct mab_document_t {
    const server_rec *s;
    const bearer_resource_t *resource;
    const char *text;
    int issuers;       /**< that its place trusts … */
    int servers;       /**< … and those that the text names */
    const char *doubt; /**< the line on which they depend, or NULL */
} mab_document_t;

/** A record in which some directive has set something, for the checks. */
typedef struct mab_setting_t {
    mab_place_t *place;
    server_rec *s;
    const char *where;               /**< of the first directive in it */
    const ap_directive_t *first;     /**< that one, in pconf */
    const char *type_where;          /**< of AuthType with any value, or NULL */
    const char *bearer_where;        /**< of AuthType Bearer, or NULL */
    const ap_directive_t *auth_type; /**< with its neighbours, in pconf */
    const ap_directive_t *line; /**< the first AuthBearer… line, or NULL */
    const char *line_where;     /**< of that, or NULL */
    bool type_varies;           /**< AuthType is an expression */
    bool server_level;
} mab_setting_t;

/** Everything that the configuration has named; in pconf, one for each reading. */
typedef struct mab_registry_t {
    apr_array_header_t *issuers;  /**< of mab_issuer_line_t * */
    apr_array_header_t *settings; /**< of mab_setting_t */
    mab_list_t sub;               /**< the default of AuthBearerUser */
#define MAB_ALL_NUMBER(id, field, ...) apr_int64_t field;
#include "httpd/conf/field.def"
    bearer_keystore_t store; /**< directory is NULL: none */
    const char *store_where; /**< "AuthBearerKeyStore at file:line" */

    /* of all .htaccess files with AuthType Bearer: those with "Require all granted"
     * after it, and the others */
    mab_asked_t files_that_grant, files_that_do_not;

    /* of all places of all virtual hosts, each once */
    apr_array_header_t
        *limited;               /**< of const char *: mistakes, as in <Limit> */
    apr_array_header_t *doubts; /**< of mab_doubt_t */
    apr_array_header_t *headers; /**< of const char *: exported to */
    apr_array_header_t *sources; /**< of mab_source_t: searched for tokens */
    apr_array_header_t *queries; /**< of mab_query_name_t */

    /* of the checks; the first of a server is also its root document */
    apr_array_header_t *documents; /**< of mab_document_t */
} mab_registry_t;

/** A fresh registry; called in pre_config. */
void mab_conf_begin(apr_pool_t *pconf);
mab_registry_t *mab_conf_registry(void);

/** httpd's create and merge functions for servers. */
void *mab_conf_create_server(apr_pool_t *pool, server_rec *s);
void *mab_conf_merge_server(apr_pool_t *pool, void *base, void *vhost);

/** The place of a request, merged and frozen, as configured: never the copy that
 * belongs to one request. */
const mab_place_t *mab_conf_place(const request_rec *r);

/** The sources of a place, with the default one; sets count. */
const mab_source_t *mab_conf_sources(const mab_place_t *place, int *count);

/** Whether one of them is the query. */
bool mab_conf_takes_query(const mab_place_t *place);

/** The first of them that is of this kind, or NULL. */
const mab_source_t *mab_conf_find_source(const mab_place_t *place, int where);

/** The header that a source is, or is a part of; NULL: a cookie or the query. */
const char *mab_conf_source_header(const mab_source_t *source);

/** Whether two sources are the same spot of a request; which user is wanted beside a
 * token there makes no difference. */
bool mab_conf_same_source(const mab_source_t *a, const mab_source_t *b);

/** Notes what concerns the whole server: a header that some place exports to, a
 * source of tokens. For directives of the server's configuration only. */
void mab_conf_note_header(const char *name);
void mab_conf_note_source(const mab_source_t *source, const server_rec *s);

/** Fills the source of a line with how it is fetched: as its options say, or else its
 * server's AuthBearerFetch.
 *
 * @return what counts for it, made in the pool */
const mab_server_t *mab_conf_fill_source(mab_issuer_line_t *line,
                                         apr_pool_t *pool);

#endif
