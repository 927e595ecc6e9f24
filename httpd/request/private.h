/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private - what was answered for a token is nobody else's.
 *
 * Owns:     Cache-Control: private on every answer that a token had a part in, and
 *           keeping mod_cache from storing one (RFC 6750 2.3, RFC 9111 3.5, 5.2.2.7).
 * Does not: answer refusals (refuse: no-store).
 * Memory:   everything lives in the request's pool
 * Threads:  the request's own
 */
#ifndef MAB_PRIVATE_H
#define MAB_PRIVATE_H

#include "httpd/request/record.h"

/** A token was judged for this request: the answers to it and to those that it is
 * a part of are private. */
void mab_private_tell(request_rec *r);

void mab_private_insert_filter(request_rec *r);

/** The same for an error page, which may be sent under the header of another. */
void mab_private_insert_error_filter(request_rec *r);

void mab_private_register(void);

#endif
