/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bearer/text/pairs.h"

#define C BEARER_PAIRS_COOKIE
#define Q BEARER_PAIRS_QUERY
#define N BEARER_PAIRS_NAMES
#define P BEARER_PAIRS_PROTOCOL

/* what is found, each value in <>, and what remains; NULL: nothing is left, "=": the
 * very same text */
typedef struct row_t {
    const char *name, *text, *found, *rest;
} row_t;

static const char *found(bearer_pairs_kind_t kind, const row_t *row,
                         const char *name, apr_pool_t *pool)
{
    bearer_str_t values[8];
    const char *all = "";
    int count = bearer_pairs_find(kind, row->text, name, values, 8), i;

    assert_in_range(count, 0, 8);
    for (i = 0; i < count; i++)
        all = apr_pstrcat(pool, all, "<",
                          apr_pstrmemdup(pool, values[i].data, values[i].len),
                          ">", NULL);
    return all;
}

static void expect_rest(const row_t *row, const char *rest)
{
    if (row->rest && strcmp(row->rest, "=") == 0)
        unit_expect(row->name, rest == row->text);
    else if (!row->rest || !rest)
        unit_expect(row->name, !rest && !row->rest);
    else if (strcmp(rest, row->rest) != 0)
        fail_msg("%s: \"%s\" remains, not \"%s\"", row->name, rest, row->rest);
}

static void run(bearer_pairs_kind_t kind, const row_t *rows, size_t count,
                const char *name, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < count; i++) {
        const row_t *row = &rows[i];
        const char *got = found(kind, row, name, pool);
        const char *rest = bearer_pairs_remove(kind, row->text, name, pool);

        if (strcmp(got, row->found) != 0)
            fail_msg("%s: found %s, not %s", row->name, got, row->found);
        expect_rest(row, rest);
        unit_expect(row->name,
                    bearer_pairs_find(kind, rest, name, NULL, 0) == 0);
        unit_expect(row->name,
                    bearer_pairs_remove(kind, rest, name, pool) == rest);
    }
}

static void pairs_cookies(void **state)
{
    static const row_t rows[] = {
        {"no field", NULL, "", NULL},
        {"an empty one", "", "", "="},
        {"only ours", "tok=T", "<T>", NULL},
        {"with blanks", " tok=T\t", "<T>", NULL},
        {"with separators", ";tok=T; ;", "<T>", "; ;"},
        {"the first", "tok=T; a=1; b=2", "<T>", "a=1; b=2"},
        {"in the middle", "a=1; tok=T; b=2", "<T>", "a=1; b=2"},
        {"the last", "a=1;  b=2;\ttok=T", "<T>", "a=1;  b=2"},
        {"twice", "tok=T; a=1; tok=U", "<T><U>", "a=1"},
        {"no blanks", "a=1;tok=T;b=2", "<T>", "a=1;b=2"},
        {"blanks after others", "a=1 ; tok=T ; b=2", "<T>", "a=1 ; b=2"},
        {"empty ones stay", ";a=1;; tok=T;; b=2;", "<T>", ";a=1;;; b=2;"},
        {"an empty value", "tok=; a=1", "<>", "a=1"},
        {"a value with blanks", "tok=a b; c", "<a b>", "c"},
        {"a quoted value", "tok=\"T\"", "<\"T\">", NULL},
        {"quotes hide nothing", "a=\"b; tok=T\"", "<T\">", "a=\"b"},
        {"others untouched", "a=1,2 ; b = \"x\"  ;c", "", "="},
        {"a blank in a value", "note=a admin=1", "", "="},
        {"no equals", "tok; a=tok", "", "="},
        {"another name", "xtok=1; tokx=2; to=3", "", "="},
        {"a value like it", "a=tok=T; =tok=T", "", "="},
        {"attributes stay", "$Version=1; tok=T; $Path=/", "<T>",
         "$Version=1; $Path=/"},
        {"bytes of all kinds", "\xff=\x80; tok=T", "<T>", "\xff=\x80"},
    };

    run(C, rows, sizeof(rows) / sizeof(rows[0]), "tok", *state);
}

