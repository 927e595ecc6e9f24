/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/names.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"

/* the next member that is not empty, without the blanks around it */
static bool next(const char **at, bearer_str_t *member)
{
    apr_size_t len;

    while (*at && **at) {
        len = strcspn(*at, ",");
        member->data = *at;
        member->len = len;
        *member = bearer_str_trim(*member);
        *at += len + ((*at)[len] == ',');
        if (member->len)
            return true;
    }
    return false;
}

bool bearer_names_check(const char *list)
{
    bearer_str_t member;
    int count = 0;

    while (next(&list, &member)) {
        if (!bearer_str_is_token(member) || ++count > BEARER_LIMIT_NAMES)
            return false;
    }
    return count > 0;
}

static bool has(const apr_array_header_t *names, bearer_str_t name)
{
    int i;

    for (i = 0; i < names->nelts; i++) {
        if (bearer_str_is_nocase(name, APR_ARRAY_IDX(names, i, const char *)))
            return true;
    }
    return false;
}

static void add(apr_array_header_t *names, const char *list)
{
    bearer_str_t member;

    while (names->nelts < BEARER_LIMIT_NAMES && next(&list, &member)) {
        if (bearer_str_is_token(member) && !has(names, member))
            APR_ARRAY_PUSH(names, const char *) =
                apr_pstrmemdup(names->pool, member.data, member.len);
    }
}

const char *bearer_names_join(const char *a, const char *b, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 16, sizeof(char *));
    int i;

    add(names, a);
    add(names, b);
    for (i = 1; i < names->nelts; i++)
        APR_ARRAY_IDX(names, i, const char *) = apr_pstrcat(
            pool, ", ", APR_ARRAY_IDX(names, i, const char *), NULL);
    return apr_array_pstrcat(pool, names, '\0');
}
