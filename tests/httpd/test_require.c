/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/httpd/inside.h"

#include <ap_expr.h>
#include <ap_provider.h>
#include <http_request.h>
#include <mod_auth.h>

#include "bearer/base/limits.h"
#include "httpd/request/require.h"

static const authz_provider *provider(const char *name)
{
    const authz_provider *found =
        ap_lookup_provider(AUTHZ_PROVIDER_GROUP, name, AUTHZ_PROVIDER_VERSION);

    assert_non_null(found);
    return found;
}

/* "Require [not] claim …" as it stands in a configuration */
static const char *parse(const char *line, const void **parsed,
                         const authz_provider **by, const char **args,
                         apr_pool_t *pool)
{
    cmd_parms *cmd = inside_command("Require", line, pool);
    const char *rest = line;
    const char *word = ap_getword_conf(pool, &rest);

    if (strcmp(word, "not") == 0)
        word = ap_getword_conf(pool, &rest);
    *by = provider(word);
    *args = rest;
    *parsed = NULL;
    return (*by)->parse_require_line(cmd, rest, parsed);
}

static authz_status check(request_rec *r, const char *line, apr_pool_t *pool)
{
    const authz_provider *by;
    const char *args, *error;
    const void *parsed;

    error = parse(line, &parsed, &by, &args, pool);
    if (error)
        fail_msg("%s: %s", line, error);
    return by->check_authorization(r, args, parsed);
}

static const char claims[] =
    "{\"iss\":\"i\",\"tenant\":\"acme\",\"empty\":\"\",\"level\":3,"
    "\"groups\":[\"a\",\"b\"],\"path\":\"/plain\",\"scope\":\"read write\","
    "\"ctl\":\"x\\ny\",\"list\":[\"a\",\"x\\ny\",1,true]}";

/* --- lines ----------------------------------------------------------------------------- */

static void require_with_claims(void **state)
{
    static const struct {
        const char *line;
        authz_status want;
    } rows[] = {
        {"claim tenant", AUTHZ_GRANTED},
        {"claim tenant acme", AUTHZ_GRANTED},
        {"claim tenant other acme", AUTHZ_GRANTED},
        {"claim tenant other", AUTHZ_DENIED},
        {"claim nothing", AUTHZ_DENIED},
        {"claim groups b", AUTHZ_GRANTED},
        {"claim level >= 3", AUTHZ_GRANTED},
        {"claim level > 3", AUTHZ_DENIED},
        {"claim tenant ~ ^ac", AUTHZ_GRANTED},
        {"claim tenant:acme", AUTHZ_GRANTED},
        {"claim tenant~^x", AUTHZ_DENIED},
        {"bearer-claim tenant acme", AUTHZ_GRANTED},
        {"scope read", AUTHZ_GRANTED},
        {"scope write read", AUTHZ_GRANTED},
        {"scope read admin", AUTHZ_DENIED},
        {"bearer-scope read", AUTHZ_GRANTED},
        {"claim path %{REQUEST_URI}", AUTHZ_GRANTED},
        {"claim path:%{REQUEST_URI}", AUTHZ_GRANTED},
        {"claim path x %{REQUEST_URI}", AUTHZ_GRANTED},
        {"claim tenant %{REQUEST_URI}", AUTHZ_DENIED},
        {"claim tenant:%{REQUEST_URI} path:%{REQUEST_URI}", AUTHZ_GRANTED},
        /* what gives nothing equals nothing */
        {"claim empty %{QUERY_STRING}", AUTHZ_DENIED},
        {"scope read %{HTTP:X-Scope}", AUTHZ_GRANTED},
        {"scope %{HTTP:X-Other}", AUTHZ_DENIED},
        {"not claim tenant acme", AUTHZ_GRANTED},
        {"not claim tenant other", AUTHZ_DENIED},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request("/plain", *state);
        authz_status got;

        (void)inside_admit(r, claims);
        apr_table_setn(r->headers_in, "X-Scope", "write");
        apr_table_setn(r->headers_in, "X-Other", "admin");
        got = check(r, rows[i].line, *state);
        if (got != rows[i].want)
            fail_msg("%s: %d, not %d", rows[i].line, (int)got,
                     (int)rows[i].want);
    }
}

/* in a place of ours: nobody without a token, and a "no" that "not" would turn into
 * a "yes" is remembered */
