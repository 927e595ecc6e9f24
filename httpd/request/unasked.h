/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unasked - a place that nobody is asked for a token in.
 *
 * Owns:     what only a request shows of a section with AuthType Bearer and no
 *           Require line of its own: that others let requests in without a token.
 * Does not: decide anything; what the configuration alone tells stops the start
 *           (httpd/conf/check_demand).
 * Memory:   a word for each place, in pconf: each process tells for itself
 * Threads:  any
 */
#ifndef MAB_UNASKED_H
#define MAB_UNASKED_H

#include "httpd/conf/conf.h"

/** Of a request without a good token, what httpd's access checkers said: a warning
 * if it is let in, once for each place. An error if it is answered 500 because no
 * Require line applies, each time beside httpd's own. */
void mab_unasked_tell(request_rec *r, const mab_place_t *place, int status);

/** The same of a request with a good token: only the error. */
void mab_unasked_fail(request_rec *r, const mab_place_t *place, int status);

#endif
