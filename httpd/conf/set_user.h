/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_user - the rows and the setter of AuthBearerUser.
 *
 * Owns:     which claim, or expression, names the user.
 * Does not: evaluate any.
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_USER_H
#define MAB_SET_USER_H

#include "httpd/conf/setter.h"

extern const mab_setter_t mab_set_user;

/** For the command table. */
#define MAB_SET_USER_ROWS                                                      \
    MAB_SETTER_WORDS(                                                          \
        "AuthBearerUser", mab_set_user, MAB_SETTER_EVERYWHERE,                 \
        "the claim that becomes REMOTE_USER: <path>... or expr=<expression>")

#endif
