/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <apr_strings.h>

#include "bearer/judge/scope.h"

#include "jose.h"

#define WORDS 6

typedef struct row_t {
    const char *claims;
    const char *words[WORDS];
    bool want;
} row_t;

static const bearer_claims_t *parse(const char *text, apr_pool_t *pool)
{
    const bearer_claims_t *claims = NULL;

    unit_expect_reason(
        text, bearer_claims_parse(jose_json(text, pool), &claims, NULL, pool),
        "ok");
    return claims;
}

static int count_of(const char *const *words)
{
    int count = 0;

    while (count < WORDS && words[count])
        count++;
    return count;
}

/* the words with spaces between them: a row's name */
static const char *name_of(const char *const *words, apr_pool_t *pool)
{
    const char *name = "";
    int i;

    for (i = 0; i < count_of(words); i++)
        name = apr_pstrcat(pool, name, i ? " " : "", words[i], NULL);
    return name;
}

static void scope_is_held(void **state)
{
    static const row_t rows[] = {
        {"{'scope':'read'}", {"read"}, true},
        {"{'scope':'read write'}", {"write"}, true},
        {"{'scope':'read write'}", {"write", "read"}, true},
        {"{'scope':'read write'}", {"read", "admin"}, false},
        {"{'scope':'  read  write '}", {"read", "write"}, true},
        {"{'scope':'readwrite'}", {"read"}, false},
        {"{'scope':'read'}", {"rea"}, false},
        {"{'scope':'read'}", {"reads"}, false},
        {"{'scope':'Read'}", {"read"}, false},
        {"{'scope':'read,write'}", {"read"}, false},
        {"{'scope':'read\\twrite'}", {"read"}, false},
        {"{'scope':'read\\nwrite'}", {"read"}, false},
        {"{'scope':'read write'}", {"read write"}, false},
        {"{'scope':['read','write']}", {"write", "read"}, true},
        {"{'scope':['read write']}", {"read"}, false},
        {"{'scope':[['read']]}", {"read"}, false},
        {"{'scp':'read write'}", {"read", "write"}, true},
        {"{'scp':['read']}", {"read"}, true},
        {"{'scp':[1,'read']}", {"read"}, true},
        {"{'scp':[1]}", {"1"}, false},
        {"{'scope':'read','scp':['write']}", {"read", "write"}, true},
        {"{'scope':1,'scp':['write']}", {"write"}, true},
        {"{'scope':null}", {"null"}, false},
        {"{'scope':true}", {"true"}, false},
        {"{'scope':{'read':'read'}}", {"read"}, false},
        {"{'Scope':'read'}", {"read"}, false},
        {"{'scopes':'read'}", {"read"}, false},
        {"{}", {"read"}, false},
        /* nothing is not a scope */
        {"{'scope':'read'}", {NULL}, false},
        {"{'scope':''}", {""}, false},
        {"{'scope':'a  b'}", {""}, false},
        {"{'scope':' a'}", {""}, false},
        {"{'scp':['']}", {""}, false},
        {"{'scope':'a'}", {"a", ""}, false},
        {"{}", {""}, false},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *name = apr_pstrcat(*state, rows[i].claims, " against ",
                                       name_of(rows[i].words, *state), NULL);

        unit_expect(name,
                    bearer_scope_held(rows[i].words, count_of(rows[i].words),
                                      parse(rows[i].claims, *state))
                        == rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(scope_is_held),
    };

    return unit_run(tests);
}
