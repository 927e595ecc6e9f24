/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage - the checks of a token in their order, for people who ask "why?".
 *
 * Owns:     the names of the checks, and the reasons for which each of them refuses.
 * Does not: check anything (token, verify, claims).
 * Memory:   constant
 * Threads:  any
 */
#ifndef BEARER_STAGE_H
#define BEARER_STAGE_H

#include "bearer/base/error.h"

/** The order of token.c, verify.c and claims.c: the checks above the one that
 * failed have passed, those below it were not reached. */
typedef enum bearer_stage_t {
    BEARER_STAGE_PLACE,
    BEARER_STAGE_FORM,
    BEARER_STAGE_ENCODING,
    BEARER_STAGE_HEADER,
    BEARER_STAGE_ALGORITHM,
    BEARER_STAGE_EXTENSIONS,
    BEARER_STAGE_KEY_ID,
    BEARER_STAGE_TYPE,
    BEARER_STAGE_CLAIMS,
    BEARER_STAGE_ISSUER,
    BEARER_STAGE_KEYS,
    BEARER_STAGE_KEY,
    BEARER_STAGE_SIGNATURE,
    BEARER_STAGE_EXPIRY,
    BEARER_STAGE_NOT_BEFORE,
    BEARER_STAGE_ISSUED,
    BEARER_STAGE_AUDIENCE,
    BEARER_STAGE_REQUIRED,
    BEARER_STAGE_BINDING,
    BEARER_STAGE_SUBJECT,
    BEARER_STAGE_COUNT
} bearer_stage_t;

/** What is known of one check. */
typedef struct bearer_stage_info_t {
    const char *name;           /**< one or two words */
    const char *what;           /**< what is true if it passes */
    bearer_reason_t reasons[8]; /**< for which it refuses; ended by BEARER_OK */
} bearer_stage_info_t;

/** @param stage below BEARER_STAGE_COUNT */
const bearer_stage_info_t *bearer_stage_find(bearer_stage_t stage);

/** The check that refuses for this reason; BEARER_STAGE_COUNT: none does, all
 * have passed, or the reason is not about a token. */
bearer_stage_t bearer_stage_of(bearer_reason_t why);

#endif
