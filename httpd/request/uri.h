/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uri - a token in the query leaves the URI of a request, and all that repeats it.
 *
 * Owns:     the query's pairs from arrival to the access log: the request line, the
 *           URI as it arrived, the query, the Referer, and what is made of them.
 * Does not: choose the token (take) or judge it (judge).
 * Memory:   everything lives in the request's pool
 * Threads:  the request's own
 *
 * A token in a query must not stay in what is logged or served, whatever becomes of
 * the request. It leaves the request line when that arrives, which is what httpd
 * logs; the query itself when the sections are known; what no place wanted is put
 * back. Nothing else that decides or serves is changed.
 */
#ifndef MAB_URI_H
#define MAB_URI_H

#include "httpd/request/record.h"

/** post_read_request: takes what may be a token out of the request line, the URI
 * as it arrived and the Referer, for as long as no place is known. */
void mab_uri_arrive(request_rec *r);

/** translate_name: the sections of Location are known. Takes the token out of the
 * query before others make an address of it, or puts back what was taken. */
void mab_uri_translate(request_rec *r);

/** After translation: Directory and Files are still to come, and httpd may complain
 * about the request meanwhile. */
void mab_uri_wait(request_rec *r);

/**
 * All sections are known, and this place is ours: takes the token out of the query
 * for good, into the queries of what is known of the request.
 *
 * @return OK, or HTTP_BAD_REQUEST for a path with a decoded question mark where
 *         queries carry tokens: others would see a query there
 */
int mab_uri_enter(request_rec *r, const mab_place_t *place) BEARER_MUST_USE;

/** All sections are known, no matter whose they are. */
void mab_uri_entered(request_rec *r);

/** None of our places: puts back what mab_uri_arrive took. */
void mab_uri_leave(request_rec *r);

/** What runs inside is made ready: takes what is a token here out of the line, the
 * query and their variables, wherever they come from (a page, a redirect, a request
 * whose sections were others before DirectoryIndex). */
void mab_uri_settle(request_rec *r, const mab_place_t *place);

/** The name of a variable without what redirects put before it. */
const char *mab_uri_base_name(const char *key);

/** log_transaction: what may be a token leaves the access log. */
void mab_uri_redact(request_rec *r);

#endif
