/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_audience - the rows and the setter of AuthBearerAudience.
 *
 * Owns:     who tokens must be meant for.
 * Does not: know what a place demands without it (conf).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_AUDIENCE_H
#define MAB_SET_AUDIENCE_H

#include "httpd/conf/setter.h"

extern const mab_setter_t mab_set_audience;

/** For the command table. */
#define MAB_SET_AUDIENCE_ROWS                                                  \
    MAB_SETTER_WORDS("AuthBearerAudience", mab_set_audience,                   \
                     MAB_SETTER_EVERYWHERE,                                    \
                     "who tokens must be meant for: <value>..., or any")

#endif
