/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - what is known of one request_rec, and of the chain that it belongs to.
 *
 * Owns:     the record of a request at its place, where it is kept, and the way from
 *           a sub-request or redirect to the requests before it.
 * Does not: fill records (uri, take, judge) or act on them (export, refuse).
 * Memory:   everything lives in the request's pool
 * Threads:  the request's own
 *
 * httpd answers one request of a client by a chain of request_recs: sub-requests
 * (main), internal redirects (prev), and internal fast redirects, by which a
 * request_rec goes on with the sections of another. It asks for access again only
 * where the sections differ, although the target does. So each request_rec in a
 * place of ours gets sections of its own, a copy that only it has, and the record
 * lies in them: httpd then always asks, and what goes on with the sections of
 * another goes on with its record, too.
 */
#ifndef MAB_RECORD_H
#define MAB_RECORD_H

#include "bearer/gate/gate.h"
#include "httpd/conf/conf.h"

/** What is known of one request at one place of ours. */
typedef struct mab_request_t {
    const ap_conf_vector_t *sections; /**< httpd's sections, before the copy */
    struct mab_request_t *earlier;    /**< in the chain; this verdict is its */
    const mab_place_t *place;         /**< as configured */

    bool taken;                 /**< the token was looked for: */
    bearer_reason_t took;       /**< with this outcome */
    const mab_source_t *source; /**< where it was found first, or NULL */
    /** Of const mab_source_t *: all where it was found, or NULL. */
    const apr_array_header_t *sources;
    bearer_str_t name; /**< that stood beside it; data is NULL: none did */
    bearer_presented_t presented; /**< the token as taken; the rest as judged */

    bool judged; /**< the verdict is there: */
    bearer_verdict_t verdict;
    const char *user; /**< set if the verdict is BEARER_OK */

    int asked;        /**< access checks begun that have not come to ours */
    bool concluded;   /**< httpd has heard the outcome of the access checks */
    bool nested;      /**< the other access or authz checkers are running */
    bool claims_read; /**< an expression or line asked for claims */
    bool withheld;    /**< or for one that is not given to expressions */
    bool nameless;    /**< or for one that is absent, or not a name */
    bool lost;        /**< or was answered without this record */
    bool unasked;     /**< they let it in, and it has no good token */
    bool admitted;    /**< access checks are over, and have let it pass */
    apr_array_header_t *given; /**< of const char *: the values exported */

    bool logged;        /**< the refusal has its log line */
    const char *scopes; /**< what Require scope lines wanted, or NULL */
    const char
        *demanded; /**< the same of anybody, before the token was looked at */
    int status;    /**< of the refusal, 0: none */
    const char *body; /**< of the refusal, NULL: httpd's own */
} mab_request_t;

/** What a verdict leaves behind: a number on the status page, a line in the log. */
typedef enum mab_trail_t { MAB_COUNTED, MAB_LOGGED } mab_trail_t;

/** One of these that a sub-request has left. */
typedef struct mab_left_t {
    mab_trail_t trail;
    bearer_reason_t why;
    const char *where; /**< of its place */
} mab_left_t;

/** What is known of one request_rec whatever its place. */
typedef struct mab_exchange_t {
    mab_request_t *first; /**< its first record, or NULL */
    /** The sections for which the request was made ready for what runs inside. */
    const ap_conf_vector_t *ready;
    bool told;                   /**< the answer is for a token */
    bool begun;                  /**< its header may be on its way */
    bool entered;                /**< its sections were known */
    const char *the_request;     /**< as they arrived, while a token is taken */
    const char *unparsed_uri;    /**< out of them; NULL: it is not */
    apr_array_header_t *queries; /**< of mab_query_t: taken out for good */
    const char *foreign; /**< the Authorization field that was taken away */
    /** Of mab_left_t: by all sub-requests of the chain that this request is the
     * first of. They may be over, with all that they knew. */
    apr_array_header_t *left;
} mab_exchange_t;

/** A token's pair that was taken out of a query. */
typedef struct mab_query_t {
    const char *name, *value;
} mab_query_t;

/** Whether AuthType Bearer is in effect. */
bool mab_record_is_ours(request_rec *r);

/** The record for the sections that the request has now, or NULL: none of our
 * places, or access has not been asked for yet. */
mab_request_t *mab_record_find(const request_rec *r);

/** Gives the request sections of its own with a fresh record in them. */
mab_request_t *mab_record_begin(request_rec *r);

/** Whether httpd answers the request before, which its access checks refused, with a
 * page of the very same sections: such a page is shown to whoever was refused, beside
 * any AuthType. The request then has the sections and the record of that one. */
bool mab_record_join_error(request_rec *r);

/** What is known of the request_rec; made on the first call. */
mab_exchange_t *mab_record_exchange(request_rec *r);

/** The same, or NULL if there is none. */
mab_exchange_t *mab_record_find_exchange(const request_rec *r);

/** The request_rec before this one in the chain, or NULL. */
request_rec *mab_record_before(const request_rec *r);

/** Whether this verdict on the request has not been counted, or logged, for the same
 * request of a client at the same place yet; from now on it has. httpd also asks
 * ahead, by sub-requests that are over before the request itself is judged
 * (mod_rewrite's %{LA-U:...}). */
bool mab_record_leave_trail(request_rec *r, mab_trail_t trail,
                            bearer_reason_t why);

/** The page that this is a part of (a sub-request), or itself: under its header all is
 * sent. */
request_rec *mab_record_page(request_rec *r);

#endif
