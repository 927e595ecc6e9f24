/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_origins - the rows and the setter of AuthBearerCrossOrigin.
 *
 * Owns:     what an origin is.
 * Does not: answer calls of scripts (httpd/request/cors).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_ORIGINS_H
#define MAB_SET_ORIGINS_H

#include "httpd/conf/setter.h"

extern const mab_setter_t mab_set_origins;

/** For the command table. */
#define MAB_SET_ORIGINS_ROWS                                                   \
    MAB_SETTER_WORDS("AuthBearerCrossOrigin", mab_set_origins,                 \
                     MAB_SETTER_NOT_HTACCESS,                                  \
                     "origins whose scripts may call: <origin>..., *, or off " \
                     "[headers=a,b|requested] [expose=a,b] [credentials=On]")

#endif