static void require_without_claims(void **state)
{
    static const struct {
        const char *line;
        bool user;
        authz_status want;
        bool read;
    } rows[] = {
        {"claim tenant", false, AUTHZ_DENIED_NO_USER, false},
        {"scope read", false, AUTHZ_DENIED_NO_USER, false},
        {"not claim tenant", false, AUTHZ_DENIED_NO_USER, true},
        {"not scope read", false, AUTHZ_DENIED_NO_USER, true},
        {"claim tenant", true, AUTHZ_DENIED, true},
        {"scope read", true, AUTHZ_DENIED, true},
        {"not claim tenant", true, AUTHZ_DENIED, true},
        {"not scope read", true, AUTHZ_DENIED, true},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request("/plain", *state);
        mab_request_t *request = inside_admit(r, claims);
        authz_status got;

        request->verdict.why = BEARER_TOKEN_MISSING;
        r->user = rows[i].user ? (char *)"somebody" : NULL;
        got = check(r, rows[i].line, *state);
        if (got != rows[i].want || request->claims_read != rows[i].read)
            fail_msg("%s, %d: %d, not %d; %d", rows[i].line, rows[i].user,
                     (int)got, (int)rows[i].want, request->claims_read);
    }
}

/* elsewhere there are no claims at all, and "not" would admit everybody */
static void require_in_foreign_places(void **state)
{
    request_rec *r = inside_request("/", *state);

    assert_int_equal(check(r, "claim tenant", *state), AUTHZ_DENIED_NO_USER);
    assert_int_equal(check(r, "not claim tenant", *state), AUTHZ_GENERAL_ERROR);
    assert_int_equal(check(r, "not scope read", *state), AUTHZ_GENERAL_ERROR);
    r->user = (char *)"somebody";
    assert_int_equal(check(r, "claim tenant", *state), AUTHZ_DENIED);
    assert_int_equal(check(r, "not claim tenant", *state), AUTHZ_GENERAL_ERROR);
}

/* what a challenge asks for: each once, none of "not" */
static void require_remembers_scopes(void **state)
{
    request_rec *r = inside_request("/plain", *state);
    mab_request_t *request = inside_admit(r, "{\"scope\":\"read\"}");

    (void)check(r, "scope read", *state);
    assert_null(request->scopes);
    (void)check(r, "scope admin", *state);
    (void)check(r, "scope admin write", *state);
    (void)check(r, "scope admin:all", *state);
    (void)check(r, "not scope evil", *state);
    assert_string_equal(request->scopes, "admin write admin:all");
}

static void require_mistakes(void **state)
{
    static const char *const rows[] = {
        "claim",
        "claim \"\" x",
        "claim tenant ~ (",
        "claim tenant >= x",
        "claim level > %{QUERY_STRING}",
        "claim tenant ~ %{QUERY_STRING}",
        "claim tenant~%{QUERY_STRING}",
        "claim %{QUERY_STRING}",
        "claim tenant %{nothing",
        "claim tenant %{NO_SUCH_FUNCTION:x}",
        "scope",
        "scope %{nothing",
    };
    const authz_provider *by;
    const void *parsed;
    const char *args;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!parse(rows[i], &parsed, &by, &args, *state))
            fail_msg("%s is no mistake", rows[i]);
    }
}

/* an expression that fails is no answer: neither "yes" nor, after "not", "no" */
static void require_expressions_that_fail(void **state)
{
    static const char *const rows[] = {
        "claim tenant %{file:/nowhere/at/all}",
        "claim tenant:%{file:/nowhere/at/all}",
        "claim tenant acme2 %{file:/nowhere/at/all}",
        "not claim tenant %{file:/nowhere/at/all}",
        "scope %{file:/nowhere/at/all}",
        "scope read %{file:/nowhere/at/all}",
        "not scope %{file:/nowhere/at/all}",
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request("/plain", *state);
        authz_status got;
        const char *log;

        (void)inside_admit(r, claims);
        inside_listen(r);
        got = check(r, rows[i], *state);
        log = inside_heard(*state);
        unit_expect(rows[i], got == AUTHZ_GENERAL_ERROR);
        unit_expect(rows[i], strstr(log, "MAB0402: "));
        /* no claim's value */
        unit_expect(rows[i], !strstr(log, "acme"));
    }
}

/* a regular expression that takes too long says neither yes nor no; of the same
 * claims a line says the same again, whatever it costs */
