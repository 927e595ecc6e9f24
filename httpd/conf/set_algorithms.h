/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_algorithms - the rows and the setter of AuthBearerAlgorithms.
 *
 * Owns:     which names of algorithms an administrator may write.
 * Does not: know which of them fit an issuer (policy).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_ALGORITHMS_H
#define MAB_SET_ALGORITHMS_H

#include "httpd/conf/setter.h"

extern const mab_setter_t mab_set_algorithms;

/** Adds the algorithm of this name, which must not be among them yet; NULL or the
 * mistake. */
const char *mab_set_algorithms_add(cmd_parms *cmd, const char *name,
                                   bearer_algset_t *algs);

/** For the command table. */
#define MAB_SET_ALGORITHMS_ROWS                                                \
    MAB_SETTER_WORDS("AuthBearerAlgorithms", mab_set_algorithms,               \
                     MAB_SETTER_NOT_HTACCESS,                                  \
                     "the signature algorithms that are allowed")

#endif
