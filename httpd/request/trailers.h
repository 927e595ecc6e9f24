/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trailers - what comes after a chunked body is not a field of ours.
 *
 * Owns:     the input filter that looks at trailers that become headers.
 * Does not: look at headers themselves (export).
 * Memory:   everything lives in the request's pool
 * Threads:  the request's own
 *
 * With "MergeTrailers On", httpd puts what comes after a chunked body into a new table
 * of headers, which mod_proxy_fcgi looks at only then. RFC 9110 6.5.1: fields for
 * authentication do not belong in a trailer; nor do those that carry exported
 * claims.
 */
#ifndef MAB_TRAILERS_H
#define MAB_TRAILERS_H

#include "httpd/mab.h"

/** insert_filter: has trailers that become headers cleaned as these are. */
void mab_trailers_insert_filter(request_rec *r);
void mab_trailers_register(void);

#endif