static void require_bounds_the_work(void **state)
{
    const char *value = apr_pstrcat(*state, "{\"tenant\":\"",
                                    apr_pstrndup(*state,
                                                 "aaaaaaaaaaaaaaaaaaaa"
                                                 "aaaaaaaaaaaaaaaaaaaaaaaaaa"
                                                 "aaaaaaaaaaaaaaaaaaaaaaaaaa",
                                                 72),
                                    "!\"}", NULL);
    request_rec *r = inside_request("/plain", *state);
    const authz_provider *by;
    const void *slow, *fast;
    const char *args, *log;
    int i;

    (void)inside_admit(r, value);
    assert_null(parse("claim tenant ~ ^(a|aa)+!$", &fast, &by, &args, *state));
    assert_int_equal(by->check_authorization(r, args, fast), AUTHZ_GRANTED);
    assert_null(parse("claim tenant ~ ^(a|aa)+$", &slow, &by, &args, *state));
    inside_listen(r);
    for (i = 0; i < 3; i++)
        assert_int_equal(by->check_authorization(r, args, slow),
                         AUTHZ_GENERAL_ERROR);
    log = inside_heard(*state);
    assert_non_null(strstr(log, "MAB0403: "));
    assert_null(strstr(log, "aaaa"));
    for (i = 0; i < 100000; i++)
        assert_int_equal(by->check_authorization(r, args, fast), AUTHZ_GRANTED);
}

/* a line of a .htaccess file lives no longer than its request: nothing of it is
 * kept for earlier ones */
static void require_lines_of_htaccess_are_not_kept(void **state)
{
    request_rec *page = inside_request("/plain", *state);
    request_rec *r = inside_request("/plain", *state);
    const authz_provider *by = provider("claim");
    cmd_parms *cmd = inside_command("Require", "claim tenant ~ ^a", *state);
    const void *parsed = NULL;
    void *kept = NULL;
    int lasting;

    for (lasting = 0; lasting < 2; lasting++) {
        mab_request_t *first = inside_admit(page, claims);

        inside_admit(r, "{}")->verdict.proof.claims =
            first->verdict.proof.claims;
        r->main = page;
        if (!lasting)
            cmd->temp_pool = cmd->pool;
        else
            (void)apr_pool_create(&cmd->temp_pool, cmd->pool);
        assert_null(by->parse_require_line(cmd, "tenant ~ ^a", &parsed));
        assert_int_equal(by->check_authorization(r, "", parsed), AUTHZ_GRANTED);
        (void)apr_pool_userdata_get(&kept, "mab-require-done", page->pool);
        assert_int_equal(kept != NULL, lasting);
    }
}

/* no challenge of any length */
static void require_bounds_the_scopes_asked_for(void **state)
{
    request_rec *r = inside_request("/plain", *state);
    mab_request_t *request = inside_admit(r, "{}");
    int i;

    for (i = 0; i < 1000; i++)
        (void)check(r, apr_psprintf(*state, "scope scope%d", i), *state);
    assert_in_range(strlen(request->scopes), BEARER_LIMIT_SCOPES_ASKED / 2,
                    2 * BEARER_LIMIT_SCOPES_ASKED);
}

/* --- another module has the name ------------------------------------------------------- */

static void require_says_whose_the_names_are(void **state)
{
    static const authz_provider theirs = {NULL, NULL};
    request_rec *r = inside_request("/", *state);
    /* httpd's hash of providers lives as long as the configuration */
    apr_pool_t *pool = r->server->process->pconf;
    const authz_provider *ours = provider("scope");
    ap_directive_t *tree = ap_conftree;
    int refused, warned;
    const char *log;

    assert_int_equal(mab_require_check(*state, r->server), OK);
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, "scope",
                              AUTHZ_PROVIDER_VERSION, &theirs,
                              AP_AUTH_INTERNAL_PER_CONF);
    inside_listen(r);
    /* "/chain/scope" has such a line */
    refused = mab_require_check(*state, r->server);
    /* without it there is a warning: .htaccess files may have some */
    ap_conftree = NULL;
    warned = mab_require_check(*state, r->server);
    ap_conftree = tree;
    log = inside_heard(*state);
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, "scope",
                              AUTHZ_PROVIDER_VERSION, ours,
                              AP_AUTH_INTERNAL_PER_CONF);
    assert_int_equal(refused, HTTP_INTERNAL_SERVER_ERROR);
    assert_int_equal(warned, OK);
    assert_non_null(strstr(log, "MAB0108: "));
    assert_non_null(strstr(log, "MAB0101: \"Require scope\""));
    assert_ptr_equal(provider("scope"), ours);
}

