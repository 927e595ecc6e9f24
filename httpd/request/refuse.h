/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refuse - a verdict into status, challenge, body, and the single log line.
 *
 * Owns:     the answers of design section 3.
 * Does not: judge.
 * Memory:   the request's pool
 * Threads:  the request's own
 */
#ifndef MAB_REFUSE_H
#define MAB_REFUSE_H

#include "httpd/request/judge.h"

/** Answers a request whose verdict is not BEARER_OK: the status to return. */
int mab_refuse_verdict(request_rec *r, mab_request_t *request);

/** Answers a good token that a Require line denies: 403 insufficient_scope. */
int mab_refuse_scope(request_rec *r, mab_request_t *request);

/** Makes the challenge of a denied token complete: all scopes that the Require lines
 * demand of this request, if the token lacks one of them, since httpd leaves off at
 * the first line that fails and a client would be sent to the issuer for each. If it has them
 * all, more scopes would not help, and none is named. */
void mab_refuse_complete_scopes(request_rec *r, mab_request_t *request);

/** log_transaction: mod_log_config reads notes where a chain of redirects ends, so the
 * page of an ErrorDocument gets those of the refusal. Not earlier: a section of that
 * page must not take the issuer for its own. */
void mab_refuse_tell_log(const request_rec *r);

/** insert_error_filter: the JSON body, unless an ErrorDocument is there. */
void mab_refuse_insert_filter(request_rec *r);

/** Registers the output filter. */
void mab_refuse_register(void);

#endif
