/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/gate/presented.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

bool bearer_presented_same(const bearer_presented_t *a,
                           const bearer_presented_t *b, unsigned int depends)
{
    if ((depends & BEARER_DEPENDS_METHOD) && !same_text(a->method, b->method))
        return false;
    return !(depends & BEARER_DEPENDS_TARGET)
           || same_text(a->target, b->target);
}
