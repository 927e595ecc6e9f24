/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of load balancers, as verify judges them: beside those of other issuers. */
#include "unit.h"

#include <string.h>

#include "bearer/judge/alb.h"
#include "bearer/judge/verify.h"

#include "mint.h"
#include "world.h"

#define OURS   "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/a/1"
#define THEIRS "arn:aws:elasticloadbalancing:eu-west-1:2:loadbalancer/app/b/2"
#define IDP    "https://idp"
/* a good header, except for what follows */
#define HEADER                                                                 \
    "{'alg':'EdDSA','typ':'JWT','kid':'one','iss':'" IDP                       \
    "','client':'api','signer':'" OURS "'"
#define GOOD HEADER ",'exp':1900000000}"

/* text and "=" to a multiple of four */
static const char *pad(const char *text, apr_pool_t *pool)
{
    static const char *const pads[] = {"", "===", "==", "="};

    return apr_pstrcat(pool, text, pads[strlen(text) % 4], NULL);
}

static const char *encode(const char *text, apr_pool_t *pool)
{
    return bearer_b64url_render(jose_json(text, pool), pool).data;
}

static const char *sign(const char *text, apr_pool_t *pool)
{
    EVP_PKEY *key = mint_private(1);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char bytes[64];
    size_t len = sizeof(bytes);
    bearer_str_t signature = {(const char *)bytes, sizeof(bytes)};

    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, bytes, &len,
                                    (const unsigned char *)text, strlen(text)),
                     1);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return bearer_b64url_render(signature, pool).data;
}

/* as a load balancer makes it */
static const char *padded(const char *header, const char *claims,
                          apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, pad(encode(header, pool), pool), ".",
                                   pad(encode(claims, pool), pool), NULL);

    return apr_pstrcat(pool, text, ".", pad(sign(text, pool), pool), NULL);
}

/* a place with the world's two issuers and one of load balancers */
typedef struct site_t {
    world_place_t place;
    bearer_issuer_t alb;
    bearer_str_t signers[2];
    const bearer_issuer_t *issuers[3];
    const bearer_jwks_t *keys;
    bearer_job_t job;
    bearer_note_t note;
    apr_pool_t *pool;
} site_t;

static site_t *create(apr_pool_t *pool)
{
    site_t *site = apr_pcalloc(pool, sizeof(*site));

    site->pool = pool;
    world_make_place(&site->place, NULL, pool);
    site->signers[0] = unit_str("arn:another");
    site->signers[1] = unit_str(OURS);
    site->alb.iss = unit_str(IDP);
    site->alb.named = BEARER_NAMED_BY_HEADER;
    site->alb.audience_claim = "client";
    site->alb.signers = site->signers;
    site->alb.signer_count = 2;
    site->issuers[0] = &site->place.keys;
    site->issuers[1] = &site->place.secret;
    site->issuers[2] = &site->alb;
    site->place.policy.issuers = site->issuers;
    site->place.policy.issuer_count = 3;
    bearer_policy_freeze(&site->place.policy, pool);
    unit_expect_reason(
        "keys",
        bearer_jwks_parse(mint_set(mint_key(1, "one", pool), pool), &site->keys,
                          NULL, pool),
        "ok");
    return site;
}

static bearer_reason_t judge(site_t *site, const char *token)
{
    bearer_policy_t *policy = &site->place.policy;
    bearer_job_t *job = &site->job;
    bearer_newer_t newer;
    bearer_str_t user;
    bearer_reason_t why;

    site->note.text[0] = '\0';
    why = bearer_verify_begin(unit_str(token), policy, job, &site->note,
                              site->pool);
    if (!why)
        why = bearer_verify_signature(job, site->keys, &newer, &site->note);
    if (!why)
        why = bearer_verify_claims(job->claims, policy, job->issuer, NOW, &user,
                                   &site->note);
    return why;
}

#define USER "{'sub':'alice'}"