/* some readers see our cookie in these; each is another cookie all the same */
static void pairs_cookies_of_other_names(void **state)
{
    static const row_t rows[] = {
        {"a dot", "my.tok=T; a=1", "", "="},
        {"coded", "my%5ftok=T", "", "="},
        {"case", "MY_Tok=T", "", "="},
        {"a blank before the sign", "my_tok =T", "", "="},
        {"a list", "my_tok[0]=T", "", "="},
        {"two fields joined", "a=1, my_tok=T", "", "="},
        {"after a blank", "a=1; note=x my_tok=T y; b=2", "", "="},
        {"and ours", "x=y my_tok=T; my_tok=U", "<U>", "x=y my_tok=T"},
    };

    run(C, rows, sizeof(rows) / sizeof(rows[0]), "my_tok", *state);
}

static void pairs_queries(void **state)
{
    static const row_t rows[] = {
        {"no query", NULL, "", NULL},
        {"an empty one", "", "", "="},
        {"only ours", "my_tok=T", "<T>", NULL},
        {"the first", "my_tok=T&a=1", "<T>", "a=1"},
        {"in the middle", "a=1&my_tok=T;b=2", "<T>", "a=1;b=2"},
        {"the last", "a=1;my_tok=T", "<T>", "a=1"},
        {"twice", "my_tok=T&a&my_tok=U", "<T><U>", "a"},
        {"after a semicolon", "x=1;my_tok=T&y=2", "<T>", "x=1&y=2"},
        {"coded", "my%5ftok=T%2e&a", "<T%2e>", "a"},
        {"all coded", "%6d%79%5F%74%6f%6B=T", "<T>", NULL},
        {"an empty value", "my_tok=&a", "<>", "a"},
        {"empty pairs stay", "&&a&&my_tok=T&&", "<T>", "&&a&&&"},
        {"nothing but signs", "&my_tok=T&;", "<T>", "&;"},
        {"others untouched", "a=%41+b&c;d==&=e", "", "="},
        {"a dot", "my.tok=T", "", "="},
        {"a plus", "my+tok=T", "", "="},
        {"a list", "my_tok[]=T&my_tok%5b%5d=U", "", "="},
        {"case", "My_Tok=T", "", "="},
        {"a NUL", "my_tok%00=T", "", "="},
        {"broken code", "my%5gtok=T&my%5=T&my%=T", "", "="},
        {"no equals", "my_tok&a", "", "="},
        {"coded twice", "my%255ftok=T", "", "="},
        {"a comma", "a=1,my_tok=T", "", "="},
        {"a value like it", "a=my_tok=T", "", "="},
        {"another question mark", "a?my_tok=T", "", "="},
        {"other names", "my_toks=T&xmy_tok=T", "", "="},
    };

    run(Q, rows, sizeof(rows) / sizeof(rows[0]), "my_tok", *state);
}

static void pairs_names(void **state)
{
    static const row_t rows[] = {
        {"no field", NULL, "", NULL},
        {"an empty one", "", "", "="},
        {"only ours", "X-User", "<X-User>", NULL},
        {"with separators", " ,X-User ;, ", "<X-User>", NULL},
        {"the first", "X-User, close", "<X-User>", "close"},
        {"in the middle", "close, X-User, te", "<X-User>", "close, te"},
        {"the last", "close,x-uSER", "<x-uSER>", "close"},
        {"after a semicolon", "close; X-User", "<X-User>", "close"},
        {"after a blank", "close X-User\tte", "<X-User>", "close\tte"},
        {"an underscore", "close, X_User", "", "="},
        {"twice", "X-User;X-User,te", "<X-User><X-User>", "te"},
        {"separators stay", ",; te , X-User ,; close ,", "<X-User>",
         ",; te ,; close ,"},
        {"quotes are part of it", "\"X-User\", te", "", "="},
        {"quotes hide", "\"a, X-User, b\", X-User, te", "<X-User>",
         "\"a, X-User, b\", te"},
        {"quotes begin anywhere", "a\"b; X-User\"c; te", "", "="},
        {"quotes without end", "te, \"a; X-User", "", "="},
        {"quotes again", "\"a\"\"b, X-User", "", "="},
        {"no escapes", "\"a\\\", X-User, \"b\"", "<X-User>", "\"a\\\", \"b\""},
        {"an equals sign", "X-User=1", "", "="},
        {"other names", "X-Use, X-Users, XX-User", "", "="},
    };

    run(N, rows, sizeof(rows) / sizeof(rows[0]), "X-User", *state);
}

