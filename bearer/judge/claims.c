/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/claims.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "bearer/base/str.h"
#include "bearer/judge/audience.h"
#include "bearer/text/b64url.h"
#include "bearer/text/json.h"
#include "bearer/text/utf8.h"
#include "bearer/text/write.h"

bearer_reason_t bearer_claims_parse(bearer_str_t payload,
                                    const bearer_claims_t **out,
                                    bearer_note_t *note, apr_pool_t *pool)
{
    bearer_claims_t *claims = apr_pcalloc(pool, sizeof(*claims));
    bearer_reason_t why;

    why = bearer_json_parse(payload, &claims->all, note, pool);
    if (why)
        return why == BEARER_NO_MEMORY ? why : BEARER_PAYLOAD_JSON;
    claims->has_iss = bearer_value_get_string(claims->all, "iss", &claims->iss);
    claims->has_exp =
        bearer_value_get_seconds(claims->all, "exp", &claims->exp);
    claims->has_nbf =
        bearer_value_get_seconds(claims->all, "nbf", &claims->nbf);
    claims->has_iat =
        bearer_value_get_seconds(claims->all, "iat", &claims->iat);
    *out = claims;
    return BEARER_OK;
}

/* --- times --------------------------------------------------------------- */

/* how far away a time is that should have come */
static void note_future(bearer_note_t *note, const char *name,
                        apr_int64_t seconds)
{
    bearer_note_set(note, "%s in %" APR_INT64_T_FMT " s%s", name, seconds,
                    seconds > BEARER_LIMIT_FUTURE
                        ? ": is it in milliseconds instead of seconds?"
                        : "");
}

/* RFC 7519 4.1.4: "on or after which the JWT MUST NOT be accepted" */
static bearer_reason_t check_exp(const bearer_claims_t *claims,
                                 const bearer_policy_t *policy, apr_int64_t now,
                                 bearer_note_t *note)
{
    if (claims->has_exp == BEARER_VALUE_ABSENT)
        return BEARER_EXP_MISSING;
    if (claims->has_exp == BEARER_VALUE_WRONG)
        return BEARER_EXP_INVALID;
    if (now >= claims->exp + policy->leeway) {
        bearer_note_set(note, "exp %" APR_INT64_T_FMT " s ago",
                        now - claims->exp);
        return BEARER_EXPIRED;
    }
    /* a token for ever: a stolen one would be good for the life of the key */
    if (claims->exp - now > BEARER_LIMIT_FUTURE) {
        bearer_note_set(note, "exp in %" APR_INT64_T_FMT " s",
                        claims->exp - now);
        return BEARER_EXP_FAR;
    }
    return BEARER_OK;
}

/* RFC 7519 4.1.5 */
static bearer_reason_t check_nbf(const bearer_claims_t *claims,
                                 const bearer_policy_t *policy, apr_int64_t now,
                                 bearer_note_t *note)
{
    if (claims->has_nbf == BEARER_VALUE_ABSENT)
        return BEARER_OK;
    if (claims->has_nbf == BEARER_VALUE_WRONG)
        return BEARER_NBF_INVALID;
    if (claims->nbf > now + policy->leeway) {
        note_future(note, "nbf", claims->nbf - now);
        return BEARER_NOT_YET;
    }
    return BEARER_OK;
}

/* RFC 7519 4.1.6, and what the place makes of it */
static bearer_reason_t check_iat(const bearer_claims_t *claims,
                                 const bearer_policy_t *policy, apr_int64_t now,
                                 bearer_note_t *note)
{
    if (claims->has_iat == BEARER_VALUE_WRONG)
        return BEARER_IAT_INVALID;
    if (claims->has_iat == BEARER_VALUE_ABSENT)
        return policy->max_age || policy->max_life ? BEARER_IAT_MISSING
                                                   : BEARER_OK;
    if (claims->iat > now + policy->leeway) {
        note_future(note, "iat", claims->iat - now);
        return BEARER_IAT_FUTURE;
    }
    if (policy->max_age
        && now - claims->iat > policy->max_age + policy->leeway) {
        bearer_note_set(note, "iat %" APR_INT64_T_FMT " s ago",
                        now - claims->iat);
        return BEARER_TOO_OLD;
    }
    if (policy->max_life && claims->exp - claims->iat > policy->max_life) {
        bearer_note_set(note, "lives %" APR_INT64_T_FMT " s",
                        claims->exp - claims->iat);
        return BEARER_TOO_LONG;
    }
    return BEARER_OK;
}

/* --- the whole ----------------------------------------------------------- */

static bearer_reason_t check_iss(const bearer_claims_t *claims,
                                 const bearer_issuer_t *issuer)
{
    if (claims->has_iss != BEARER_VALUE_GOT
        && issuer->named != BEARER_NAMED_BY_SUBJECT)
        return BEARER_ISS_MISSING;
    /* a header is no claim to anybody else */
    if (claims->by_header != (issuer->named == BEARER_NAMED_BY_HEADER))
        return BEARER_ISS_UNKNOWN;
    return bearer_policy_names(issuer, claims->iss, claims->all)
               ? BEARER_OK
               : BEARER_ISS_UNKNOWN;
}

