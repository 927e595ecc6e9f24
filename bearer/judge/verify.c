/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/verify.h"

#include "bearer/base/str.h"
#include "bearer/judge/alb.h"
#include "bearer/judge/token.h"
#include "bearer/text/template.h"

/*
 * The order is the contract (design section 5):
 *   0 a b64token                                       bearer_token_check
 *   1 size, parts, alphabet, canonical form, header JSON, alg, crit, b64, zip,
 *     enc, kid                                         bearer_jws_parse
 *   2 typ
 *   3 claims JSON, unproven
 *   4 iss picks one configured issuer; its own algorithms
 *   5 keys by (issuer, kid, alg), signature length, signature
 *   6 claims, subject
 */

/* 0 and 1. Three parts of base64url are a b64token, so only what is not is looked
 * at again, to say which of the two is wrong. */
static bearer_reason_t read_form(bearer_str_t token,
                                 const bearer_policy_t *policy,
                                 bearer_job_t *job, bearer_note_t *note,
                                 apr_pool_t *pool)
{
    bearer_reason_t why =
        (policy->padded ? bearer_jws_parse_padded : bearer_jws_parse)(
            token, policy->allowed, &job->jws, note, pool);

    /* padding inside a token is none, but here it may have some */
    if (!why || policy->padded || !bearer_token_check(token))
        return why;
    bearer_note_set(note, "%s", "");
    return BEARER_TOKEN_FORMAT;
}

/* both sides, since one of them is the mistake; ours first, which a stranger's text
 * cannot forge */
static void note_iss(bearer_note_t *note, const bearer_policy_t *policy,
                     bearer_str_t iss)
{
    bearer_note_list_t ours = {"", 0, false};
    int i;

    for (i = 0; i < policy->trusted_count; i++)
        bearer_note_list_add(&ours, policy->trusted[i].issuer->iss);
    bearer_note_set(note, "trusted here: %s; the token's iss is %.*s",
                    ours.text, bearer_note_width(iss), iss.data);
}

static bearer_reason_t check_typ(const bearer_job_t *job, bearer_note_t *note)
{
    bearer_str_t typ = job->jws->typ;

    if (bearer_policy_accepts_typ(job->policy, job->issuer, typ))
        return BEARER_OK;
    bearer_note_member(note, "typ", typ);
    return BEARER_TYP_WRONG;
}

/* what is allowed because of one issuer of the place, but not to the others */
static bearer_reason_t check_special(const bearer_job_t *job,
                                     bearer_note_t *note)
{
    if (job->issuer->named == BEARER_NAMED_BY_HEADER) {
        /* before anybody is asked for its key */
        bearer_reason_t why = bearer_alb_check(job->claims, job->issuer, note);

        if (why)
            return why;
    }
    else if (job->jws->padded) {
        /* a second spelling of the same bytes (deny-list evasion) */
        return BEARER_B64_ALPHABET;
    }
    return check_typ(job, note);
}

/* NULL, and why */
static const bearer_trust_t *find_trust(const bearer_job_t *job,
                                        bearer_note_t *note,
                                        bearer_reason_t *why)
{
    const bearer_claims_t *claims = job->claims;
    const bearer_trust_t *trust = NULL;

    *why = BEARER_ISS_MISSING;
    if (claims->has_iss == BEARER_VALUE_WRONG)
        return NULL;
    trust = bearer_policy_find(job->policy, claims->iss, claims->all);
    if (trust) {
        *why = BEARER_OK;
        return trust;
    }
    if (claims->has_iss == BEARER_VALUE_GOT) {
        note_iss(note, job->policy, claims->iss);
        *why = BEARER_ISS_UNKNOWN;
    }
    else if (job->policy->special)
        note_iss(note, job->policy, bearer_str("absent"));
    return NULL;
}

bearer_reason_t bearer_verify_begin(bearer_str_t token,
                                    const bearer_policy_t *policy,
                                    bearer_job_t *job, bearer_note_t *note,
                                    apr_pool_t *pool)
{
    const bearer_trust_t *trust;
    bearer_reason_t why;

    job->policy = policy;
    job->jws = NULL;
    job->claims = NULL;
    job->issuer = NULL;

    why = read_form(token, policy, job, note, pool);
    if (why)
        return why;
    /* 2: token kinds that are not access tokens (RFC 8725 3.11) */
    why = check_typ(job, note);
    if (why)
        return why;
    /* 3 */
    why = bearer_claims_parse(job->jws->payload, &job->claims, note, pool);
    if (why)
        return why;
    /* 4: unproven, but it only chooses whose keys must prove it */
    trust = policy->padded ? bearer_alb_find(job->jws, policy, pool) : NULL;
    if (trust)
        why = bearer_alb_read(job->jws, &job->claims, note, pool);
    else
        trust = find_trust(job, note, &why);
    if (why || !trust)
        return why;
    job->issuer = trust->issuer;
    /* 1 and 2 again: another issuer of this place may use it */
    if (policy->special) {
        why = check_special(job, note);
        if (why)
            return why;
    }
    /* another issuer of this place may use it, this one may not */
    if (!(job->jws->alg->bit & trust->algs)) {
        bearer_note_set(note, "alg %s", job->jws->alg->name);
        return BEARER_ALG_FORBIDDEN;
    }
    return BEARER_OK;
}

