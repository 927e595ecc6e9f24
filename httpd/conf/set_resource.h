/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_resource - the rows and the setter of AuthBearerResource.
 *
 * Owns:     the identifier of a resource, and what is said of it.
 * Does not: serve its metadata (httpd/request/resource).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_RESOURCE_H
#define MAB_SET_RESOURCE_H

#include "httpd/conf/setter.h"

extern const mab_setter_t mab_set_resource;

/** For the command table. */
#define MAB_SET_RESOURCE_ROWS                                                  \
    MAB_SETTER_WORDS(                                                          \
        "AuthBearerResource", mab_set_resource, MAB_SETTER_NOT_HTACCESS,       \
        "the resource's identifier: <https-url> [scopes=\"a b\"] "             \
        "[name=\"...\"] [docs=<url>]")

#endif
