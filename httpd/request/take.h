/* SPDX-License-Identifier: Apache-2.0 */
/*
 * take - the token of a request, found in its sources.
 *
 * Owns:     sources, credentials that are not a source, the sign for others that
 *           credentials came.
 * Does not: take it out of the query (uri), judge it (judge) or hide headers from
 *           what runs inside (hide).
 * Memory:   everything lives in the request's pool
 * Threads:  the request's own
 */
#ifndef MAB_TAKE_H
#define MAB_TAKE_H

#include "httpd/request/record.h"

/** The header field of this source: a forward proxy leaves Authorization to the
 * server that is asked for. */
const char *mab_take_field(const request_rec *r, const mab_source_t *source);

/**
 * Takes a client's Authorization field away where tokens come from elsewhere: mod_php
 * and logs make a user of it that nobody has verified. Where it has a meaning again
 * (another place of the chain, or NULL: none of ours) it is back.
 */
void mab_take_foreign(request_rec *r, const mab_place_t *place);

/** Finds the token, once: the record's took, sources, token and name. A token of an
 * earlier request of the chain counts, if it was where this place looks too. Several
 * sources with the same bytes hold one token. */
void mab_take_token(request_rec *r, mab_request_t *request);

/** What is wrong with the form or scheme of what its source holds, which need not be
 * the Authorization header; other reasons leave the note alone. */
void mab_take_explain(const request_rec *r, const mab_request_t *request,
                      bearer_reason_t why, bearer_note_t *note);

/** While access is being checked: an Authorization field without credentials, if
 * the token came from elsewhere. Modules that look whether a client presents
 * credentials (mod_authz_svn) see that it does. */
void mab_take_mark(request_rec *r);
void mab_take_unmark(request_rec *r);

#endif
