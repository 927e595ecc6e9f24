/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/require.h"

#include <string.h>

#include <ap_expr.h>
#include <ap_provider.h>
#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_request.h>
#include <mod_auth.h>

#include "bearer/base/str.h"
#include "bearer/base/limits.h"
#include "bearer/judge/match.h"
#include "bearer/judge/scope.h"
#include "httpd/conf/doubt.h"
#include "httpd/conf/foreign.h"
#include "httpd/request/judge.h"

/** A value to compare with that only the request brings. */
typedef struct late_t {
    const bearer_path_t *path; /* NULL: a scope */
    const ap_expr_info_t *value;
} late_t;

/** A Require line. Expressions stand for values only: what a request says never
 * becomes a path, an operator or a regular expression. */
typedef struct line_t {
    const char *const *words;
    int count;
    bool negated; /* or may be: see is_negated */
    bool lasting; /* not of a .htaccess file, read for a request */
    bool regex;   /* in match */
    const bearer_match_t *match; /* claim lines without expressions */
    const late_t *late;          /* count of them; NULL: no expression */
} line_t;

/* --- reading lines ------------------------------------------------------------------ */

/* Whether a "no" of this line may let somebody in: "Require not", <RequireNone>; a
 * line in an alias may be used after "not". */
static bool is_negated(const cmd_parms *cmd)
{
    const ap_directive_t *directive = cmd->directive;
    const char *args = directive ? directive->args : "";

    if (strcasecmp(ap_getword_conf(cmd->temp_pool, &args), "not") == 0)
        return true;
    for (; directive; directive = directive->parent) {
        if (strcasecmp(directive->directive, "<RequireNone") == 0
            || strcasecmp(directive->directive, "<AuthzProviderAlias") == 0)
            return true;
    }
    return false;
}

/* Keeps empty words, for the checks to find: "Require claim tenant "${EMPTY}""
 * would ask only whether there is a tenant. httpd takes blanks off the end of a
 * line before it puts variables in, so a blank there was an empty variable. */
static const char *const *cut_words(const char *text, int *count,
                                    apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(char *));
    apr_size_t len = strlen(text);
    bool blank_end = len && apr_isspace(text[len - 1]);

    while (*text)
        APR_ARRAY_PUSH(words, const char *) = ap_getword_conf(pool, &text);
    if (blank_end)
        APR_ARRAY_PUSH(words, const char *) = "";
    *count = words->nelts;
    return (const char *const *)words->elts;
}

static bool has_expression(const line_t *line)
{
    int i;

    for (i = 0; i < line->count; i++) {
        if (strstr(line->words[i], "%{"))
            return true;
    }
    return false;
}

