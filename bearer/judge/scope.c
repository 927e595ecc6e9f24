/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/scope.h"

#include "bearer/base/str.h"

static bool value_has_scope(const bearer_value_t *value, const char *scope)
{
    bearer_str_t wanted = bearer_str(scope);
    bearer_str_t text = bearer_value_text(value);
    const bearer_value_t *at;

    if (text.data)
        return bearer_str_has_word(text, wanted);
    if (!bearer_value_is(value, BEARER_KIND_ARRAY))
        return false;
    for (at = bearer_value_first(value); at;
         at = bearer_value_next(value, at)) {
        if (bearer_value_equals(at, wanted))
            return true;
    }
    return false;
}

bool bearer_scope_held(const char *const *scopes, int count,
                       const bearer_claims_t *claims)
{
    const bearer_value_t *scope = bearer_value_get(claims->all, "scope");
    const bearer_value_t *scp = bearer_value_get(claims->all, "scp");
    int i;

    for (i = 0; i < count; i++) {
        /* RFC 6749 3.3: a scope is not empty; two spaces do not grant one */
        if (!*scopes[i])
            return false;
        if (!value_has_scope(scope, scopes[i])
            && !value_has_scope(scp, scopes[i]))
            return false;
    }
    return count > 0;
}
