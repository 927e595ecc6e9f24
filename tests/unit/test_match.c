/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <dlfcn.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "bearer/base/limits.h"
#include "bearer/judge/match.h"

#include "requires.h"

static const bearer_match_t *compile(const char *const *words, apr_pool_t *pool)
{
    const bearer_match_t *match = NULL;
    bearer_note_t note = {""};

    unit_expect_reason(
        requires_name(words, pool),
        bearer_match_parse(words, requires_count(words), &match, &note, pool),
        "ok");
    return match;
}

static bearer_match_result_t check(const bearer_match_t *match,
                                   const bearer_claims_t *claims)
{
    bearer_match_work_t work = {0};

    return bearer_match_check(match, claims, &work);
}

/* --- compiling -------------------------------------------------------------- */

static void match_refuses_lines_it_does_not_understand(void **state)
{
    static const struct {
        const char *words[REQUIRES_WORDS];
        const char *want;
    } cases[] = {
        {{NULL}, "match_form"},
        {{""}, "path_form"},
        {{"", "x"}, "path_form"},
        {{"a", ""}, "match_form"},
        {{"a", "x", ""}, "match_form"},
        {{"a", "", "x"}, "match_form"},
        {{"a."}, "path_form"},
        {{".a"}, "path_form"},
        {{"a..b", "x"}, "path_form"},
        {{"/a~2", "x"}, "path_form"},
        {{"a..b", "~", "x"}, "path_form"},
        {{"a..b", ">", "1"}, "path_form"},
        {{"a..b:x"}, "path_form"},
        {{"a..b~x"}, "path_form"},

        {{"a", "~"}, "match_form"},
        {{"a", "~", "x", "y"}, "match_form"},
        {{"a", "~", "("}, "match_form"},
        {{"a", "~", "[z-a]"}, "match_form"},
        {{"a", "~", "\xff"}, "match_form"},
        {{"a", "~", ""}, "match_form"},
        {{"a", ">="}, "match_form"},
        {{"a", ">=", "1", "2"}, "match_form"},
        {{"a", ">", ""}, "match_form"},
        {{"a", ">", "x"}, "match_form"},
        {{"a", ">", "1x"}, "match_form"},
        {{"a", ">", "1 "}, "match_form"},
        {{"a", ">", " 1"}, "match_form"},
        {{"a", ">", "1,5"}, "match_form"},
        {{"a", ">", "0x10"}, "match_form"},
        {{"a", ">", "inf"}, "match_form"},
        {{"a", "<", "1e999"}, "match_form"},
        {{"a", "<", "-1e999"}, "match_form"},
        {{"a", "<", "nan"}, "match_form"},
        {{"a", "<", "-"}, "match_form"},
        {{"a", "<", "e"}, "match_form"},
        {{"a", "<=", "9223372036854775808"}, "match_form"},
        {{"a", "<=", "-9223372036854775809"}, "match_form"},

        /* if they were values, these would let in what they mean to keep out */
        {{"a", "!=", "5"}, "match_form"},
        {{"a", "==", "5"}, "match_form"},
        {{"a", "=", "5"}, "match_form"},
        {{"a", "=>", "5"}, "match_form"},
        {{"a", "=<", "5"}, "match_form"},
        {{"a", "<>", "5"}, "match_form"},
        {{"a", "!~", "x"}, "match_form"},
        {{"a", "=~", "x"}, "match_form"},
        {{"a", "~~", "x"}, "match_form"},
        {{"a", "!"}, "match_form"},
        {{"%{claim:a}", "5"}, "path_form"},
        {{"%{claim:a}"}, "path_form"},
        {{"a.*", "5"}, "path_form"},
        {{"a.*:5"}, "path_form"},

        /* glued: so would these, after "not" */
        {{"a", "<18"}, "match_form"},
        {{"a", "<=18"}, "match_form"},
        {{"a", ">18"}, "match_form"},
        {{"a", ">=18", "19"}, "match_form"},
        {{"a", "=guest"}, "match_form"},
        {{"a", "==guest"}, "match_form"},
        {{"a", "!=guest"}, "match_form"},
        {{"a", "!~guest"}, "match_form"},
        {{"a", "~^guest$"}, "match_form"},
        {{"/a", "<18"}, "match_form"},
        {{"a=guest"}, "match_form"},
        {{"a=urn:guest"}, "match_form"},
        {{"a=~guest"}, "match_form"},
        {{"a!=guest"}, "match_form"},
        {{"a<18"}, "match_form"},
        {{"a>=18"}, "match_form"},
        {{"a<", "18"}, "match_form"},
        {{"a=", "guest"}, "match_form"},
        {{"b:x", "a=guest:x"}, "match_form"},

        {{":"}, "match_form"},
        {{"~"}, "match_form"},
        {{":x"}, "match_form"},
        {{"~x"}, "match_form"},
        {{"a:"}, "match_form"},
        {{"a~"}, "match_form"},
        {{"a~("}, "match_form"},
        {{"a:x", "y"}, "match_form"},
        {{"a:x", ""}, "match_form"},
        {{"a~", "x:y"}, "match_form"},
        {{"a:", "x:y"}, "match_form"},
        {{"https://example.org/roles", "admin"}, "match_form"},
        {{"https://example.org/roles"}, "match_form"},
        {{"https://localhost:x"}, "match_form"},
        {{"a:x", "http://localhost:x"}, "match_form"},
        {{"cognito:groups", "admin"}, "match_form"},
        {{"$.roles", "admin"}, "path_form"},
        {{"roles[0]", "admin"}, "path_form"},
        {{"email,sub", "x"}, "path_form"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = requires_name(cases[i].words, *state);
        int count = requires_count(cases[i].words);
        const bearer_match_t *match = NULL;
        bearer_note_t note = {""};

        unit_expect_reason(
            name,
            bearer_match_parse(cases[i].words, count, &match, &note, *state),
            cases[i].want);
        unit_expect(name, !match);
        unit_expect(name, *note.text);
        unit_expect_reason(
            name,
            bearer_match_parse(cases[i].words, count, &match, NULL, *state),
            cases[i].want);
    }
}

/* somebody who reads it knows what to write */
static void match_says_what_to_write(void **state)
{
    static const struct {
        const char *words[REQUIRES_WORDS];
        const char *note;
    } cases[] = {
        {{"level", ">=3"}, "write level >= 3;"},
        {{"level", "<18"}, "write level < 18;"},
        {{"role", "~^guest$"}, "write role ~ ^guest$;"},
        {{"role", "=guest"}, "write role guest;"},
        {{"role", "!=guest"}, "write age < 18;"},
        {{"role", "=="}, "write age < 18;"},
        {{"https://e.org/roles", "admin"},
         "is written /https:~1~1e.org~1roles"},
        {{"https://e.org/roles"}, "is written /https:~1~1e.org~1roles"},
        {{"cognito:groups", "admin"}, "is written /cognito:groups admin"},
        {{"n", ">", "18446744073709551616"}, "write 18446744073709551616.0 to"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_match_t *match = NULL;
        bearer_note_t note = {""};

        unit_expect_reason(cases[i].note,
                           bearer_match_parse(cases[i].words,
                                              requires_count(cases[i].words),
                                              &match, &note, *state),
                           "match_form");
        if (!strstr(note.text, cases[i].note))
            fail_msg("no \"%s\" in: %s", cases[i].note, note.text);
    }
}

/* a line outlives the words it was made from */
static void match_keeps_copies(void **state)
{
    char path[] = "role", value[] = "admin";
    const char *words[] = {path, value, NULL};
    const bearer_match_t *match = compile(words, *state);

    memset(path, 'x', 4);
    memset(value, 'x', 5);
    assert_int_equal(check(match, requires_claims("{'role':'admin'}", *state)),
                     BEARER_MATCH_YES);
    assert_false(check(match, requires_claims("{'role':'xxxxx'}", *state)));
}

/* --- matching --------------------------------------------------------------- */

typedef struct row_t {
    const char *claims;
    const char *words[REQUIRES_WORDS];
    bool want;
} row_t;

static void check_rows(const row_t *rows, apr_size_t count, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < count; i++) {
        const char *name =
            apr_pstrcat(pool, rows[i].claims, " against ",
                        requires_name(rows[i].words, pool), NULL);

        unit_expect(name, check(compile(rows[i].words, pool),
                                requires_claims(rows[i].claims, pool))
                              == rows[i].want);
    }
}

#define CHECK_ROWS(rows, pool)                                                 \
    check_rows(rows, sizeof(rows) / sizeof(rows[0]), pool)

static void match_presence(void **state)
{
    static const row_t rows[] = {
        {"{'a':'x'}", {"a"}, true},
        {"{'a':' '}", {"a"}, true},
        {"{'a':0}", {"a"}, true},
        {"{'a':0.0}", {"a"}, true},
        {"{'a':true}", {"a"}, true},
        {"{'a':[]}", {"a"}, true},
        {"{'a':{}}", {"a"}, true},
        {"{'a':'false'}", {"a"}, true},
        {"{'a':{'b':1}}", {"a.b"}, true},
        {"{'a':[false]}", {"a"}, true},
        {"{'a':['x']}", {"a.0"}, true},
        {"{}", {"a"}, false},
        {"{'A':1}", {"a"}, false},
        {"{'a':null}", {"a"}, false},
        {"{'a':false}", {"a"}, false},
        {"{'a':''}", {"a"}, false},
        {"{'a':{'b':null}}", {"a.b"}, false},
        {"{'a':['']}", {"a.0"}, false},
        {"{'a':'b'}", {"a.b"}, false},
    };

    CHECK_ROWS(rows, *state);
}

static void match_values(void **state)
{
    static const row_t rows[] = {
        {"{'a':'x'}", {"a", "x"}, true},
        {"{'a':'x'}", {"a", "y", "x"}, true},
        {"{'a':'x'}", {"a", "y"}, false},
        {"{'a':'x'}", {"a", "X"}, false},
        {"{'a':'xy'}", {"a", "x"}, false},
        {"{'a':'x'}", {"a", "xy"}, false},
        {"{'a':'x y'}", {"a", "x"}, false},
        {"{'a':'x y'}", {"a", "x y"}, true},
        {"{'a':'x\\n'}", {"a", "x"}, false},
        {"{'a':'~'}", {"a", "x", "~"}, true},
        {"{}", {"a", "x"}, false},

        {"{'a':['x','y']}", {"a", "y"}, true},
        {"{'a':['x','y']}", {"a", "z"}, false},
        {"{'a':[]}", {"a", "x"}, false},
        {"{'a':['x,y']}", {"a", "x"}, false},
        {"{'a':['x','y']}", {"a", "['x','y']"}, false},
        {"{'a':[['x']]}", {"a", "x"}, false},
        {"{'a':[{'x':'x'}]}", {"a", "x"}, false},
        {"{'a':{'x':'x'}}", {"a", "x"}, false},
        {"{'a':{}}", {"a", "{}"}, false},
        {"{'a':[1,true]}", {"a", "true"}, true},

        {"{'a':1}", {"a", "1"}, true},
        {"{'a':'1'}", {"a", "1"}, true},
        {"{'a':1}", {"a", "01"}, false},
        {"{'a':1}", {"a", "+1"}, false},
        {"{'a':1}", {"a", "1.0"}, false},
        {"{'a':1.0}", {"a", "1.0"}, true},
        {"{'a':1.0}", {"a", "1"}, false},
        {"{'a':-0}", {"a", "0"}, true},
        {"{'a':9223372036854775807}", {"a", "9223372036854775807"}, true},
        /* what nothing can hold, only as it is written */
        {"{'a':18446744073709551615}", {"a", "18446744073709551615"}, true},
        {"{'a':18446744073709551615}", {"a", "18446744073709551614"}, false},
        {"{'a':18446744073709551615}", {"a", "18446744073709551616"}, false},
        {"{'a':18446744073709551615}", {"a", "1.8446744073709552e19"}, false},
        {"{'a':18446744073709551615}", {"a", "18446744073709551615.0"}, false},
        {"{'a':18446744073709551615}", {"a", "-1"}, false},
        {"{'a':[1,18446744073709551615]}", {"a", "18446744073709551615"}, true},
        {"{'a':'18446744073709551615'}", {"a", "18446744073709551615"}, true},
        {"{'a':18446744073709551615.0}", {"a", "18446744073709551615"}, false},
        {"{'a':1e400}", {"a", "1e400"}, true},
        {"{'a':1e400}", {"a", "1E400"}, false},
        {"{'a':1e400}", {"a", "1e401"}, false},
        {"{'a':1e400}", {"a", "inf"}, false},
        {"{'a':1e400}", {"a", "1.7976931348623157e308"}, false},
        {"{'a':0.1}", {"a", "0.1"}, true},
        {"{'a':1e-1}", {"a", "0.1"}, true},
        {"{'a':0.1}", {"a", "0.10000000000000001"}, false},
        {"{'a':0.30000000000000004}", {"a", "0.3"}, false},
        {"{'a':0.30000000000000004}", {"a", "0.30000000000000004"}, true},
        {"{'a':[0.2,0.1]}", {"a", "0.1"}, true},
        {"{'a':1e300}", {"a", "1e300"}, true},
        {"{'a':1e300}", {"a", "1e+300"}, false},
        {"{'a':1e2}", {"a", "100.0"}, true},
        {"{'a':1e2}", {"a", "1e2"}, false},
        {"{'a':1e2}", {"a", "100"}, false},
        {"{'a':0.10}", {"a", "0.1"}, true},
        {"{'a':0.1}", {"a", "0.10"}, false},
        {"{'a':0.1}", {"a", "0.1x"}, false},
        {"{'a':0.1}", {"a", "-0.1"}, false},
        {"{'a':-0.0}", {"a", "-0.0"}, true},
        {"{'a':-0.0}", {"a", "0.0"}, false},
        {"{'a':0.0}", {"a", "-0.0"}, false},
        {"{'a':0}", {"a", "-0"}, false},
        {"{'a':-1}", {"a", "-1"}, true},
        {"{'a':2e-308}", {"a", "2e-308"}, true},
        {"{'a':1e-400}", {"a", "0.0"}, true},
        {"{'a':-9223372036854775808}", {"a", "-9223372036854775808"}, true},
        {"{'a':1}", {"a", "true"}, false},
        {"{'a':true}", {"a", "true"}, true},
        {"{'a':true}", {"a", "1"}, false},
        {"{'a':'true'}", {"a", "true"}, true},
        {"{'a':false}", {"a", "false"}, true},
        {"{'a':null}", {"a", "null"}, false},
        {"{'a':[null]}", {"a", "null"}, false},

        {"{'r':{'roles':['x']}}", {"r.roles", "x"}, true},
        {"{'r.roles':['x']}", {"r.roles", "x"}, false},
        {"{'r.roles':['x']}", {"/r.roles", "x"}, true},
        {"{'https://e/r':['x']}", {"/https:~1~1e~1r", "x"}, true},
        {"{'https://e/r':['x']}", {"/https:~1~1e~1r"}, true},
        {"{'a~b':'x'}", {"/a~0b", "x"}, true},
        {"{'a:b':'x'}", {"/a:b", "x"}, true},
        {"{'a:b':'x'}", {"/a:b", "~", "^x$"}, true},
        {"{'a:b':'x'}", {"/a:b"}, true},
        {"{'a':'b'}", {"/a:b"}, false},
        {"{'':'x'}", {"/", "x"}, true},
        /* what looks like an operator, and is none */
        {"{'a=b':'x'}", {"/a=b"}, true},
        {"{'a<b':'x'}", {"/a<b", "x"}, true},
        {"{'a':'<18'}", {"a:<18"}, true},
        {"{'a':'=x'}", {"a:=x"}, true},
        {"{'a':'<18'}", {"a", "~", "^<18$"}, true},
        {"{'a':'x=y'}", {"a", "x=y"}, true},
        {"{'a':'!x'}", {"a", "!x"}, true},
        {"{'a':'<18'}", {"a", "x", "<18"}, true},
    };

    CHECK_ROWS(rows, *state);
}

/* how often strtod was called: each number that is written for a comparison is
 * read back, to find its digits */
static int conversions;

double strtod(const char *restrict text, char **restrict end)
{
    static double (*original)(const char *, char **);

    if (!original)
        *(void **)&original = dlsym(RTLD_NEXT, "strtod");
    conversions++;
    return original(text, end);
}

/* an array of a thousand reals against some values: an issuer could keep a thread
 * busy, and no budget ended it */
static void match_values_write_no_numbers(void **state)
{
    const char *words[] = {"a", "role", "0.1", "2e-308", "1", "true", NULL};
    const char *same[] = {"a", "2.5", NULL};
    apr_array_header_t *all = apr_array_make(*state, 1000, sizeof(char *));
    const bearer_match_t *lines[] = {compile(words, *state),
                                     compile(same, *state)};
    const bearer_path_t *path = NULL;
    const bearer_claims_t *claims;
    int i;

    for (i = 0; i < 1000; i++)
        APR_ARRAY_PUSH(all, const char *) = "3e-308,2.50";
    claims = requires_claims(apr_pstrcat(*state, "{'a':[",
                                         apr_array_pstrcat(*state, all, ','),
                                         "]}", NULL),
                             *state);
    assert_int_equal(bearer_path_parse("a", &path, NULL, *state), 0);
    conversions = 0;
    assert_int_equal(check(lines[0], claims), BEARER_MATCH_NO);
    assert_int_equal(check(lines[1], claims), BEARER_MATCH_YES);
    assert_int_equal(conversions, 0);
    /* a value that the request brings is read once, and written once */
    assert_int_equal(bearer_match_equals(path, unit_str("3.5"), claims),
                     BEARER_MATCH_NO);
    assert_in_range(conversions, 1, 4);
}

static void match_regular_expressions(void **state)
{
    static const row_t rows[] = {
        {"{'a':'alice'}", {"a", "~", "^al"}, true},
        {"{'a':'alice'}", {"a", "~", "lic"}, true},
        {"{'a':'alice'}", {"a", "~", "^AL"}, false},
        {"{'a':'alice'}", {"a", "~", "(?i)^AL"}, true},
        {"{'a':'alice'}", {"a", "~", "^li"}, false},
        {"{'a':['bob','alice']}", {"a", "~", "^alice$"}, true},
        {"{'a':['bob']}", {"a", "~", "^alice$"}, false},
        {"{'a':[]}", {"a", "~", ".*"}, false},
        /* $ is the end, not the position before a last line feed */
        {"{'a':'alice\\n'}", {"a", "~", "^alice$"}, false},
        {"{'a':'bob\\nalice'}", {"a", "~", "^alice$"}, false},
        {"{'a':'\xc3\xa4'}", {"a", "~", "^.$"}, true},
        {"{'a':''}", {"a", "~", "^$"}, true},
        {"{'a':1}", {"a", "~", "1"}, false},
        {"{'a':true}", {"a", "~", "true"}, false},
        {"{'a':null}", {"a", "~", ".*"}, false},
        {"{'a':{'b':'x'}}", {"a", "~", "x"}, false},
        {"{}", {"a", "~", ".*"}, false},
        {"{'a':'x y'}", {"a", "~", "x y"}, true},
    };

    CHECK_ROWS(rows, *state);
}

/* ends without a "yes" instead of holding the thread for ages */
static void match_regular_expressions_end(void **state)
{
    static const char *const regexes[] = {"(a+)+$", "^(a|aa)+$", "(.*)*x",
                                          "^(([a-z])+.)+[A-Z]([a-z])+$",
                                          "a*a*a*a*a*b"};
    char *value = apr_palloc(*state, 8193);
    const bearer_claims_t *claims;
    apr_size_t i;

    memset(value, 'a', 8192);
    value[8191] = '!';
    value[8192] = '\0';
    claims = requires_claims(apr_pstrcat(*state, "{'a':'", value, "'}", NULL),
                             *state);
    for (i = 0; i < sizeof(regexes) / sizeof(regexes[0]); i++) {
        const char *words[] = {"a", "~", regexes[i], NULL};

        unit_expect(regexes[i],
                    check(compile(words, *state), claims) != BEARER_MATCH_YES);
    }
}

/* "no" would let the request in if the line begins with "not" */
static void match_is_unsure_at_its_limits(void **state)
{
    const char *words[] = {"a", "~", "(a+)+$", NULL};
    char *value = apr_palloc(*state, 65);

    memset(value, 'a', 63);
    value[63] = '!';
    value[64] = '\0';
    assert_int_equal(
        check(compile(words, *state),
              requires_claims(apr_pstrcat(*state, "{'a':'", value, "'}", NULL),
                              *state)),
        BEARER_MATCH_UNSURE);
}

/* one claim in blocks, at each of whose characters a match may begin: PCRE2's limit
 * begins again at each character */
static const char *blocks(int count, const char *between, apr_pool_t *pool)
{
    apr_array_header_t *all = apr_array_make(pool, count, sizeof(char *));

    while (count--)
        APR_ARRAY_PUSH(all, const char *) =
            apr_pstrcat(pool, "aaaaaaaaaaaaa!", count ? between : "", NULL);
    return apr_pstrcat(pool, "'", apr_array_pstrcat(pool, all, 0), "'", NULL);
}

/* all members of a claim, and all of a long one, together */
static void match_has_one_budget_a_line(void **state)
{
    const char *words[] = {"a", "~", "(a+)+$", NULL};
    const bearer_match_t *line = compile(words, *state);
    const char *values[] = {
        apr_pstrcat(*state, "[", blocks(300, "','", *state), "]", NULL),
        blocks(300, "", *state)};
    bearer_match_work_t one = {0};
    size_t i;

    assert_int_equal(
        bearer_match_check(
            line, requires_claims("{'a':'aaaaaaaaaaaaa!'}", *state), &one),
        BEARER_MATCH_NO);
    assert_in_range(one.steps, 10000, BEARER_LIMIT_REGEX_LINE / 2);
    for (i = 0; i < 2; i++) {
        const char *text = apr_pstrcat(*state, "{'a':", values[i], "}", NULL);
        bearer_match_work_t work = {0};

        assert_int_equal(
            bearer_match_check(line, requires_claims(text, *state), &work),
            BEARER_MATCH_UNSURE);
        /* the last step may have run over the whole claim */
        assert_in_range(work.steps, BEARER_LIMIT_REGEX_LINE,
                        BEARER_LIMIT_REGEX_LINE + 1000);
    }
}

static void match_has_one_budget_a_request(void **state)
{
    const char *words[] = {"a", "~", "(a+)+$", NULL};
    const char *other[] = {"a", "~", "b$", NULL};
    const char *plain[] = {"a", "b", NULL};
    const bearer_match_t *line = compile(words, *state);
    const bearer_claims_t *claims = requires_claims(
        apr_pstrcat(*state, "{'a':", blocks(1, "", *state), "}", NULL), *state);
    bearer_match_work_t work = {0};
    int lines = 0;

    while (lines < 1000
           && bearer_match_check(line, claims, &work) == BEARER_MATCH_NO)
        lines++;
    assert_in_range(lines, 5, 100);
    assert_in_range(work.steps, BEARER_LIMIT_REGEX_REQUEST,
                    BEARER_LIMIT_REGEX_REQUEST + 1000);
    /* and no expression runs any more, however short; the others do */
    assert_int_equal(bearer_match_check(compile(other, *state), claims, &work),
                     BEARER_MATCH_UNSURE);
    assert_int_equal(bearer_match_check(compile(plain, *state), claims, &work),
                     BEARER_MATCH_NO);
}

/* real expressions are far from the limits */
static void match_budget_is_wide(void **state)
{
    static const char *const regexes[] = {"^admin$", "^(.*,)?admin(,.*)?$",
                                          "@example\\.com$", "^[a-z-]+$",
                                          "(?i)admins"};
    apr_array_header_t *all = apr_array_make(*state, 200, sizeof(char *));
    const bearer_claims_t *claims;
    bearer_match_work_t work = {0};
    size_t i;

    for (i = 0; i < 200; i++)
        APR_ARRAY_PUSH(all, const char *) = apr_psprintf(
            *state, "'/Company/Department %d/Group-%d'", (int)i, (int)i);
    claims = requires_claims(apr_pstrcat(*state, "{'a':[",
                                         apr_array_pstrcat(*state, all, ','),
                                         "]}", NULL),
                             *state);
    for (i = 0; i < sizeof(regexes) / sizeof(regexes[0]); i++) {
        const char *words[] = {"a", "~", regexes[i], NULL};

        work.steps = 0;
        unit_expect(regexes[i],
                    bearer_match_check(compile(words, *state), claims, &work)
                        == BEARER_MATCH_NO);
        unit_expect(regexes[i], work.steps < BEARER_LIMIT_REGEX_LINE / 4);
    }
}

static void match_values_known_late(void **state)
{
    static const struct {
        const char *claims, *path, *text;
        bool want;
    } rows[] = {
        {"{'a':'x'}", "a", "x", true},
        {"{'a':'x'}", "a", "y", false},
        {"{'a':['x','y']}", "a", "y", true},
        {"{'a':['x','y']}", "a", "x,y", false},
        {"{'a':{'b':7}}", "a.b", "7", true},
        {"{'a':true}", "a", "true", true},
        {"{'a':null}", "a", "null", false},
        {"{'a':'x'}", "b", "x", false},
        {"{'a':'x'}", "a", "~", false},
        {"{'a':''}", "a", "", true},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const bearer_path_t *path;

        assert_int_equal(bearer_path_parse(rows[i].path, &path, NULL, *state),
                         0);
        unit_expect(rows[i].claims,
                    bearer_match_equals(path, unit_str(rows[i].text),
                                        requires_claims(rows[i].claims, *state))
                        == rows[i].want);
    }
}

static void match_numbers(void **state)
{
    static const row_t rows[] = {
        {"{'a':5}", {"a", ">=", "5"}, true},
        {"{'a':5}", {"a", ">", "5"}, false},
        {"{'a':5}", {"a", "<=", "5"}, true},
        {"{'a':5}", {"a", "<", "5"}, false},
        {"{'a':6}", {"a", ">=", "5"}, true},
        {"{'a':6}", {"a", ">", "5"}, true},
        {"{'a':6}", {"a", "<=", "5"}, false},
        {"{'a':6}", {"a", "<", "5"}, false},
        {"{'a':4}", {"a", ">=", "5"}, false},
        {"{'a':4}", {"a", ">", "5"}, false},
        {"{'a':4}", {"a", "<=", "5"}, true},
        {"{'a':4}", {"a", "<", "5"}, true},
        {"{'a':-1}", {"a", "<", "0"}, true},
        {"{'a':5}", {"a", ">=", "+5"}, true},
        {"{'a':5.5}", {"a", ">", "5"}, true},
        {"{'a':5}", {"a", "<", "5.5"}, true},
        {"{'a':5}", {"a", ">", "4.5"}, true},
        {"{'a':-5}", {"a", "<", "-4.5"}, true},
        {"{'a':-5}", {"a", ">", "-5.5"}, true},
        {"{'a':-5}", {"a", ">=", "-5.0"}, true},
        {"{'a':-5}", {"a", "<=", "-5.0"}, true},
        {"{'a':5.25}", {"a", "<", "5.5"}, true},
        {"{'a':5.5}", {"a", ">=", "5.5"}, true},
        {"{'a':0.1}", {"a", "<=", "0.1"}, true},
        {"{'a':0.1}", {"a", ">=", "1e-1"}, true},
        {"{'a':1e300}", {"a", ">", "9223372036854775807"}, true},
        {"{'a':-1e300}", {"a", "<", "-9223372036854775808"}, true},
        {"{'a':1}", {"a", "<", "1e300"}, true},
        {"{'a':1}", {"a", ">", "-1e300"}, true},

        /* exact where doubles are not */
        {"{'a':9223372036854775807}", {"a", ">", "9223372036854775806"}, true},
        {"{'a':9223372036854775806}",
         {"a", ">=", "9223372036854775807"},
         false},
        {"{'a':9223372036854775807}", {"a", ">=", "9223372036854775807"}, true},
        {"{'a':-9223372036854775808}",
         {"a", "<=", "-9223372036854775808"},
         true},
        {"{'a':-9223372036854775808}",
         {"a", "<", "-9223372036854775807"},
         true},
        {"{'a':9223372036854775807}",
         {"a", ">=", "9223372036854775808.0"},
         false},
        {"{'a':9223372036854775807}",
         {"a", "<", "9223372036854775808.0"},
         true},
        {"{'a':-9223372036854775808}",
         {"a", ">=", "-9223372036854775808.0"},
         true},
        {"{'a':9223372036854775808.0}",
         {"a", ">", "9223372036854775807"},
         true},
        {"{'a':9223372036854775808.0}",
         {"a", "<=", "9223372036854775807"},
         false},
        {"{'a':9007199254740993}", {"a", ">", "9007199254740992.0"}, true},
        {"{'a':9007199254740993}", {"a", "<=", "9007199254740992.0"}, false},
        {"{'a':9007199254740992.0}", {"a", ">=", "9007199254740993"}, false},
        {"{'a':9007199254740992.0}", {"a", "<", "9007199254740993"}, true},

        /* and where neither can hold the claim */
        {"{'a':18446744073709551615}", {"a", ">", "9223372036854775807"}, true},
        {"{'a':18446744073709551615}",
         {"a", "<", "9223372036854775807"},
         false},
        {"{'a':18446744073709551615}",
         {"a", "<", "18446744073709551616.0"},
         true},
        {"{'a':18446744073709551616}",
         {"a", ">=", "18446744073709551616.0"},
         true},
        {"{'a':18446744073709551616}",
         {"a", ">", "18446744073709551616.0"},
         false},
        {"{'a':18446744073709551617}",
         {"a", ">", "18446744073709551616.0"},
         true},
        {"{'a':-18446744073709551615}", {"a", "<", "-9e18"}, true},
        {"{'a':-18446744073709551615}", {"a", ">", "0"}, false},
        {"{'a':1e400}", {"a", ">", "1.7e308"}, true},
        {"{'a':-1e400}", {"a", "<", "-1.7e308"}, true},
        {"{'a':-1e400}", {"a", ">=", "-1.7e308"}, false},
        {"{'a':'18446744073709551615'}", {"a", ">", "5"}, false},

        /* numbers only */
        {"{'a':'5'}", {"a", ">=", "5"}, false},
        {"{'a':true}", {"a", ">=", "0"}, false},
        {"{'a':null}", {"a", ">=", "0"}, false},
        {"{'a':null}", {"a", "<=", "0"}, false},
        {"{'a':[5]}", {"a", ">=", "5"}, false},
        {"{'a':{}}", {"a", "<", "5"}, false},
        {"{}", {"a", "<", "5"}, false},
        {"{'a':[5]}", {"a.0", ">=", "5"}, true},
    };

    CHECK_ROWS(rows, *state);
}

static void match_one_word_forms(void **state)
{
    static const row_t rows[] = {
        {"{'a':'x'}", {"a:x"}, true},
        {"{'a':'x'}", {"a:y"}, false},
        {"{'a':'x'}", {"a:y", "a:x"}, true},
        {"{'b':'x'}", {"a:x", "b:x"}, true},
        {"{'a':'x:y'}", {"a:x:y"}, true},
        {"{'a':'x~y'}", {"a:x~y"}, true},
        {"{'a':['x','y']}", {"a:y"}, true},
        {"{'a':1}", {"a:1"}, true},
        {"{'a':{'b':'x'}}", {"a.b:x"}, true},
        {"{'a':'alice'}", {"a~^al"}, true},
        {"{'a':'alice'}", {"a~^li"}, false},
        {"{'a':'x:y'}", {"a~x:y"}, true},
        {"{'a':'x'}", {"a:y", "a~^x$"}, true},
        {"{'a':' '}", {"a: "}, true},
        {"{'a':'//e/r'}", {"a://e/r"}, true},
        {"{'a:b':'x'}", {"a:b"}, false},
        {"{'c':'x'}", {"a:b", "/c:x"}, true},
        {"{}", {"a:x"}, false},
    };

    CHECK_ROWS(rows, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(match_refuses_lines_it_does_not_understand),
        unit_row(match_says_what_to_write),
        unit_row(match_keeps_copies),
        unit_row(match_presence),
        unit_row(match_values),
        unit_row(match_values_write_no_numbers),
        unit_row(match_regular_expressions),
        unit_row(match_regular_expressions_end),
        unit_row(match_is_unsure_at_its_limits),
        unit_row(match_has_one_budget_a_line),
        unit_row(match_has_one_budget_a_request),
        unit_row(match_budget_is_wide),
        unit_row(match_values_known_late),
        unit_row(match_numbers),
        unit_row(match_one_word_forms),
    };

    return unit_run(tests);
}
