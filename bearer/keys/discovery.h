/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery - issuer metadata into a checked jwks_uri.
 *
 * Owns:     what must hold of the document (RFC 8414 3.3, OIDC Discovery 4.3).
 * Does not: fetch it (refresh).
 * Memory:   results live in the pool
 * Threads:  any
 */
#ifndef BEARER_DISCOVERY_H
#define BEARER_DISCOVERY_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"

/**
 * Reads issuer metadata: issuer must equal ours byte for byte (mix-up), or be
 * the same template (bearer_template_same), and
 * jwks_uri must be a URL that bearer_url_parse accepts.
 *
 * @return BEARER_OK, BEARER_JSON_*, BEARER_DISCOVERY_ISSUER,
 *         BEARER_DISCOVERY_URI
 */
bearer_reason_t bearer_discovery_parse(bearer_str_t text, const char *issuer,
                                       bool http_loopback,
                                       const char **jwks_uri,
                                       bearer_note_t *note,
                                       apr_pool_t *pool) BEARER_MUST_USE;

#endif
