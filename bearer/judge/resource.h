/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource - what a protected resource says of itself.
 *
 * Owns:     the resource identifier, its metadata's address and document (RFC
 *           9728 2, 3).
 * Does not: serve the document (httpd/request/resource).
 * Memory:   results live in the pool
 * Threads:  any
 */
#ifndef BEARER_RESOURCE_H
#define BEARER_RESOURCE_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"

/** A resource; the first five as configured, the others follow from url. */
typedef struct bearer_resource_t {
    const char *url;    /**< the identifier, byte for byte the audience */
    const char *scopes; /**< space-separated; NULL: none are named */
    const char *name;   /**< for people; NULL: none */
    const char *docs;   /**< a page for developers; NULL: none */
    const char *where;  /**< the line that says so, for messages; or NULL */
    const char *host;
    const char *metadata_url;  /**< absolute, for resource_metadata= */
    const char *metadata_path; /**< the same without scheme and host */
} bearer_resource_t;

/** The path of the metadata of a resource without a path of its own. */
#define BEARER_RESOURCE_ROOT "/.well-known/oauth-protected-resource"

/** The scope that no resource supports (OpenID Connect Core 11). */
#define BEARER_RESOURCE_OFFLINE "offline_access"

/**
 * Takes a resource identifier and derives where its metadata is: the well-known
 * path is put between host and path, a lone slash after the host is dropped
 * (RFC 9728 3.1). https, or http of a loopback host; no query and no fragment.
 *
 * @param out only url, host and metadata_* are set
 * @return BEARER_OK, BEARER_URL_FORM, BEARER_URL_SCHEME, BEARER_URL_PARTS
 */
bearer_reason_t bearer_resource_parse(const char *url, bearer_resource_t *out,
                                      bearer_note_t *note,
                                      apr_pool_t *pool) BEARER_MUST_USE;

/** The metadata document: resource, authorization_servers (the issuers),
 * bearer_methods_supported, and what else is set; NULL if a text is not
 * UTF-8. What has no value is left out (RFC 9728 3.2), and so is the scope
 * offline_access: it asks an issuer for a refresh token, which is none of the
 * resource's business. */
const char *bearer_resource_render(const bearer_resource_t *resource,
                                   const bearer_str_t *issuers, int count,
                                   bool query_method, apr_pool_t *pool);

#endif
