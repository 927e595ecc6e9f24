/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_check - the rows and the setter of AuthBearerCheck.
 *
 * Owns:     the options of what a token is checked for.
 * Does not: check any (bearer/judge/claims).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_CHECK_H
#define MAB_SET_CHECK_H

#include "httpd/conf/setter.h"

extern const mab_setter_t mab_set_check;

/** For the command table. */
#define MAB_SET_CHECK_ROWS                                                     \
    MAB_SETTER_WORDS("AuthBearerCheck", mab_set_check, MAB_SETTER_EVERYWHERE,  \
                     "[leeway=30s] [type=jwt|at+jwt|any] [max-age=<time>] "    \
                     "[max-life=<time>] [require=<claim>,...]")

#endif