static const char *add_late(cmd_parms *cmd, apr_array_header_t *late,
                            const char *path, const char *value)
{
    late_t *one = apr_array_push(late);
    const char *error = NULL;

    one->path = NULL;
    if (path)
        error = mab_words_parse_path(path, &one->path, cmd->pool);
    if (error)
        return apr_pstrcat(cmd->pool, "Require: ", error, NULL);
    one->value =
        ap_expr_parse_cmd(cmd, value, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
    return error;
}

static const char only_values[] =
    "Require claim: an expression (%{...}) may only stand for a value to compare "
    "with: <path> <value>... or <name>:<value>";

/* "<path> <value>…" or "<name>:<value>…" with expressions among the values */
static const char *parse_late_claim(cmd_parms *cmd, line_t *line)
{
    apr_array_header_t *late =
        apr_array_make(cmd->pool, line->count, sizeof(late_t));
    const char *const *words = line->words;
    bool one_word = words[0][0] != '/' && strpbrk(words[0], ":~%");
    const char *error = NULL;
    int i;

    for (i = one_word ? 0 : 1; i < line->count && !error; i++) {
        const char *sign = one_word ? strpbrk(words[i], ":~%") : NULL;

        if (one_word && (!sign || *sign != ':'))
            return only_values;
        error = one_word
                    ? add_late(cmd, late,
                               apr_pstrmemdup(cmd->pool, words[i],
                                              (apr_size_t)(sign - words[i])),
                               sign + 1)
                    : add_late(cmd, late, words[0], words[i]);
    }
    line->late = (const late_t *)late->elts;
    line->count = late->nelts;
    return error;
}

/* the line as if its expressions were plain words: its form must be right too */
static const char *parse_claim(cmd_parms *cmd, const char *text,
                               const void **parsed)
{
    line_t *line = apr_pcalloc(cmd->pool, sizeof(*line));
    bearer_note_t note = {""};
    const char *error;

    line->words = cut_words(text, &line->count, cmd->pool);
    line->negated = is_negated(cmd);
    line->lasting = !mab_words_in_htaccess(cmd);
    *parsed = line;
    error = mab_doubt_quotes(cmd, line->words, line->count);
    if (error)
        return error;
    if (bearer_match_parse(line->words, line->count, &line->match, &note,
                           cmd->pool))
        return apr_psprintf(
            cmd->pool,
            "Require claim: %s; allowed is <path> [<value>...], "
            "<path> ~ <regex>, <path> >=|>|<=|< <number>, "
            "<name>:<value> or <name>~<regex>",
            mab_words_plain(note.text, cmd->pool));
    line->regex = bearer_match_has_regex(line->match);
    error = mab_doubt_claim(cmd, line->words, line->count);
    if (error || !has_expression(line))
        return error;
    if (line->count > 1 && strpbrk(line->words[1], "~<>")
        && strlen(line->words[1]) <= 2)
        return only_values;
    return parse_late_claim(cmd, line);
}

static const char *parse_scope(cmd_parms *cmd, const char *text,
                               const void **parsed)
{
    line_t *line = apr_pcalloc(cmd->pool, sizeof(*line));
    apr_array_header_t *late;
    const char *error = NULL;
    int i;

    line->words = cut_words(text, &line->count, cmd->pool);
    if (!line->count)
        return "Require scope: no scope is named; name one or more, all of "
               "which the token must have";
    error = mab_doubt_quotes(cmd, line->words, line->count);
    for (i = 0; i < line->count && !error; i++) {
        if (!*line->words[i])
            return "Require scope: a word is empty (is a variable of the "
                   "configuration not set?); name one or more scopes";
        if (strchr(line->words[i], ',') && !strstr(line->words[i], "%{"))
            error = mab_doubt_comma(cmd, line->words[i]);
    }
    if (error)
        return error;
    line->negated = is_negated(cmd);
    *parsed = line;
    if (!has_expression(line))
        return NULL;
    late = apr_array_make(cmd->pool, line->count, sizeof(late_t));
    for (i = 0; i < line->count && !error; i++)
        error = add_late(cmd, late, NULL, line->words[i]);
    line->late = (const late_t *)late->elts;
    return error;
}

/* the value for this request; NULL if it cannot be had */
static const char *evaluate(request_rec *r, const late_t *late)
{
    const char *error = NULL;
    const char *value = ap_expr_str_exec(r, late->value, &error);

    if (!error)
        return value;
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "MAB0402: an expression in a Require line failed; answered "
                  "500: %s",
                  error);
    return NULL;
}

/* --- checking ------------------------------------------------------------------------ */

/* The answer where there are no claims. In a place of ours an access checker that
 * lets the request in all the same is overruled: 401. Elsewhere a "no" must not
 * become a yes after "not", and the administrator has to know. */
static authz_status check_without(request_rec *r, const line_t *line,
                                  authz_status status)
{
    mab_request_t *request = mab_record_find(r);

    if (!line->negated)
        return status;
    if (request) {
        request->claims_read = true;
        return status;
    }
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "MAB0404: a negated Require line asks for claims where "
                  "AuthType is not Bearer; answered 500");
    return AUTHZ_GENERAL_ERROR;
}

