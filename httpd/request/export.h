/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export - what runs inside a place gets to see of a request.
 *
 * Owns:     user, AUTH_TYPE, exported variables and headers, and that all of these are
 *           ours or nobody's.
 * Does not: judge (judge), hide the token (hide) or take it out of the URI (uri).
 * Memory:   everything lives in the request's pool
 * Threads:  the request's own
 */
#ifndef MAB_EXPORT_H
#define MAB_EXPORT_H

#include "httpd/request/record.h"

/** post_read_request: removes what a client sent under the name of any header
 * that some place of the server exports, before anything looks at it. */
void mab_export_arrive(request_rec *r);

/** The sections are known: removes what is there under the names that this place
 * and outer ones export. */
void mab_export_enter(request_rec *r);

/** Sets user and authentication type from a good verdict. */
void mab_export_user(request_rec *r, const mab_request_t *request);

/**
 * Makes the request ready for what runs inside its place: withdraws what other
 * records of the chain gave, then, in a place of ours, gives user, variables and
 * headers again and hides the token. May be called again after the sections have
 * changed.
 */
void mab_export_settle(request_rec *r);

/** The same after the sections have become those of another record, if they differ
 * in anything that was given. */
void mab_export_resettle(request_rec *r);

/** Whether mab_export_resettle has to be called. */
bool mab_export_is_stale(const request_rec *r);

#endif
