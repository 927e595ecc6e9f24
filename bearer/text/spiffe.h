/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spiffe - SPIFFE IDs and trust domains.
 *
 * Owns:     their syntax (SPIFFE-ID 2), and whether an ID is of a trust domain.
 * Does not: judge a JWT-SVID (policy, claims).
 * Memory:   none
 * Threads:  any
 */
#ifndef BEARER_SPIFFE_H
#define BEARER_SPIFFE_H

#include "bearer/base/base.h"

/** Whether it is the ID of a trust domain: "spiffe://" and up to 255 lower case
 * letters, digits, dots, hyphens and underscores, nothing else. */
bool bearer_spiffe_is_domain(bearer_str_t text);

/** Whether it is a SPIFFE ID of something in this trust domain (SPIFFE-ID 2): a path
 * of segments that are neither empty nor dots, of letters, digits, dots, hyphens and
 * underscores, and at most 2048 bytes in all. */
bool bearer_spiffe_is_member(bearer_str_t domain, bearer_str_t id);

#endif
