/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge - a second opinion on claims, from a plain reading of RFC 7519.
 *
 * Owns:     a policy from a line of text; whether claims satisfy it.
 * Does not: share any code with bearer/judge/claims.
 * Memory:   the policy lives in the pool
 * Threads:  one
 */
#ifndef BEARER_TESTS_JUDGE_H
#define BEARER_TESTS_JUDGE_H

#include <math.h>

#include "bearer/judge/claims.h"

/** A policy with an issuer of published keys and one with a secret. */
typedef struct judge_t {
    bearer_policy_t policy;
    bearer_issuer_t issuer, shared;
    const bearer_issuer_t *issuers[2];
    const bearer_path_t *user[1];
} judge_t;

/** Reads what a place demands: letters, each for one thing. */
static inline judge_t *judge_create(bearer_str_t line, apr_pool_t *pool)
{
    static const bearer_str_t ours[] = {BEARER_LIT("api"), BEARER_LIT("api2")};
    static const char *const required[] = {"scope", "jti"};
    judge_t *judge = apr_pcalloc(pool, sizeof(*judge));
    bearer_policy_t *policy = &judge->policy;
    bearer_note_t note;
    apr_size_t i;

    judge->issuer.iss = (bearer_str_t)BEARER_LIT("https://i.example");
    judge->shared.iss = (bearer_str_t)BEARER_LIT("https://s.example");
    judge->issuers[0] = &judge->issuer;
    judge->issuers[1] = &judge->shared;
    policy->issuers = judge->issuers;
    policy->issuer_count = 2;
    policy->audiences = ours;
    policy->audience_count = 1;
    policy->user = judge->user;
    policy->user_count = 1;
    fuzz_check(!bearer_path_parse("sub", &judge->user[0], &note, pool));
    for (i = 0; i < line.len; i++) {
        switch (line.data[i]) {
        case 'L':
            policy->leeway = 60;
            break;
        case 'A':
            policy->max_age = 600;
            break;
        case 'E':
            policy->max_life = 3600;
            break;
        case '*':
            policy->any_audience = true;
            break;
        case '2':
            policy->audience_count = 2;
            break;
        case 'I':
            judge->issuer.audiences = ours + 1;
            judge->issuer.audience_count = 1;
            break;
        case 'R':
            policy->required = required;
            policy->required_count = 2;
            break;
        case 'T':
            policy->typ = BEARER_TYP_AT_JWT;
            break;
        case 'Y':
            policy->typ = BEARER_TYP_ANY;
            break;
        default:
            break;
        }
    }
    return judge;
}

/** A time, if there is one; false: it is something else. */
static inline bool judge_time(const json_t *json, const char *name, bool *there,
                              double *out)
{
    const json_t *value = json_object_get(json, name);

    *there = value != NULL;
    *out = json_number_value(value);
    return !value || (json_is_number(value) && *out >= -1e15 && *out <= 1e15);
}

static inline bool judge_audience(const bearer_policy_t *policy,
                                  const bearer_issuer_t *issuer,
                                  const json_t *aud)
{
    bool any = policy->any_audience && !issuer->audience_count;
    const bearer_str_t *ours =
        issuer->audience_count ? issuer->audiences : policy->audiences;
    int count = issuer->audience_count ? issuer->audience_count
                                       : policy->audience_count;
    json_t *list =
        json_is_array(aud) ? json_incref((json_t *)aud) : json_pack("[O]", aud);
    bool good = any;
    const json_t *one;
    size_t i;
    int k;

    if (!aud || json_is_null(aud)) {
        json_decref(list);
        return any;
    }
    json_array_foreach(list, i, one)
    {
        if (!json_is_string(one)) {
            good = false;
            break;
        }
        for (k = 0; k < count; k++)
            good |= json_string_length(one) == strlen(json_string_value(one))
                    && strcmp(json_string_value(one), ours[k].data) == 0;
    }
    json_decref(list);
    return good;
}

/** Whether these claims of this issuer are good at NOW. */
static inline bool judge_claims(const judge_t *judge, const json_t *json,
                                const bearer_issuer_t *issuer)
{
    const bearer_policy_t *policy = &judge->policy;
    const char *iss = json_string_value(json_object_get(json, "iss"));
    double exp, nbf, iat, leeway = (double)policy->leeway;
    bool has_exp, has_nbf, has_iat;
    int i;

    if (!iss || strcmp(iss, issuer->iss.data) != 0)
        return false;
    if (!judge_time(json, "exp", &has_exp, &exp) || !has_exp
        || (double)NOW >= floor(exp) + leeway
        || floor(exp) - (double)NOW > (double)BEARER_LIMIT_FUTURE)
        return false;
    if (!judge_time(json, "nbf", &has_nbf, &nbf)
        || (has_nbf && floor(nbf) > (double)NOW + leeway))
        return false;
    if (!judge_time(json, "iat", &has_iat, &iat)
        || (has_iat && floor(iat) > (double)NOW + leeway))
        return false;
    if (policy->max_age
        && (!has_iat
            || (double)NOW - floor(iat) > (double)policy->max_age + leeway))
        return false;
    if (policy->max_life
        && (!has_iat || floor(exp) - floor(iat) > (double)policy->max_life))
        return false;
    for (i = 0; i < policy->required_count; i++) {
        const json_t *value = json_object_get(json, policy->required[i]);

        if (!value || json_is_null(value))
            return false;
    }
    return judge_audience(policy, issuer, json_object_get(json, "aud"))
           && !json_object_get(json, "cnf");
}

/** Whether a subject names somebody: a visible byte, no control character, and no
 * blank at either end. */
static inline bool judge_is_visible(bearer_str_t text)
{
    bool visible = false;
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c < ' ' || c == 0x7f)
            return false;
        visible |= c > ' ';
    }
    return visible && text.data[0] != ' ' && text.data[text.len - 1] != ' ';
}

#endif
