/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/policy.h"

#include <string.h>

#include "bearer/base/str.h"
#include "bearer/text/spiffe.h"
#include "bearer/text/template.h"

/* --- whose token it is --------------------------------------------------------- */

static bool is_tenant(const bearer_issuer_t *issuer, bearer_str_t tid)
{
    int i;

    for (i = 0; i < issuer->tenant_count; i++) {
        if (bearer_str_equal(issuer->tenants[i], tid))
            return true;
    }
    return issuer->tenant_count == 0;
}

bool bearer_policy_names(const bearer_issuer_t *issuer, bearer_str_t iss,
                         const bearer_value_t *claims)
{
    bearer_str_t claim;

    /* nearly all are: every request with a token comes by here */
    if (issuer->named == BEARER_NAMED_BY_ISS)
        return iss.data && bearer_str_equal(issuer->iss, iss);
    switch (issuer->named) {
    case BEARER_NAMED_BY_TENANT:
        claim =
            bearer_value_text(bearer_value_get(claims, BEARER_TEMPLATE_CLAIM));
        return bearer_template_makes(issuer->iss, claim, iss)
               && is_tenant(issuer, claim);
    case BEARER_NAMED_BY_SUBJECT:
        claim = bearer_value_text(bearer_value_get(claims, "sub"));
        return bearer_spiffe_is_member(issuer->iss, claim);
    case BEARER_NAMED_BY_ISS:
    case BEARER_NAMED_BY_HEADER:
        break;
    }
    return iss.data && bearer_str_equal(issuer->iss, iss);
}

/* whether it is the name of an issuer that is not named by iss, but has one to be
 * known by: a load balancer's, a tenant's, another trust domain's */
static bool is_name_of(const bearer_issuer_t *issuer, bearer_str_t iss)
{
    return bearer_str_equal(issuer->iss, iss)
           || (issuer->named == BEARER_NAMED_BY_TENANT
               && bearer_template_find(issuer->iss, iss).data);
}

/* An SVID's iss is free text, of which "expr=%{claim:iss}#%{claim:sub}" makes users,
 * and which is compared: beside other issuers it must not be the name of one of them,
 * nor readable as such a name and the beginning of a sub (another issuer's user) */
static bool may_mean_another(const bearer_policy_t *policy,
                             const bearer_issuer_t *domain, bearer_str_t iss)
{
    int i;

    if (domain->named != BEARER_NAMED_BY_SUBJECT || !iss.data
        || policy->trusted_count < 2)
        return false;
    for (i = 0; i < policy->trusted_count; i++) {
        if (policy->trusted[i].issuer != domain
            && is_name_of(policy->trusted[i].issuer, iss))
            return true;
    }
    return memchr(iss.data, '#', iss.len) != NULL;
}

/* the plain names come first: a tenant with a line of its own is judged by that */
const bearer_trust_t *bearer_policy_find(const bearer_policy_t *policy,
                                         bearer_str_t iss,
                                         const bearer_value_t *claims)
{
    int i;

    for (i = 0; i < policy->trusted_count; i++) {
        const bearer_issuer_t *issuer = policy->trusted[i].issuer;

        /* the literal text of a template is nobody's name (a forged tenant) */
        if (bearer_str_equal(issuer->iss, iss)
            && issuer->named == BEARER_NAMED_BY_ISS)
            return &policy->trusted[i];
    }
    for (i = 0; policy->special && i < policy->trusted_count; i++) {
        /* what the payload says is no header (a forged issuer) */
        if (policy->trusted[i].issuer->named != BEARER_NAMED_BY_ISS
            && policy->trusted[i].issuer->named != BEARER_NAMED_BY_HEADER
            && bearer_policy_names(policy->trusted[i].issuer, iss, claims))
            return may_mean_another(policy, policy->trusted[i].issuer, iss)
                       ? NULL
                       : &policy->trusted[i];
    }
    return NULL;
}

const bearer_trust_t *bearer_policy_find_header(const bearer_policy_t *policy,
                                                bearer_str_t iss)
{
    int i;

    for (i = 0; i < policy->trusted_count; i++) {
        const bearer_issuer_t *issuer = policy->trusted[i].issuer;

        if (issuer->named == BEARER_NAMED_BY_HEADER
            && bearer_str_equal(issuer->iss, iss))
            return &policy->trusted[i];
    }
    return NULL;
}

/* --- freezing ---------------------------------------------------------------- */

/* JWT-SVID 2.1: RS*, PS* and ES* only */
static bearer_algset_t find_svid_algs(void)
{
    bearer_algset_t algs = 0;
    int i;

    for (i = 0; bearer_alg_row(i); i++) {
        if (bearer_alg_row(i)->kty == BEARER_KTY_RSA
            || bearer_alg_row(i)->kty == BEARER_KTY_EC)
            algs |= bearer_alg_row(i)->bit;
    }
    return algs;
}

static bearer_algset_t choose_algs(const bearer_policy_t *policy,
                                   const bearer_issuer_t *issuer)
{
    bearer_algset_t algs = bearer_alg_public | bearer_alg_secret;

    if (issuer->algs)
        algs = issuer->algs;
    else if (policy->algs)
        algs = policy->algs;
    if (issuer->named == BEARER_NAMED_BY_SUBJECT)
        algs &= find_svid_algs();
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
        && trust->issuer->named != BEARER_NAMED_BY_HEADER
        && (trust->issuer->audience_claim
            || trust->issuer->named == BEARER_NAMED_BY_SUBJECT))
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
    policy->special = false;
    policy->padded = false;
    policy->allowed = 0;
    policy->why = policy->issuer_count ? BEARER_OK : BEARER_POLICY_ISSUER;
    policy->doubtful = NULL;
    for (i = 0; i < policy->issuer_count; i++) {
        trusted[i].issuer = policy->issuers[i];
        trusted[i].algs = choose_algs(policy, policy->issuers[i]);
        policy->special |= policy->issuers[i]->named != BEARER_NAMED_BY_ISS;
        policy->padded |= policy->issuers[i]->named == BEARER_NAMED_BY_HEADER;
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

/* JWT-SVID 2.3 also allows JOSE, which says nothing about what is in it, and no
 * at+jwt; for nobody else */
static bool is_svid_typ(const bearer_policy_t *policy,
                        const bearer_issuer_t *issuer, bearer_str_t type)
{
    bool svid =
        issuer ? issuer->named == BEARER_NAMED_BY_SUBJECT : policy->special;

    return svid && bearer_str_is_nocase(type, "JOSE");
}

bool bearer_policy_accepts_typ(const bearer_policy_t *policy,
                               const bearer_issuer_t *issuer, bearer_str_t typ)
{
    bearer_str_t type;

    if (policy->typ == BEARER_TYP_ANY)
        return true;
    if (!typ.data)
        return policy->typ == BEARER_TYP_JWT;
    type = subtype(typ);
    if (bearer_str_is_nocase(type, "at+jwt"))
        return !issuer || issuer->named != BEARER_NAMED_BY_SUBJECT;
    return policy->typ == BEARER_TYP_JWT
           && (bearer_str_is_nocase(type, "JWT")
               || is_svid_typ(policy, issuer, type));
}
