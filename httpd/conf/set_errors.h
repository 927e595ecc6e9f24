/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_errors - the rows and the setter of AuthBearerErrors.
 *
 * Owns:     how refusals are answered.
 * Does not: answer (httpd/request/refuse).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_ERRORS_H
#define MAB_SET_ERRORS_H

#include "httpd/conf/setter.h"

extern const mab_setter_t mab_set_errors;

/** For the command table. */
#define MAB_SET_ERRORS_ROWS                                                    \
    MAB_SETTER_WORDS("AuthBearerErrors", mab_set_errors,                       \
                     MAB_SETTER_EVERYWHERE,                                    \
                     "json|off [detail=On|Off] [unavailable=503|401]")

#endif
