/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a Require line and the claims that they are asked of, as rows of
 * tests have them. */
#ifndef REQUIRES_H
#define REQUIRES_H

#include <apr_strings.h>

#include "bearer/judge/claims.h"

#include "tests/unit/jose.h"
#include "tests/unit/unit.h"

#define REQUIRES_WORDS 6

static inline const bearer_claims_t *requires_claims(const char *text,
                                                     apr_pool_t *pool)
{
    const bearer_claims_t *claims = NULL;

    unit_expect_reason(
        text, bearer_claims_parse(jose_json(text, pool), &claims, NULL, pool),
        "ok");
    return claims;
}

static inline int requires_count(const char *const *words)
{
    int count = 0;

    while (count < REQUIRES_WORDS && words[count])
        count++;
    return count;
}

/* the words with spaces between them: a row's name */
static inline const char *requires_name(const char *const *words,
                                        apr_pool_t *pool)
{
    const char *name = "";
    int i;

    for (i = 0; i < requires_count(words); i++)
        name = apr_pstrcat(pool, name, i ? " " : "", words[i], NULL);
    return name;
}

#endif
