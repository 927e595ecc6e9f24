/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource - serves the metadata of AuthBearerResource (RFC 9728).
 *
 * Owns:     the answers at the well-known paths.
 * Does not: build the documents (bearer/judge/resource) or decide which there are (check).
 * Memory:   documents live in pconf
 * Threads:  constant once the configuration is checked
 */
#ifndef MAB_RESOURCE_H
#define MAB_RESOURCE_H

#include "httpd/mab.h"

/** quick_handler: answers for the well-known paths, before any access control,
 * since clients read them when they have no token yet. */
int mab_resource_serve(request_rec *r, int lookup);

#endif
