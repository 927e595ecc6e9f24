/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/gate/presented.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

bool bearer_presented_holds(const bearer_presented_t *presented,
                            unsigned int depends, const char *method,
                            const char *target)
{
    if ((depends & BEARER_DEPENDS_METHOD)
        && !same_text(presented->method, method))
        return false;
    return !(depends & BEARER_DEPENDS_TARGET)
           || same_text(presented->target, target);
}