static void pairs_protocols(void **state)
{
    static const row_t rows[] = {
        {"no field", NULL, "", NULL},
        {"an empty one", "", "", "="},
        {"only ours", "a.b.T", "<T>", NULL},
        {"with separators", " ,a.b.T\t,, ", "<T>", NULL},
        {"the first", "a.b.T, chat", "<T>", "chat"},
        {"in the middle", "chat, a.b.T ,v2.chat", "<T>", "chat,v2.chat"},
        {"the last", "chat,a.b.T", "<T>", "chat"},
        {"twice", "a.b.T, chat, a.b.U", "<T><U>", "chat"},
        {"an empty value", "a.b., chat", "<>", "chat"},
        {"a value with dots", "a.b.T.U.V", "<T.U.V>", NULL},
        {"a value with a blank", "a.b.T U, chat", "<T U>", "chat"},
        {"no dot", "a.b, chat", "", "="},
        {"case", "A.b.T, a.B.T", "", "="},
        {"another sign", "a-b.T, a.b-T, a.b=T", "", "="},
        {"semicolons are none", "chat;a.b.T", "", "="},
        {"other names", "xa.b.T, a.bx.T, a..b.T", "", "="},
        {"quotes hide nothing", "\"x, a.b.T, y\"", "<T>", "\"x, y\""},
    };

    run(P, rows, sizeof(rows) / sizeof(rows[0]), "a.b", *state);
}

static void pairs_in_a_uri(void **state)
{
    static const row_t rows[] = {
        {"none", NULL, "", NULL},
        {"no query", "/a", "", "="},
        {"a request line", "GET /a?x=1&tok=T HTTP/1.1", "",
         "GET /a?x=1 HTTP/1.1"},
        {"nothing left", "GET /a?tok=T HTTP/1.1", "", "GET /a HTTP/1.1"},
        {"nothing but signs", "/a?&tok=T&", "", "/a?&"},
        {"with a fragment", "/a?tok=T&b#tok=T", "", "/a?b#tok=T"},
        {"only a fragment", "/a#b?tok=T", "", "="},
        {"a coded question mark", "/a%3Ftok=T", "", "="},
        {"a query of questions", "/a??tok=T", "", "="},
        {"after the protocol", "GET /a?b HTTP/1.1?tok=T", "", "="},
        {"an empty query", "/a?", "", "="},
        {"others only", "/a?b=1&c", "", "="},
        {"in the path", "/tok=1&tok=2/?a", "", "="},
        {"all spellings", "/a?t%6fk=T;tok=U&b HTTP/1.0", "", "/a?b HTTP/1.0"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_rest(&rows[i],
                    bearer_pairs_remove_query(rows[i].text, "tok", *state));
}

/* a count beyond the room, and no room at all */
static void pairs_count_more_than_they_give(void **state BEARER_UNUSED)
{
    bearer_str_t values[2] = {{NULL, 0}, {NULL, 7}};

    assert_int_equal(bearer_pairs_find(C, "t=1; t=2; t=3", "t", values, 1), 3);
    assert_true(values[0].len == 1 && *values[0].data == '1');
    assert_true(!values[1].data && values[1].len == 7);
    assert_int_equal(bearer_pairs_find(Q, "t=1&t=2", "t", NULL, 0), 2);
}

/* a megabyte is quick if no part of it is copied or read for each of its members */
static void pairs_take_long_lists(void **state)
{
    static const char *const units[] = {"a=1; ", "a=1&", "a, ", "a,b=x y==; "};
    static const bearer_pairs_kind_t of[] = {C, Q, N, C};
    size_t i, k, count = 200000;

    for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        apr_size_t len = strlen(units[i]);
        char *text = malloc(count * len + 8);
        const char *rest;

        assert_non_null(text);
        for (k = 0; k < count; k++)
            memcpy(text + k * len, units[i], len);
        memcpy(text + count * len, "tok=T", 6);
        if (of[i] == N)
            text[count * len + 3] = '\0';
        rest = bearer_pairs_remove(of[i], text, "tok", *state);
        assert_true(strlen(rest) + 3 >= count * len - 2);
        assert_int_equal(strncmp(text, rest, strlen(rest)), 0);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(pairs_cookies),
        unit_row(pairs_cookies_of_other_names),
        unit_row(pairs_queries),
        unit_row(pairs_names),
        unit_row(pairs_protocols),
        unit_row(pairs_in_a_uri),
        unit_row(pairs_count_more_than_they_give),
        unit_row(pairs_take_long_lists),
    };

    return unit_run(tests);
}