static void alb_takes_what_a_load_balancer_makes(void **state)
{
    site_t *site = create(*state);
    static const char *const payloads[] = {
        USER,
        "{'sub':'alice','iss':'" IDP "','exp':1900000000}",
        "  {  'sub':'alice'  }  ",
        "{'sub':'alice','client':'x','signer':'y','aud':'other'}",
        "{'a':'', 'sub':'alice'}",
        "{'aa':'', 'sub':'alice'}",
    };
    apr_size_t i;

    for (i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        unit_expect_reason(
            payloads[i], judge(site, padded(GOOD, payloads[i], *state)), "ok");
        unit_expect(payloads[i], site->job.issuer == &site->alb);
        unit_expect(payloads[i], site->job.claims->by_header);
        unit_expect(payloads[i], site->job.claims->exp == 1900000000);
    }
    /* the payload's members are claims, and the header is one of them */
    assert_true(bearer_value_equals(
        bearer_value_get(site->job.claims->all, "sub"), unit_str("alice")));
    assert_true(bearer_value_equals(
        bearer_value_get(bearer_value_get(site->job.claims->all, "jose_header"),
                         "client"),
        unit_str("api")));
    /* no claim at all, and nobody whom it would name */
    site->place.policy.user_count = 0;
    unit_expect_reason("empty", judge(site, padded(GOOD, "{}", *state)), "ok");
    unit_expect_reason("blank", judge(site, padded(GOOD, "{ }", *state)), "ok");
}

static void alb_refuses_its_hostile_twins(void **state)
{
    static const struct {
        const char *name, *header, *payload, *want;
    } cases[] = {
        {"another's",
         "{'alg':'EdDSA','kid':'one','iss':'" IDP
         "','client':'api','exp':1900000000,'signer':'" THEIRS "'}",
         USER, "signer_wrong"},
        {"longer",
         "{'alg':'EdDSA','kid':'one','iss':'" IDP
         "','client':'api','exp':1900000000,'signer':'" OURS "1'}",
         USER, "signer_wrong"},
        {"no signer",
         "{'alg':'EdDSA','kid':'one','iss':'" IDP
         "','client':'api','exp':1900000000}",
         USER, "signer_wrong"},
        {"signer in the payload",
         "{'alg':'EdDSA','kid':'one','iss':'" IDP
         "','client':'api','exp':1900000000}",
         "{'sub':'alice','signer':'" OURS "'}", "signer_wrong"},
        {"a list",
         "{'alg':'EdDSA','kid':'one','iss':'" IDP
         "','client':'api','exp':1900000000,'signer':['" OURS "']}",
         USER, "signer_wrong"},
        {"over", HEADER ",'exp':1700000000}", USER, "expired"},
        {"over, not in the payload", HEADER ",'exp':1700000000}",
         "{'sub':'alice','exp':1900000000}", "exp_invalid"},
        {"over in the payload only", GOOD, "{'sub':'alice','exp':1700000000}",
         "exp_invalid"},
        {"no exp", HEADER "}", USER, "exp_missing"},
        {"exp in the payload only", HEADER "}",
         "{'sub':'alice','exp':1900000000}", "exp_missing"},
        {"exp is a text", HEADER ",'exp':'1900000000'}", USER, "exp_invalid"},
        {"exp of the payload is a text", GOOD, "{'sub':'alice','exp':'x'}",
         "exp_invalid"},
        {"another iss in the payload", GOOD,
         "{'sub':'alice','iss':'https://i'}", "iss_unknown"},
        {"iss in the payload is a number", GOOD, "{'sub':'alice','iss':1}",
         "iss_unknown"},
        {"iss in the payload only",
         "{'alg':'EdDSA','kid':'one','client':'api','exp':1900000000,"
         "'signer':'" OURS "'}",
         "{'sub':'alice','iss':'" IDP "'}", "iss_unknown"},
        {"a forged header", GOOD, "{'sub':'alice','jose_header':{}}",
         "payload_json"},
        {"another client",
         "{'alg':'EdDSA','kid':'one','iss':'" IDP
         "','client':'b','exp':1900000000,'signer':'" OURS "'}",
         "{'sub':'alice','client':'api','aud':'api'}", "aud_wrong"},
        {"no client",
         "{'alg':'EdDSA','kid':'one','iss':'" IDP
         "','exp':1900000000,'signer':'" OURS "'}",
         "{'sub':'alice','client':'api','aud':'api'}", "aud_missing"},
        {"an array", GOOD, "[{'sub':'alice'}]", "payload_json"},
        {"a type for others",
         "{'alg':'EdDSA','typ':'logout+jwt','kid':'one',"
         "'iss':'" IDP "','client':'api','exp':1900000000,"
         "'signer':'" OURS "'}",
         USER, "typ_wrong"},
    };
    site_t *site = create(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_reason_t why =
            judge(site, padded(cases[i].header, cases[i].payload, *state));

        unit_expect_reason(cases[i].name, why, cases[i].want);
    }
}

