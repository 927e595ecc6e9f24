/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audience - whether a token is meant for a place.
 *
 * Owns:     aud (RFC 7519 4.1.3), and the claim that an issuer uses instead of it.
 * Does not: judge any other claim (claims).
 * Memory:   none
 * Threads:  any
 */
#ifndef BEARER_AUDIENCE_H
#define BEARER_AUDIENCE_H

#include "bearer/judge/policy.h"
#include "bearer/text/value.h"

/**
 * Whether one of the audiences of the issuer, or else of the place, is in aud, a
 * string or an array of strings; or is the claim that the issuer has instead of aud,
 * which must be a string. Compared byte for byte; "any" takes all of them.
 *
 * @param claims an object
 * @param note   what was wanted and what the token says
 * @return BEARER_OK, BEARER_AUD_MISSING (absent or null), BEARER_AUD_INVALID (of
 *         another type), BEARER_AUD_WRONG
 */
bearer_reason_t bearer_audience_check(const bearer_value_t *claims,
                                      const bearer_policy_t *policy,
                                      const bearer_issuer_t *issuer,
                                      bearer_note_t *note) BEARER_MUST_USE;

#endif
