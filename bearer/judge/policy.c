/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/policy.h"

#include "bearer/base/str.h"

bearer_algset_t bearer_policy_algs(const bearer_policy_t *policy,
                                   const bearer_issuer_t *issuer)
{
    bearer_algset_t algs = bearer_alg_public | bearer_alg_secret;

    if (issuer->algs)
        algs = issuer->algs;
    else if (policy->algs)
        algs = policy->algs;
    return algs & (issuer->secret ? bearer_alg_secret : bearer_alg_public);
}

bearer_algset_t bearer_policy_allowed(const bearer_policy_t *policy)
{
    bearer_algset_t all = 0;
    int i;

    for (i = 0; i < policy->issuer_count; i++)
        all |= bearer_policy_algs(policy, policy->issuers[i]);
    return all;
}

const bearer_issuer_t *bearer_policy_find(const bearer_policy_t *policy,
                                          bearer_str_t iss)
{
    int i;

    for (i = 0; i < policy->issuer_count; i++) {
        const bearer_issuer_t *issuer = policy->issuers[i];

        if (bearer_str_equal(issuer->iss, iss))
            return issuer;
    }
    return NULL;
}

static bearer_reason_t check_issuer(const bearer_policy_t *policy,
                                    const bearer_issuer_t *issuer)
{
    if (!policy->any_audience && !policy->audience_count
        && !issuer->audience_count)
        return BEARER_POLICY_AUDIENCE;
    if (!bearer_policy_algs(policy, issuer))
        return BEARER_POLICY_ALG;
    return BEARER_OK;
}

/* run for each request: text is made for a refusal only */
bearer_reason_t bearer_policy_check(const bearer_policy_t *policy,
                                    bearer_note_t *note)
{
    int i;

    if (!policy->issuer_count)
        return BEARER_POLICY_ISSUER;
    for (i = 0; i < policy->issuer_count; i++) {
        const bearer_issuer_t *issuer = policy->issuers[i];
        bearer_reason_t why = check_issuer(policy, issuer);

        if (!why)
            continue;
        bearer_note_set(note, "issuer %.*s", bearer_note_width(issuer->iss),
                        issuer->iss.data);
        return why;
    }
    return BEARER_OK;
}

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