static bearer_reason_t check_required(const bearer_claims_t *claims,
                                      const bearer_policy_t *policy,
                                      bearer_note_t *note)
{
    int i;

    for (i = 0; i < policy->required_count; i++) {
        if (bearer_value_some(claims->all, policy->required[i]))
            continue;
        bearer_note_set(note, "%s", policy->required[i]);
        return BEARER_CLAIM_MISSING;
    }
    return BEARER_OK;
}

bearer_reason_t bearer_claims_check(const bearer_claims_t *claims,
                                    const bearer_policy_t *policy,
                                    const bearer_issuer_t *issuer,
                                    apr_int64_t now, bearer_note_t *note)
{
    bearer_reason_t why = check_iss(claims, issuer);

    if (!why)
        why = check_exp(claims, policy, now, note);
    if (!why)
        why = check_nbf(claims, policy, now, note);
    if (!why)
        why = check_iat(claims, policy, now, note);
    if (!why)
        why = bearer_audience_check(claims->by_header ? bearer_value_get(
                                        claims->all, BEARER_CLAIMS_HEADER)
                                                      : claims->all,
                                    policy, issuer, note);
    if (!why)
        why = check_required(claims, policy, note);
    /* cnf downgrade: a sender-constrained token, stolen and sent plainly; one that
     * is null binds to nothing */
    if (!why && bearer_value_some(claims->all, "cnf"))
        why = BEARER_CNF_BOUND;
    return why;
}

bearer_str_t bearer_claims_vouched(const bearer_claims_t *claims,
                                   const bearer_issuer_t *issuer)
{
    return claims && issuer->named == BEARER_NAMED_BY_TENANT ? claims->iss
                                                             : issuer->iss;
}

/* --- text ---------------------------------------------------------------- */

const char *bearer_claims_flaw(bearer_str_t text)
{
    if (bearer_str_has_control(text))
        return "it holds a control character";
    if (bearer_utf8_has_invisible_end(text))
        return "it begins or ends with a blank or invisible character";
    return NULL;
}

/* why a claim names nobody; NULL: it does */
static const char *subject_flaw(const bearer_value_t *value)
{
    bearer_str_t text = bearer_value_text(value);

    if (!text.data)
        return bearer_value_kind_text(value);
    if (!text.len)
        return "empty";
    /* "admin " for "admin": who reads the name after us may cut it */
    return bearer_claims_flaw(text)
               ? "a text with a control character or a blank at an end"
               : NULL;
}

static void note_subject(bearer_note_t *note, const bearer_claims_t *claims,
                         const bearer_policy_t *policy)
{
    bearer_note_list_t tried = {"", 0, false};
    int i;

    for (i = 0; i < policy->user_count; i++) {
        const bearer_path_t *path = policy->user[i];
        char text[BEARER_LIMIT_SHOWN + 24];

        (void)apr_snprintf(text, sizeof(text), "%.*s is %s", BEARER_LIMIT_SHOWN,
                           bearer_path_text(path),
                           subject_flaw(bearer_path_find(path, claims->all)));
        bearer_note_list_add(&tried, bearer_str(text));
    }
    bearer_note_set(note, "%s", tried.text);
}

bearer_reason_t bearer_claims_subject(const bearer_claims_t *claims,
                                      const bearer_policy_t *policy,
                                      bearer_str_t *out, bearer_note_t *note)
{
    int i;

    for (i = 0; i < policy->user_count; i++) {
        const bearer_value_t *value =
            bearer_path_find(policy->user[i], claims->all);

        if (subject_flaw(value))
            continue;
        *out = bearer_value_text(value);
        return BEARER_OK;
    }
    note_subject(note, claims, policy);
    return BEARER_SUBJECT_MISSING;
}

/* a string as it is, anything else as JSON */
static bearer_str_t plain(const bearer_value_t *value, apr_pool_t *pool)
{
    bearer_str_t text = bearer_value_text(value);

    if (!text.data)
        return bearer_write_json(value, pool);
    text.data = apr_pstrmemdup(pool, text.data, text.len);
    return text;
}

static bool is_scalar(const bearer_value_t *value)
{
    return bearer_value_is(value, BEARER_KIND_STRING)
           || bearer_value_is_number(value) || bearer_value_is_boolean(value);
}

/* the separator without its blanks, unless it is only blanks: where ", " joins,
 * programs cut at "," and trim */
static const char *bare(const char *join, apr_pool_t *pool)
{
    const char *from = join + strspn(join, " ");
    apr_size_t len = strlen(from);

    while (len && from[len - 1] == ' ')
        len--;
    return len ? apr_pstrmemdup(pool, from, len) : join;
}

