/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/policy.h"

#include "bearer/base/str.h"

const bearer_trust_t *bearer_policy_find(const bearer_policy_t *policy,
                                         bearer_str_t iss)
{
    int i;

    for (i = 0; i < policy->trusted_count; i++) {
        if (bearer_str_equal(policy->trusted[i].issuer->iss, iss))
            return &policy->trusted[i];
    }
    return NULL;
}

/* --- freezing ---------------------------------------------------------------- */

static bearer_algset_t choose_algs(const bearer_policy_t *policy,
                                   const bearer_issuer_t *issuer)
{
    bearer_algset_t algs = bearer_alg_public | bearer_alg_secret;

    if (issuer->algs)
        algs = issuer->algs;
    else if (policy->algs)
        algs = policy->algs;
    return algs & (issuer->secret ? bearer_alg_secret : bearer_alg_public);
}

static bearer_reason_t check_trust(const bearer_policy_t *policy,
                                   const bearer_trust_t *trust)
{
    if (!policy->any_audience && !policy->audience_count
        && !trust->issuer->audience_count)
        return BEARER_POLICY_AUDIENCE;
    /* what is named to be compared is never taken unseen */
    if (policy->any_audience && !trust->issuer->audience_count
        && trust->issuer->audience_claim)
        return BEARER_POLICY_ANY;
    return trust->algs ? BEARER_OK : BEARER_POLICY_ALG;
}

void bearer_policy_freeze(bearer_policy_t *policy, apr_pool_t *pool)
{
    bearer_trust_t *trusted = apr_palloc(
        pool, sizeof(*trusted) * (apr_size_t)(policy->issuer_count + 1));
    int i;

    policy->trusted = trusted;
    policy->trusted_count = policy->issuer_count;
    policy->allowed = 0;
    policy->why = policy->issuer_count ? BEARER_OK : BEARER_POLICY_ISSUER;
    policy->doubtful = NULL;
    for (i = 0; i < policy->issuer_count; i++) {
        trusted[i].issuer = policy->issuers[i];
        trusted[i].algs = choose_algs(policy, policy->issuers[i]);
        policy->allowed |= trusted[i].algs;
        if (policy->why)
            continue;
        policy->why = check_trust(policy, &trusted[i]);
        policy->doubtful = policy->why ? policy->issuers[i] : NULL;
    }
}

bearer_reason_t bearer_policy_check(const bearer_policy_t *policy,
                                    bearer_note_t *note)
{
    const bearer_issuer_t *issuer = policy->doubtful;

    if (issuer)
        bearer_note_set(note, "issuer %.*s", bearer_note_width(issuer->iss),
                        issuer->iss.data);
    return policy->why;
}

/* --- types ------------------------------------------------------------------- */

/* the media type without its optional "application/" */
static bearer_str_t subtype(bearer_str_t typ)
{
    static const char prefix[] = "application/";

    if (bearer_str_begins_nocase(typ, prefix)) {
        typ.data += sizeof(prefix) - 1;
        typ.len -= sizeof(prefix) - 1;
    }
    return typ;
}

bool bearer_policy_accepts_typ(const bearer_policy_t *policy, bearer_str_t typ)
{
    bearer_str_t type;

    if (policy->typ == BEARER_TYP_ANY)
        return true;
    if (!typ.data)
        return policy->typ == BEARER_TYP_JWT;
    type = subtype(typ);
    if (bearer_str_is_nocase(type, "at+jwt"))
        return true;
    return policy->typ == BEARER_TYP_JWT && bearer_str_is_nocase(type, "JWT");
}