/* a line below <RequireNone> or in an alias may be turned around, too */
static void require_knows_what_turns_a_no_around(void **state)
{
    static const struct {
        const char *section;
        authz_status want;
    } rows[] = {
        {"<RequireAny", AUTHZ_DENIED_NO_USER},
        {"<RequireNone", AUTHZ_GENERAL_ERROR},
        {"<requirenone", AUTHZ_GENERAL_ERROR},
        {"<AuthzProviderAlias", AUTHZ_GENERAL_ERROR},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cmd_parms *cmd = inside_command("Require", "claim tenant", *state);
        ap_directive_t outer = {.directive = rows[i].section};
        ap_directive_t inner = {.directive = "<RequireAll", .parent = &outer};
        const authz_provider *by = provider("claim");
        request_rec *r = inside_request("/", *state);
        const void *parsed = NULL;

        cmd->directive->parent = &inner;
        assert_null(by->parse_require_line(cmd, "tenant", &parsed));
        unit_expect(rows[i].section,
                    by->check_authorization(r, "tenant", parsed)
                        == rows[i].want);
    }
}

/* --- expressions -------------------------------------------------------------------------- */

static const char *evaluate(request_rec *r, const char *text)
{
    const char *error = NULL, *value;
    ap_expr_info_t *expr =
        ap_expr_parse_cmd(inside_command("X", "", r->pool), text,
                          AP_EXPR_FLAG_STRING_RESULT, &error, NULL);

    if (error)
        fail_msg("%s: %s", text, error);
    value = ap_expr_str_exec(r, expr, &error);
    assert_null(error);
    return value;
}

static bool holds(request_rec *r, const char *text)
{
    const char *error = NULL;
    ap_expr_info_t *expr = ap_expr_parse_cmd(inside_command("X", "", r->pool),
                                             text, 0, &error, NULL);
    int result;

    if (error)
        fail_msg("%s: %s", text, error);
    result = ap_expr_exec(r, expr, &error);
    assert_null(error);
    return result > 0;
}

static void require_expressions(void **state)
{
    request_rec *r = inside_request("/plain", *state);
    mab_request_t *request = inside_admit(r, claims);

    assert_string_equal(evaluate(r, "%{claim:tenant}"), "acme");
    assert_string_equal(evaluate(r, "%{claim:level}"), "3");
    assert_string_equal(evaluate(r, "<%{claim:nothing}>"), "<>");
    assert_string_equal(evaluate(r, "%{claim:%{tolower:TENANT}}"), "acme");
    assert_false(request->withheld);
    assert_string_equal(evaluate(r, "<%{claim:ctl}>"), "<>");
    assert_true(request->withheld);
    apr_table_setn(r->headers_in, "X-Control", "x\ny");
    assert_true(holds(r, "'b' in claims('groups')"));
    assert_false(holds(r, "'c' in claims('groups')"));
    assert_true(holds(r, "'acme' in claims('tenant')"));
    assert_true(holds(r, "'true' in claims('list')"));
    assert_false(holds(r, "%{HTTP:X-Control} in claims('list')"));
    assert_false(holds(r, "'a' in claims('nothing')"));
}

/* at start where it stands in the configuration, else as an absent claim */
static void require_expressions_with_a_path_that_is_none(void **state)
{
    static const char *const texts[] = {
        "claim('..') == 'x'", "'%{claim:..}' == 'x'", "'a' in claims('..')"};
    request_rec *r = inside_request("/plain", *state);
    mab_request_t *request = inside_admit(r, claims);
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *error = NULL;

        (void)ap_expr_parse_cmd(inside_command("X", "", r->pool), texts[i], 0,
                                &error, NULL);
        unit_expect(texts[i], error && strstr(error, "\"..\" is not a claim"));
    }
    request->nameless = false;
    assert_string_equal(evaluate(r, "<%{claim:%{tolower:..}}>"), "<>");
    assert_true(request->nameless);
    assert_false(request->withheld);
    assert_false(holds(r, "'a' in claims(tolower('..'))"));
}

static void require_expressions_without_a_token(void **state)
{
    request_rec *r = inside_request("/plain", *state);
    mab_request_t *request = inside_admit(r, claims);

    request->verdict.why = BEARER_EXPIRED;
    assert_string_equal(evaluate(r, "<%{claim:tenant}>"), "<>");
    assert_true(request->claims_read);
    assert_false(holds(r, "'a' in claims('groups')"));
}

int inside_require(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(require_with_claims),
        unit_row(require_without_claims),
        unit_row(require_in_foreign_places),
        unit_row(require_remembers_scopes),
        unit_row(require_mistakes),
        unit_row(require_expressions_that_fail),
        unit_row(require_expressions_with_a_path_that_is_none),
        unit_row(require_bounds_the_work),
        unit_row(require_lines_of_htaccess_are_not_kept),
        unit_row(require_bounds_the_scopes_asked_for),
        unit_row(require_says_whose_the_names_are),
        unit_row(require_knows_what_turns_a_no_around),
        unit_row(require_expressions),
        unit_row(require_expressions_without_a_token),
    };

    return unit_run(tests);
}