static authz_status check_late(request_rec *r, const line_t *line,
                               const bearer_claims_t *claims)
{
    bearer_match_result_t result;
    int i;

    for (i = 0; i < line->count; i++) {
        const char *value = evaluate(r, &line->late[i]);
        bearer_str_t text = bearer_str(value);

        if (!value)
            return AUTHZ_GENERAL_ERROR;
        /* an expression that gives nothing must not equal an empty claim */
        if (!text.len)
            continue;
        result = bearer_match_equals(line->late[i].path, text, claims);
        if (result != BEARER_MATCH_NO)
            return result == BEARER_MATCH_YES ? AUTHZ_GRANTED
                                              : AUTHZ_GENERAL_ERROR;
    }
    return AUTHZ_DENIED;
}

/* --- the work of regular expressions ---------------------------------------------- */

/* what the lines of a request have come to so far, in its pool */
typedef struct done_t {
    bearer_match_work_t work;
    apr_hash_t *results; /* of match: a char, the result */
} done_t;

static done_t *done_of(request_rec *r)
{
    static const char key[] = "mab-require-done";
    void *found = NULL;
    done_t *done;

    (void)apr_pool_userdata_get(&found, key, r->pool);
    if (found)
        return found;
    done = apr_pcalloc(r->pool, sizeof(*done));
    done->results = apr_hash_make(r->pool);
    (void)apr_pool_userdata_setn(done, key, NULL, r->pool);
    return done;
}

/* the first request of the chain that has these very claims */
static request_rec *owner_of(request_rec *r, const bearer_claims_t *claims)
{
    request_rec *owner = r;

    for (; r; r = r->prev ? r->prev : r->main) {
        const mab_request_t *request = mab_record_find(r);

        if (request && request->verdict.proof.claims == claims)
            owner = r;
    }
    return owner;
}

/* A line says of the same claims what it said before: thousands of sub-requests
 * (mod_dav) must not use the budget up. What is read from a .htaccess file lives
 * only as long as one of these requests, and counts there. */
static bearer_match_result_t check_regex(request_rec *r, const line_t *line,
                                         const bearer_claims_t *claims)
{
    done_t *done = done_of(line->lasting ? owner_of(r, claims) : r);
    bearer_match_result_t result;
    const char *known;

    if (!line->lasting)
        return bearer_match_check(line->match, claims, &done->work);
    known = apr_hash_get(done->results, &line->match, sizeof(line->match));
    if (known)
        return (bearer_match_result_t)(*known);
    result = bearer_match_check(line->match, claims, &done->work);
    known = apr_pmemdup(apr_hash_pool_get(done->results),
                        (const char[]){(char)result}, 1);
    apr_hash_set(done->results, &line->match, sizeof(line->match), known);
    return result;
}

static bearer_match_result_t check_match(request_rec *r, const line_t *line,
                                         const bearer_claims_t *claims)
{
    bearer_match_work_t none = {0};

    return line->regex ? check_regex(r, line, claims)
                       : bearer_match_check(line->match, claims, &none);
}

static authz_status check_claim(request_rec *r, const char *text BEARER_UNUSED,
                                const void *parsed)
{
    const line_t *line = parsed;
    const bearer_claims_t *claims;

    /* the pass before authentication: ask for a user, whatever the line says */
    if (!r->user)
        return check_without(r, line, AUTHZ_DENIED_NO_USER);
    claims = mab_judge_claims(r);
    if (!claims)
        return check_without(r, line, AUTHZ_DENIED);
    if (line->late)
        return check_late(r, line, claims);
    switch (check_match(r, line, claims)) {
    case BEARER_MATCH_YES:
        return AUTHZ_GRANTED;
    case BEARER_MATCH_NO:
        return AUTHZ_DENIED;
    case BEARER_MATCH_UNSURE:
        break;
    }
    /* "denied" would let the request in if the line begins with "not" */
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "MAB0403: regular expressions in Require lines need too many "
                  "steps for this token; answered 500: simplify them");
    return AUTHZ_GENERAL_ERROR;
}