/* Keys of a set that many tenants share may say whose they are: all tenants', or one's.
 * One that another tenant's tokens are signed with must not sign this one's (a
 * confused key) */
static bool is_key_of(const bearer_job_t *job, const bearer_jwk_t *key)
{
    if (job->issuer->named != BEARER_NAMED_BY_TENANT || !key->issuer.data)
        return true;
    return bearer_template_same(job->issuer->iss, key->issuer)
           || bearer_str_equal(key->issuer, job->claims->iss);
}

/* How the last candidate failed; but a wrong signature says more than a length that
 * fits another key, and keys that were not tried say more than that. They are tried
 * in the issuer's order as long as the budget lasts: one request must not buy many
 * verifications, or a dear one many times. The first is always tried. */
static bearer_reason_t try_all(const bearer_job_t *job,
                               const bearer_candidates_t *candidates)
{
    const bearer_jws_t *jws = job->jws;
    /* fails closed: no candidate, no acceptance */
    bearer_reason_t why = BEARER_KEY_UNKNOWN;
    bool left = candidates->more;
    int spent = 0;
    int i;

    for (i = 0; i < candidates->count; i++) {
        const bearer_jwk_t *key = candidates->keys[i];
        bearer_reason_t one = bearer_jws_fits(jws, key);

        if (!one && !is_key_of(job, key))
            one = BEARER_KEY_UNFIT;
        if (!one && spent && spent + key->cost > BEARER_LIMIT_COST) {
            left = true;
            continue;
        }
        if (!one) {
            spent += key->cost;
            one = bearer_jws_check(jws, key);
        }
        if (!one)
            return BEARER_OK;
        if (why != BEARER_SIG_WRONG)
            why = one;
    }
    return left ? BEARER_KEY_AMBIGUOUS : why;
}

/* Whether a refusal may mean that the right key is missing: one of another algorithm
 * or, where the key decides the length, of another size. A key of the token's kid
 * that did not sign it is as good as certain. */
static bearer_newer_t may_help(const bearer_jws_t *jws, bool by_kid,
                               bearer_reason_t why)
{
    bool other = why == BEARER_SIG_WRONG || why == BEARER_KEY_UNFIT
                 || (why == BEARER_SIG_LENGTH && !jws->alg->signature);

    if (why == BEARER_KEY_UNKNOWN)
        return BEARER_NEWER_NEEDED;
    if (!other)
        return BEARER_NEWER_NO;
    return by_kid ? BEARER_NEWER_MAY : BEARER_NEWER_NEEDED;
}

/* "kid a, alg RS256" and, if no key fits that, what kind of key there is */
static void describe(const bearer_job_t *job, const bearer_jwks_t *keys,
                     bearer_reason_t why, bearer_note_t *note)
{
    const bearer_jwk_t *key = bearer_jwks_first(keys, job->jws->kid);
    const char *alg = job->jws->alg->name;

    bearer_note_member(note, "kid", job->jws->kid);
    bearer_note_add(note, ", alg %s", alg);
    /* Microsoft signs another header than it sends: with a digest of the nonce */
    if (why == BEARER_SIG_WRONG && job->jws->nonce)
        bearer_note_add(note, "; a nonce in the header: only Microsoft Graph "
                              "can verify its tokens, ask for one for this "
                              "service");
    if (why != BEARER_KEY_UNFIT || !key)
        return;
    if (!is_key_of(job, key)) {
        bearer_note_add(note, ", but the key is another tenant's");
        return;
    }
    bearer_note_add(note, ", but the %skey is %s%s%s",
                    job->jws->kid.data || keys->count == 1 ? "" : "first ",
                    bearer_alg_kty_name(key->kty), key->curve ? " " : "",
                    bearer_alg_curve_name(key->curve));
    /* the issuer says what it is for */
    if (key->kty == job->jws->alg->kty && !key->curve)
        bearer_note_add(note, " for another alg");
}

bearer_reason_t bearer_verify_signature(const bearer_job_t *job,
                                        const bearer_jwks_t *keys,
                                        bearer_newer_t *newer,
                                        bearer_note_t *note)
{
    bearer_str_t kid = job->jws->kid;
    bearer_candidates_t candidates = {.by_kid = false};
    bearer_reason_t why;

    why = bearer_jwks_find(keys, kid, job->jws->alg, &candidates);
    if (!why)
        why = try_all(job, &candidates);
    /* the kid's own key that does not fit is no candidate, but it is known */
    *newer = may_help(
        job->jws, candidates.by_kid || (why == BEARER_KEY_UNFIT && kid.data),
        why);
    if (why)
        describe(job, keys, why, note);
    return why;
}

bearer_reason_t bearer_verify_claims(const bearer_claims_t *claims,
                                     const bearer_policy_t *policy,
                                     const bearer_issuer_t *issuer,
                                     apr_int64_t now, bearer_str_t *subject,
                                     bearer_note_t *note)
{
    bearer_reason_t why =
        bearer_claims_check(claims, policy, issuer, now, note);

    /* each time: another place may trust other signers */
    if (!why && claims->by_header)
        why = bearer_alb_check(claims, issuer, note);
    if (why || !policy->user_count)
        return why;
    return bearer_claims_subject(claims, policy, subject, note);
}
