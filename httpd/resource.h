/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource - serves the metadata of AuthBearerResource (RFC 9728).
 *
 * Owns:     which document stands at which well-known path of which server.
 * Does not: build the document (bearer/resource) or check it (check).
 * Memory:   documents live in pconf
 * Threads:  constant once the configuration is checked
 */
#ifndef MAB_RESOURCE_H
#define MAB_RESOURCE_H

#include "bearer/resource.h"
#include "httpd/mab.h"

/** Forgets all documents; called in pre_config. */
void mab_resource_begin(apr_pool_t *pconf);

/** Adds the document of a resource of this server; the first one of a server is
 * also its root document. */
void mab_resource_add(const server_rec *s, const bearer_resource_t *resource,
                      const char *document);

/** quick_handler: answers for the well-known paths, before any access control,
 * since clients read them when they have no token yet. */
int mab_resource_serve(request_rec *r, int lookup);

#endif