/* the scopes of this request; NULL if one cannot be had */
static const char *const *scopes_of(request_rec *r, const line_t *line)
{
    const char **scopes;
    int i;

    if (!line->late)
        return line->words;
    scopes = apr_palloc(r->pool, sizeof(*scopes) * (apr_size_t)line->count);
    for (i = 0; i < line->count; i++) {
        scopes[i] = evaluate(r, &line->late[i]);
        if (!scopes[i])
            return NULL;
    }
    return scopes;
}

/* whether a list of scopes holds this one; scopes may have ":" in them, and case
 * matters */
static bool holds_scope(const char *list, const char *scope)
{
    apr_size_t len = strlen(scope);
    const char *at = list;

    while (at && (at = strstr(at, scope))) {
        if ((at == list || at[-1] == ' ') && (!at[len] || at[len] == ' '))
            return true;
        at++;
    }
    return false;
}

/* remembered for the challenge of a refusal; nothing is sent from here. A scope
 * that must not be there is not asked for. */
static void want_scopes(request_rec *r, const char *const *words,
                        const line_t *line)
{
    mab_request_t *request = line->negated ? NULL : mab_record_find(r);
    int i;

    for (i = 0; request && i < line->count; i++) {
        /* an endless header helps nobody, and the time for it grows with the
         * square of its length */
        if (request->scopes
            && strlen(request->scopes) + strlen(words[i])
                   > BEARER_LIMIT_SCOPES_ASKED)
            return;
        if (holds_scope(request->scopes, words[i]))
            continue;
        request->scopes =
            request->scopes
                ? apr_pstrcat(r->pool, request->scopes, " ", words[i], NULL)
                : words[i];
    }
}

static authz_status check_scope(request_rec *r, const char *text BEARER_UNUSED,
                                const void *parsed)
{
    const line_t *line = parsed;
    const char *const *words = scopes_of(r, line);
    const bearer_claims_t *claims;

    if (!words)
        return AUTHZ_GENERAL_ERROR;
    claims = r->user ? mab_judge_claims(r) : NULL;
    if (claims && bearer_scope_held(words, line->count, claims))
        return AUTHZ_GRANTED;
    want_scopes(r, words, line);
    if (claims)
        return AUTHZ_DENIED;
    return check_without(r, line,
                         r->user ? AUTHZ_DENIED : AUTHZ_DENIED_NO_USER);
}

/* --- registering ---------------------------------------------------------------------- */

static const authz_provider claim_provider = {check_claim, parse_claim};
static const authz_provider scope_provider = {check_scope, parse_scope};

static void add_provider(apr_pool_t *pool, const char *name,
                         const authz_provider *provider, bool only_if_free)
{
    if (only_if_free
        && ap_lookup_provider(AUTHZ_PROVIDER_GROUP, name,
                              AUTHZ_PROVIDER_VERSION))
        return;
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, name,
                              AUTHZ_PROVIDER_VERSION, provider,
                              AP_AUTH_INTERNAL_PER_CONF);
}

void mab_require_register(apr_pool_t *pool)
{
    add_provider(pool, "claim", &claim_provider, true);
    add_provider(pool, "scope", &scope_provider, true);
    add_provider(pool, "bearer-claim", &claim_provider, false);
    add_provider(pool, "bearer-scope", &scope_provider, false);
}

static bool is_foreign(const char *name, const authz_provider *ours)
{
    return ap_lookup_provider(AUTHZ_PROVIDER_GROUP, name,
                              AUTHZ_PROVIDER_VERSION)
           != ours;
}

int mab_require_check(apr_pool_t *ptemp, server_rec *s)
{
    const char *names[3] = {NULL, NULL, NULL};
    int count = 0;

    if (is_foreign("claim", &claim_provider))
        names[count++] = "claim";
    if (is_foreign("scope", &scope_provider))
        names[count++] = "scope";
    if (!count)
        return OK;
    if (mab_foreign_check(names, s, ptemp))
        return HTTP_INTERNAL_SERVER_ERROR;
    ap_log_error(APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0, s,
                 "MAB0101: \"Require %s\" belongs to another module here; "
                 "write \"Require bearer-%s\" where AuthType is Bearer, in "
                 ".htaccess files too",
                 names[0], names[0]);
    return OK;
}
