/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hide - what runs inside a place does not see of a request.
 *
 * Owns:     taking headers and variables out: the token, credentials that are not a
 *           source, and the copies that were made of both.
 * Does not: set anything instead (export) or touch the URI (uri).
 * Memory:   everything lives in the request's pool
 * Threads:  the request's own
 */
#ifndef MAB_HIDE_H
#define MAB_HIDE_H

#include "httpd/request/record.h"

/** Unsets each key of a table for which test says so. */
void mab_hide_if(apr_table_t *table,
                 bool (*test)(const apr_table_entry_t *entry,
                              const void *baton),
                 const void *baton);

/** Removes the request's headers that a back end may take for this one: "X_User" and
 * "X.User" beside "X-User". */
void mab_hide_header(request_rec *r, const char *name);

/** Takes the token away, its sources, and the copies in variables. One in a cookie
 * or subprotocol is never passed on; one in a header only if AuthBearerForward allows
 * it, and not with a user's name that nobody has checked. */
void mab_hide_token(request_rec *r, const mab_request_t *request);

/** Takes away the copies of credentials that are not a source here. */
void mab_hide_foreign(request_rec *r);

#endif
