/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - a request's token, its verdict, and what the program behind sees.
 *
 * Owns:     taking the token from a request_rec, the verdict kept with it, user,
 *           environment and headers.
 * Does not: judge (bearer/gate) or answer (refuse).
 * Memory:   everything lives in the request's pool
 * Threads:  the request's own
 */
#ifndef MAB_REQUEST_H
#define MAB_REQUEST_H

#include "bearer/gate.h"
#include "httpd/conf.h"

/** What is known of one request at one place. */
typedef struct mab_request_t {
    struct mab_request_t *earlier; /**< of the chain, whose verdict this is */
    const mab_place_t *place;
    bearer_str_t token; /**< as taken; data NULL if there was none */
    bearer_verdict_t verdict;
    const char *user;   /**< set if the verdict is BEARER_OK */
    bool nested;        /**< the other access checkers are running */
    bool claims_read;   /**< an expression asked for claims in vain */
    bool withheld;      /**< or for one with control characters */
    bool logged;        /**< the refusal has its log line */
    const char *scopes; /**< what Require scope lines wanted, or NULL */
    int status;         /**< of the refusal, 0: none */
    const char *body;   /**< of the refusal, NULL: httpd's own */
} mab_request_t;

/** Whether AuthType Bearer is in effect. */
bool mab_request_is_ours(request_rec *r);

/**
 * The verdict for this request at this place, made once. A verdict of an earlier
 * request of the chain (internal redirect, sub-request) is used again only if
 * this place would judge alike; the record is this request's own all the same.
 */
mab_request_t *mab_request_judge(request_rec *r);

/** The record of this request, or of an earlier one of its chain at a place that
 * judges alike; NULL if nothing was judged. */
mab_request_t *mab_request_find(const request_rec *r);

/** The proven claims that count for this request, or NULL. Notes that they were
 * asked for, so that the access check can tell "no claim" from "no token". */
const bearer_claims_t *mab_request_claims(const request_rec *r);

/** Sets user and authentication type from a good verdict. */
void mab_request_accept(request_rec *r, const mab_request_t *request);

/** header_parser: removes what a client sent under the names of exported headers,
 * whether or not anybody is authenticated (spoofing). */
int mab_request_clean(request_rec *r);

/** fixups: exports claims; takes the token away from what runs behind. */
int mab_request_export(request_rec *r);

#endif
