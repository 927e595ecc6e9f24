/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <apr_strings.h>

#include "bearer/judge/scope.h"

#include "requires.h"

typedef struct row_t {
    const char *claims;
    const char *words[REQUIRES_WORDS];
    bool want;
} row_t;

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
        const char *name =
            apr_pstrcat(*state, rows[i].claims, " against ",
                        requires_name(rows[i].words, *state), NULL);

        unit_expect(name, bearer_scope_held(
                              rows[i].words, requires_count(rows[i].words),
                              requires_claims(rows[i].claims, *state))
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