/* exactly as much as belongs there: the same bytes have one spelling */
static void alb_wants_the_padding_of_its_tokens(void **state)
{
    site_t *site = create(*state);
    const char *good = padded(GOOD, USER, *state);
    const char *bare = mint_token(GOOD, USER, 1, *state);
    char *cut = apr_pstrdup(*state, good);

    unit_expect_reason("good", judge(site, good), "ok");
    unit_expect_reason("without", judge(site, bare), "b64_length");
    /* the signature is "…==" */
    cut[strlen(cut) - 1] = '\0';
    unit_expect("one less", judge(site, cut) != BEARER_OK);
    cut[strlen(cut) - 1] = '\0';
    unit_expect("none at the end", judge(site, cut) != BEARER_OK);
    unit_expect("one more",
                judge(site, apr_pstrcat(*state, good, "=", NULL)) != BEARER_OK);
    unit_expect("four more",
                judge(site, apr_pstrcat(*state, good, "====", NULL))
                    != BEARER_OK);
    unit_expect("in front",
                judge(site, apr_pstrcat(*state, "=", good, NULL)) != BEARER_OK);
    unit_expect("nothing else", judge(site, "====.====.====") != BEARER_OK);
}

/* what one issuer may do, the others may not */
static void alb_pads_nobody_elses_tokens(void **state)
{
    static const char claims[] = WORLD_BY_I "}";
    site_t *site = create(*state);
    const char *bare =
        mint_token("{'alg':'EdDSA','kid':'one'}", claims, 1, *state);
    const char *stretched =
        padded("{'alg':'EdDSA','kid':'one'}", claims, *state);

    unit_expect_reason("beside", judge(site, bare), "ok");
    assert_false(site->job.claims->by_header);
    unit_expect_reason("beside, padded", judge(site, stretched),
                       "b64_alphabet");
    unit_expect_reason("the signature only",
                       judge(site, apr_pstrcat(*state, bare, "==", NULL)),
                       "b64_alphabet");
    /* where there is no load balancer */
    site->place.policy.issuer_count = 2;
    bearer_policy_freeze(&site->place.policy, *state);
    unit_expect_reason("alone", judge(site, bare), "ok");
    unit_expect("alone, padded", judge(site, stretched) != BEARER_OK);
    unit_expect("a load balancer's",
                judge(site, padded(GOOD, USER, *state)) != BEARER_OK);
}

/* a proof for one place is none for another that trusts other signers, or takes iss
 * from the payload */
static void alb_is_judged_each_time(void **state)
{
    site_t *site = create(*state);
    bearer_issuer_t other = site->alb;
    bearer_str_t theirs = unit_str(THEIRS), user;
    const bearer_claims_t *claims;

    unit_expect_reason("good", judge(site, padded(GOOD, USER, *state)), "ok");
    claims = site->job.claims;
    other.signers = &theirs;
    other.signer_count = 1;
    unit_expect_reason("other signers",
                       bearer_verify_claims(claims, &site->place.policy, &other,
                                            NOW, &user, &site->note),
                       "signer_wrong");
    other = site->alb;
    other.named = BEARER_NAMED_BY_ISS;
    unit_expect_reason("by iss",
                       bearer_verify_claims(claims, &site->place.policy, &other,
                                            NOW, &user, &site->note),
                       "iss_unknown");
    unit_expect(
        "found",
        bearer_policy_find_header(&site->place.policy, unit_str(IDP))->issuer
            == &site->alb);
    assert_null(
        bearer_policy_find(&site->place.policy, unit_str(IDP), claims->all));
    assert_null(
        bearer_policy_find_header(&site->place.policy, unit_str("https://i")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(alb_takes_what_a_load_balancer_makes),
        unit_row(alb_refuses_its_hostile_twins),
        unit_row(alb_wants_the_padding_of_its_tokens),
        unit_row(alb_pads_nobody_elses_tokens),
        unit_row(alb_is_judged_each_time),
    };

    return unit_run(tests);
}
