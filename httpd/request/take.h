/* SPDX-License-Identifier: Apache-2.0 */
/*
 * take - the token of a request: found in its sources, and taken out of its URI.
 *
 * Owns:     sources, the query's pairs from arrival to the access log, credentials
 *           that are no source, the sign for others that credentials came.
 * Does not: judge the token (request) or hide headers from what runs inside (export).
 * Memory:   everything lives in the request's pool
 * Threads:  the request's own
 *
 * A token in a query must not stay in what is logged or served, whatever becomes of
 * the request. It leaves the request line when that arrives, which is what httpd
 * logs; the query itself when the sections are known; what no place wanted is put
 * back. Of what decides or serves, nothing else is changed.
 */
#ifndef MAB_TAKE_H
#define MAB_TAKE_H

#include "httpd/request/record.h"

/** post_read_request: takes what may be a token out of the request line, the URI
 * as it arrived and the Referer, for as long as no place is known. */
void mab_take_arrive(request_rec *r);

/** translate_name: the sections of Location are known. Takes the token out of the
 * query before others make an address of that, or puts back what was taken. */
void mab_take_translate(request_rec *r);

/** After translation: Directory and Files are still to come, and httpd may complain
 * of the request meanwhile. */
void mab_take_wait(request_rec *r);

/** What runs inside is made ready: takes what is a token here out of the line, the
 * query and their variables, whoever they are from (a page, a redirect, a request whose
 * sections were others before DirectoryIndex). */
void mab_take_settle(request_rec *r, const mab_place_t *place);

/**
 * All sections are known: takes the token out of the query for good, and a foreign
 * Authorization field away.
 *
 * @return OK, or HTTP_BAD_REQUEST for a path with a decoded question mark where
 *         queries carry tokens: others would see a query there
 */
int mab_take_enter(request_rec *r, const mab_request_t *request);

/**
 * Takes a client's Authorization field away where tokens come from elsewhere: mod_php
 * and logs make a user of it that nobody has verified. Where it has a meaning again
 * (another place of the chain, or NULL: none of ours) it is back.
 */
void mab_take_foreign(request_rec *r, const mab_place_t *place);

/** All sections are known, whosever they are. */
void mab_take_entered(request_rec *r);

/** None of our places: puts back what mab_take_arrive took. */
void mab_take_leave(request_rec *r);

/** Finds the token, once: the record's took, source and token. A token of an
 * earlier request of the chain counts, if it stood where this place looks too. */
void mab_take_token(request_rec *r, mab_request_t *request);

/** The header field of this source: a forward proxy leaves Authorization to the
 * server that is asked for. */
const char *mab_take_field(const request_rec *r, const mab_source_t *source);

/** The name of a variable without what redirects put before it. */
const char *mab_take_base_name(const char *key);

/** While access is being checked: an Authorization field without credentials, if
 * the token came from elsewhere. Modules that look whether a client presents
 * credentials (mod_authz_svn) see that it does. */
void mab_take_mark(request_rec *r);
void mab_take_unmark(request_rec *r);

/** log_transaction: what may be a token leaves the access log. */
void mab_take_redact(request_rec *r);

#endif
