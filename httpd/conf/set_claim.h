/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_claim - the rows and the setter of AuthBearerClaim.
 *
 * Owns:     which claims go where, and in which form.
 * Does not: know which names mean something (targets), or export (httpd/request/export).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_CLAIM_H
#define MAB_SET_CLAIM_H

#include "httpd/conf/setter.h"

extern const mab_setter_t mab_set_claim;

/** For the command table. */
#define MAB_SET_CLAIM_ROWS                                                     \
    MAB_SETTER_WORDS("AuthBearerClaim", mab_set_claim, MAB_SETTER_EVERYWHERE,  \
                     "a claim for programs and back ends: <path>|* "           \
                     "env:<NAME>|header:<Name> "                               \
                     "[json|join:<separator>|base64url], or none")

#endif
