/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unasked - a place that nobody is asked for a token in.
 *
 * Owns:     what only a request shows of a place with AuthType Bearer: that it is let
 *           in although nothing asked for its token.
 * Does not: decide anything; what the configuration alone tells stops the start
 *           (httpd/conf/check_demand).
 * Memory:   a word for each place, in pconf: each process tells for itself
 * Threads:  any
 */
#ifndef MAB_UNASKED_H
#define MAB_UNASKED_H

#include "httpd/request/record.h"

/** Of a request that a handler is about to answer: a warning if it was let in without
 * a good token, once for each place, unless the place itself says that it may be. */
void mab_unasked_tell(request_rec *r);

/** What httpd's access checkers said: an error if it is answered 500 because no
 * Require line applies, each time beside httpd's own. */
void mab_unasked_fail(request_rec *r, const mab_place_t *place, int status);

#endif
