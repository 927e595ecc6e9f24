/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope - which scopes a token holds.
 *
 * Owns:     where tokens have scopes, and when a token has one.
 * Does not: know httpd or answers (httpd/request/require).
 * Memory:   none
 * Threads:  any
 */
#ifndef BEARER_SCOPE_H
#define BEARER_SCOPE_H

#include "bearer/judge/claims.h"

/** Whether all scopes are in "scope" or "scp" (RFC 8693 4.2, RFC 9068 2.2.3:
 * space-separated string; Entra ID and others: string or array of strings). Without
 * any, or with an empty one, the answer is no. */
bool bearer_scope_held(const char *const *scopes, int count,
                       const bearer_claims_t *claims);

#endif