/* Whether a program that cuts a list at its separators gets this member as it is: a
 * string "a,b" would read like two, and " b" like "b" where blanks do not count
 * (forged members). The separator must not begin in the member either: "xa" before
 * "aa". */
static bool is_joinable_member(const bearer_value_t *value, const char *cut,
                               apr_pool_t *pool)
{
    bearer_str_t text;
    const char *list;

    if (!is_scalar(value))
        return false;
    text = plain(value, pool);
    if (!text.data || bearer_claims_flaw(text))
        return false;
    list = apr_pstrcat(pool, text.data, cut, NULL);
    return strstr(list, cut) == list + text.len;
}

/* what is not an array is a list of one */
static bool is_joinable(const bearer_value_t *value, const char *join,
                        apr_pool_t *pool)
{
    const char *cut = bare(join, pool);
    const bearer_value_t *at;

    if (!bearer_value_is(value, BEARER_KIND_ARRAY))
        return is_joinable_member(value, cut, pool);
    for (at = bearer_value_first(value); at;
         at = bearer_value_next(value, at)) {
        if (!is_joinable_member(at, cut, pool))
            return false;
    }
    return true;
}

static bearer_str_t joined(const bearer_value_t *array, const char *join,
                           apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, 8, sizeof(struct iovec));
    const bearer_value_t *value;
    bearer_str_t text = {NULL, 0};
    struct iovec *part;

    for (value = bearer_value_first(array); value;
         value = bearer_value_next(array, value)) {
        bearer_str_t one = plain(value, pool);

        if (parts->nelts) {
            part = apr_array_push(parts);
            part->iov_base = (void *)join;
            part->iov_len = strlen(join);
        }
        part = apr_array_push(parts);
        part->iov_base = (void *)one.data;
        part->iov_len = one.len;
    }
    text.data = apr_pstrcatv(pool, (const struct iovec *)parts->elts,
                             (apr_size_t)parts->nelts, &text.len);
    return text;
}

/* NULL if it is absent or null */
static const bearer_value_t *find(const bearer_claims_t *claims,
                                  const bearer_path_t *path)
{
    const bearer_value_t *value =
        path ? bearer_path_find(path, claims->all) : claims->all;

    return bearer_value_is(value, BEARER_KIND_NULL) ? NULL : value;
}

bearer_str_t bearer_claims_text(const bearer_claims_t *claims,
                                const bearer_path_t *path, bearer_form_t form,
                                const char *join, apr_pool_t *pool)
{
    const bearer_value_t *value = find(claims, path);
    bearer_str_t absent = {NULL, 0};

    if (!value)
        return absent;
    switch (form) {
    case BEARER_FORM_JSON:
        return bearer_write_json(value, pool);
    case BEARER_FORM_BASE64URL:
        return bearer_b64url_render(plain(value, pool), pool);
    case BEARER_FORM_JOIN:
        /* never as JSON: a program that cuts ["x,admin"] at commas would find a
         * member that is not there */
        if (!is_joinable(value, join, pool))
            return absent;
        if (bearer_value_is(value, BEARER_KIND_ARRAY))
            return joined(value, join, pool);
        break;
    case BEARER_FORM_PLAIN:
        break;
    }
    return plain(value, pool);
}

const char *bearer_claims_export(const bearer_claims_t *claims,
                                 const bearer_path_t *path, bearer_form_t form,
                                 const char *join, bearer_str_t *out,
                                 apr_pool_t *pool)
{
    bearer_str_t text = bearer_claims_text(claims, path, form, join, pool);
    const char *flaw = NULL;

    if (text.data)
        flaw = bearer_claims_flaw(text);
    else if (form == BEARER_FORM_JOIN && find(claims, path))
        flaw = "joining it would be ambiguous";
    if (!flaw)
        *out = text;
    return flaw;
}

const char *const *bearer_claims_list(const bearer_claims_t *claims,
                                      const bearer_path_t *path,
                                      apr_pool_t *pool)
{
    const bearer_value_t *value = bearer_path_find(path, claims->all);
    apr_array_header_t *texts = apr_array_make(pool, 8, sizeof(char *));
    const bearer_value_t *member;

    if (bearer_value_is(value, BEARER_KIND_ARRAY)) {
        for (member = bearer_value_first(value); member;
             member = bearer_value_next(value, member)) {
            /* the JSON text of something else never counts as a role */
            if (is_scalar(member))
                APR_ARRAY_PUSH(texts, const char *) = plain(member, pool).data;
        }
    }
    else if (value && !bearer_value_is(value, BEARER_KIND_NULL)) {
        APR_ARRAY_PUSH(texts, const char *) = plain(value, pool).data;
    }
    APR_ARRAY_PUSH(texts, const char *) = NULL;
    return (const char *const *)texts->elts;
}
