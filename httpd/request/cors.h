/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cors - AuthBearerCrossOrigin: calls from scripts of other origins.
 *
 * Owns:     answering preflights without a token, all CORS headers of all other
 *           answers (WHATWG Fetch 3.3): a place has one owner of them.
 * Does not: admit anything: what follows a preflight is judged like any request.
 * Memory:   the request's pool
 * Threads:  the request's own
 */
#ifndef MAB_CORS_H
#define MAB_CORS_H

#include <stdbool.h>

#include "httpd/mab.h"

/** Sets the CORS headers of an answer at this place, errors included, and remembers
 * what it says for the requests that this one leads to. A place that says nothing
 * leaves it to the one before. */
void mab_cors_set_headers(request_rec *r);

/** Whether this is a preflight for a place that allows other origins; then its
 * whole answer is prepared, and DONE is the status to return, once the filters are
 * in place: "Header" lines have their say here, too. */
bool mab_cors_answers(request_rec *r);

/** The headers of a document that everybody may read. */
void mab_cors_open_document(request_rec *r);

/** insert_filter: the CORS headers of whatever runs inside
 * give way to ours, those of mod_headers do not; the names in its
 * Access-Control-Expose-Headers are added to ours. */
void mab_cors_insert_filter(request_rec *r);

/** insert_error_filter: the same, also for the page that this may be a part of. */
void mab_cors_insert_error_filter(request_rec *r);

void mab_cors_register(void);

#endif
