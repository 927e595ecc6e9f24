/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/judge/verify.h"

#include "mint.h"
#include "world.h"

#define SECRET WORLD_SECRET
/* good claims of either issuer, except for what follows */
#define BY_I WORLD_BY_I
#define BY_S WORLD_BY_S

static const bearer_jwks_t *set_of(const char *keys, apr_pool_t *pool)
{
    const bearer_jwks_t *set = NULL;

    unit_expect_reason(
        keys, bearer_jwks_parse(mint_set(keys, pool), &set, NULL, pool), "ok");
    return set;
}

/* nobody looks for its keys: they are handed over */
static world_place_t *place(apr_pool_t *pool)
{
    world_place_t *made = apr_pcalloc(pool, sizeof(*made));

    world_make_place(made, NULL, pool);
    return made;
}

/* all three parts, as the gate calls them */
static bearer_reason_t judge(const char *token, bearer_policy_t *policy,
                             const bearer_jwks_t *keys, bearer_note_t *note,
                             apr_pool_t *pool)
{
    bearer_reason_t why;
    bearer_str_t subject;
    bearer_job_t job;
    bearer_newer_t newer;

    note->text[0] = '\0';
    bearer_policy_freeze(policy, pool);
    why = bearer_verify_begin(unit_str(token), policy, &job, note, pool);
    if (why)
        return why;
    if (job.issuer->secret)
        keys = job.issuer->secret;
    why = bearer_verify_signature(&job, keys, &newer, note);
    if (why)
        return why;
    return bearer_verify_claims(job.claims, job.policy, job.issuer, NOW,
                                &subject, note);
}

static const char *mint(const char *header, const char *claims,
                        apr_pool_t *pool)
{
    return mint_token(header, claims, 1, pool);
}

/* --- order ------------------------------------------------------------------ */

/* each token is wrong in what its row says, and in much that comes later */
static void verify_gives_the_earliest_reason(void **state)
{
    static const struct {
        const char *header, *claims, *want;
    } cases[] = {
        {"[]", "[]", "header_json"},
        {"{'crit':[],'typ':1}", "[]", "alg_missing"},
        {"{'alg':'none','crit':[],'typ':1}", "[]", "alg_unknown"},
        {"{'alg':'RS256','crit':[],'typ':1}", "[]", "alg_forbidden"},
        {"{'alg':'EdDSA','zip':1,'b64':1,'crit':[]}", "[]", "header_crit"},
        {"{'alg':'EdDSA','zip':1,'b64':1,'enc':1}", "[]", "header_b64"},
        {"{'alg':'EdDSA','zip':1,'enc':1,'kid':1}", "[]", "header_zip"},
        {"{'alg':'EdDSA','enc':1,'kid':1,'typ':1}", "[]", "header_enc"},
        {"{'alg':'EdDSA','kid':1,'typ':1}", "[]", "header_kid"},
        {"{'alg':'EdDSA','kid':'?','typ':1}", "[]", "typ_wrong"},
        {"{'alg':'EdDSA','kid':'?','typ':'logout+jwt'}", "[]", "typ_wrong"},
        {"{'alg':'EdDSA','kid':'?'}", "[]", "payload_json"},
        {"{'alg':'HS256','kid':'?'}", "{'exp':1}", "iss_missing"},
        {"{'alg':'HS256','kid':'?'}", "{'iss':['https://i'],'exp':1}",
         "iss_missing"},
        {"{'alg':'HS256','kid':'?'}", "{'iss':'https://i/','exp':1}",
         "iss_unknown"},
        /* allowed at this place, but only for the other issuer */
        {"{'alg':'HS256','kid':'?'}", "{'iss':'https://i','exp':1}",
         "alg_forbidden"},
        {"{'alg':'EdDSA','kid':'?'}", "{'iss':'https://s','exp':1}",
         "alg_forbidden"},
        {"{'alg':'EdDSA','kid':'?'}", "{'iss':'https://i','exp':1}",
         "key_unknown"},
        {"{'alg':'EdDSA','kid':'rsa'}", "{'iss':'https://i','exp':1}",
         "key_unfit"},
        {"{'alg':'EdDSA','kid':'448'}", "{'iss':'https://i','exp':1}",
         "sig_length"},
        {"{'alg':'EdDSA','kid':'two'}", "{'iss':'https://i','exp':1}",
         "sig_wrong"},
        {"{'alg':'EdDSA','kid':'one'}", "{'iss':'https://i','exp':1}",
         "expired"},
        {"{'alg':'EdDSA','kid':'one'}", "{'iss':'https://i','exp':1900000000}",
         "aud_missing"},
        {"{'alg':'EdDSA','kid':'one'}",
         "{'iss':'https://i','exp':1900000000,'aud':'api','cnf':{}}",
         "cnf_bound"},
        {"{'alg':'EdDSA','kid':'one'}",
         "{'iss':'https://i','exp':1900000000,'aud':'api'}", "subject_missing"},
        {"{'alg':'EdDSA','kid':'one'}", BY_I "}", "ok"},
        {"{'alg':'EdDSA','kid':'one','typ':'at+jwt','jku':'https://evil',"
         "'jwk':{'kty':'oct','k':'AAAA'},'x5c':['AAAA']}",
         BY_I "}", "ok"},
    };
    world_place_t *at = place(*state);
    const bearer_jwks_t *keys = set_of(
        apr_pstrcat(
            *state, mint_key(1, "one", *state), ",", mint_key(2, "two", *state),
            ",{'kty':'OKP','crv':'Ed448','kid':'448','x':'" FIX_ED448_X
            "'},{'kty':'RSA','e':'AQAB','kid':'rsa','n':'" FIX_RSA_N "'}",
            NULL),
        *state);
    bearer_note_t note;
    apr_size_t i;

    at->policy.algs = bearer_alg_find(unit_str("EdDSA"))->bit
                      | bearer_alg_find(unit_str("HS256"))->bit;
    assert_int_equal(keys->count, 4);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name =
            apr_pstrcat(*state, cases[i].header, " ", cases[i].claims, NULL);
        const char *token = mint(cases[i].header, cases[i].claims, *state);

        unit_expect_reason(name, judge(token, &at->policy, keys, &note, *state),
                           cases[i].want);
    }
}

static void verify_refuses_bad_forms_first(void **state)
{
    static const struct {
        const char *name, *token, *want;
    } cases[] = {
        {"nothing", "", "token_format"},
        {"two parts", "W10.W10", "jws_parts"},
        {"five parts", "W10.W10.W10.W10.W10", "jws_encrypted"},
        {"no b64token", "W10=.W10.W10", "token_format"},
        {"padding", "W10.W10.W10=", "b64_alphabet"},
        {"a b64token, but not base64url", "W1+.W10.W10", "b64_alphabet"},
        {"impossible length", "W10.W.W10", "b64_length"},
        {"another spelling", "W11.W10.W10", "b64_canonical"},
    };
    world_place_t *at = place(*state);
    char *large = apr_pcalloc(*state, BEARER_LIMIT_TOKEN + 2);
    bearer_note_t note;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect_reason(
            cases[i].name,
            judge(cases[i].token, &at->policy, NULL, &note, *state),
            cases[i].want);
    memset(large, 'A', BEARER_LIMIT_TOKEN + 1);
    unit_expect_reason("large", judge(large, &at->policy, NULL, &note, *state),
                       "token_size");
}

/* a token of each algorithm that another implementation made */
static void verify_accepts_foreign_tokens(void **state)
{
    static const struct {
        const char *key, *token;
    } cases[] = {
        {"{'kty':'RSA','e':'AQAB','kid':'k','n':'" FIX_RSA_N "'}",
         FIX_RS256_RSA_TOKEN},
        {"{'kty':'RSA','e':'AQAB','kid':'k','n':'" FIX_RSA_N "'}",
         FIX_PS512_RSA_TOKEN},
        {"{'kty':'EC','crv':'P-256','kid':'k','x':'" FIX_P256_X
         "','y':'" FIX_P256_Y "'}",
         FIX_ES256_P256_TOKEN},
        {"{'kty':'OKP','crv':'Ed25519','kid':'k','x':'" FIX_ED25519_X "'}",
         FIX_EDDSA_ED25519_TOKEN},
    };
    world_place_t *at = place(*state);
    bearer_str_t foreign[] = {BEARER_LIT("https://api.example")};
    bearer_note_t note;
    apr_size_t i;

    at->keys.iss = unit_str("https://issuer.example");
    at->policy.audiences = foreign;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect_reason(cases[i].key,
                           judge(cases[i].token, &at->policy,
                                 set_of(cases[i].key, *state), &note, *state),
                           "ok");
    unit_expect_reason("a token that brings its key",
                       judge(FIX_FORGED_TOKEN, &at->policy,
                             set_of(cases[2].key, *state), &note, *state),
                       "sig_wrong");
}

/* --- issuers ---------------------------------------------------------------- */

static void verify_uses_an_issuers_own_algorithms(void **state)
{
    world_place_t *at = place(*state);
    const bearer_jwks_t *keys = set_of(mint_key(1, "one", *state), *state);
    const char *token = mint("{'alg':'EdDSA','kid':'one'}", BY_I "}", *state);
    bearer_note_t note;

    at->keys.algs = bearer_alg_find(unit_str("ES256"))->bit;
    unit_expect_reason("own list",
                       judge(token, &at->policy, keys, &note, *state),
                       "alg_forbidden");
    assert_string_equal(note.text, "alg EdDSA");
    at->keys.algs = bearer_alg_public;
    at->policy.algs = bearer_alg_find(unit_str("ES256"))->bit;
    unit_expect_reason("own list wins",
                       judge(token, &at->policy, keys, &note, *state), "ok");
}

/* algorithm confusion: what is public must not serve as a secret */
static void verify_keeps_secrets_and_keys_apart(void **state)
{
    world_place_t *at = place(*state);
    const bearer_jwks_t *keys = set_of(mint_key(1, "one", *state), *state);
    bearer_note_t note;

    unit_expect_reason(
        "secret",
        judge(mint_secret_token("{'alg':'HS256'}", BY_S "}", SECRET, *state),
              &at->policy, keys, &note, *state),
        "ok");
    unit_expect_reason("another secret",
                       judge(mint_secret_token("{'alg':'HS256'}", BY_S "}",
                                               "x" SECRET, *state),
                             &at->policy, keys, &note, *state),
                       "sig_wrong");
    unit_expect_reason(
        "the secret for the other issuer",
        judge(mint_secret_token("{'alg':'HS256'}", BY_I "}", SECRET, *state),
              &at->policy, keys, &note, *state),
        "alg_forbidden");
    unit_expect_reason(
        "the key for the secret's issuer",
        judge(mint("{'alg':'EdDSA','kid':'one'}", BY_S "}", *state),
              &at->policy, keys, &note, *state),
        "alg_forbidden");
}

/* a key id means nothing without its issuer */
static void verify_one_kid_of_two_issuers(void **state)
{
    world_place_t *at = place(*state);
    const bearer_jwks_t *of_i = set_of(mint_key(1, "same", *state), *state);
    const bearer_jwks_t *of_other = set_of(mint_key(2, "same", *state), *state);
    const char *header = "{'alg':'EdDSA','kid':'same'}";
    const char *claims = "{'iss':'https://other','aud':'api',"
                         "'exp':1900000000,'sub':'alice'}";
    bearer_issuer_t other = {.iss = BEARER_LIT("https://other")};
    const bearer_issuer_t *issuers[] = {&at->keys, &other};
    bearer_note_t note = {""};
    bearer_job_t job;
    bearer_newer_t newer = BEARER_NEWER_NEEDED;

    at->policy.issuers = issuers;
    bearer_policy_freeze(&at->policy, *state);
    assert_int_equal(
        bearer_verify_begin(unit_str(mint_token(header, claims, 1, *state)),
                            &at->policy, &job, &note, *state),
        BEARER_OK);
    assert_ptr_equal(job.issuer, &other);
    unit_expect_reason("signed by the first, says the second",
                       bearer_verify_signature(&job, of_other, &newer, &note),
                       "sig_wrong");
    assert_int_equal(newer, BEARER_NEWER_MAY);
    assert_string_equal(note.text, "kid same, alg EdDSA");
    assert_int_equal(
        bearer_verify_begin(unit_str(mint_token(header, BY_I "}", 1, *state)),
                            &at->policy, &job, &note, *state),
        BEARER_OK);
    assert_ptr_equal(job.issuer, &at->keys);
    unit_expect_reason("signed by the first, says so",
                       bearer_verify_signature(&job, of_i, &newer, &note),
                       "ok");
    assert_int_equal(newer, BEARER_NEWER_NO);
}

/* a set that many tenants share says of some keys whose they are (Entra ID) */
static void verify_takes_no_other_tenants_key(void **state)
{
    static const struct {
        const char *member, *want;
    } cases[] = {
        {"", "ok"},
        {",'issuer':'https://l/{tid}/v2'", "ok"},
        {",'issuer':'https://l/{tenantid}/v2'", "ok"},
        {",'issuer':'https://l/a/v2'", "ok"},
        {",'issuer':'https://l/b/v2'", "key_unfit"},
        {",'issuer':'https://l/{tenantid}/v3'", "key_unfit"},
        {",'issuer':''", "key_unfit"},
        {",'issuer':7", "key_unfit"},
        {",'issuer':['https://l/a/v2']", "key_unfit"},
    };
    const char *token = mint("{'alg':'EdDSA','kid':'one'}",
                             "{'iss':'https://l/a/v2','tid':'a','aud':'api',"
                             "'exp':1900000000,'sub':'alice'}",
                             *state);
    const char *key = mint_key(1, "one", *state);
    bearer_issuer_t tenants = {.iss = BEARER_LIT("https://l/{tid}/v2"),
                               .named = BEARER_NAMED_BY_TENANT};
    bearer_issuer_t plain = {.iss = BEARER_LIT("https://l/a/v2")};
    world_place_t *at = place(*state);
    bearer_note_t note;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_issuer_t *issuers[] = {&tenants};
        const bearer_jwks_t *keys, *again = NULL;

        keys = set_of(apr_pstrcat(*state,
                                  apr_pstrndup(*state, key, strlen(key) - 1),
                                  cases[i].member, "}", NULL),
                      *state);
        at->policy.issuers = issuers;
        at->policy.issuer_count = 1;
        bearer_policy_freeze(&at->policy, *state);
        unit_expect_reason(cases[i].member,
                           judge(token, &at->policy, keys, &note, *state),
                           cases[i].want);
        /* through the board, too */
        unit_expect_reason(cases[i].member,
                           bearer_jwks_parse(bearer_jwks_render(keys, *state),
                                             &again, &note, *state),
                           "ok");
        unit_expect_reason(cases[i].member,
                           judge(token, &at->policy, again, &note, *state),
                           cases[i].want);
        /* a line of its own says whose keys these are */
        issuers[0] = &plain;
        bearer_policy_freeze(&at->policy, *state);
        unit_expect_reason(cases[i].member,
                           judge(token, &at->policy, keys, &note, *state),
                           "ok");
    }
}

/* --- whether newer keys may help -------------------------------------------- */

#define RSA_KEY(kid) "{'kty':'RSA','e':'AQAB','n':'" FIX_RSA_N "'" kid "}"
#define ED448_KEY(kid)                                                         \
    "{'kty':'OKP','crv':'Ed448','x':'" FIX_ED448_X "'" kid "}"
#define P256_KEY                                                               \
    "{'kty':'EC','crv':'P-256','x':'" FIX_P256_X "','y':'" FIX_P256_Y "'}"

static void verify_tells_whether_newer_keys_may_help(void **state)
{
    const char *one = mint_key(1, "one", *state);
    const char *two = mint_key(2, "two", *state);
    const char *twice = mint_key(2, "one", *state);
    const char *plain_one = mint_key(1, NULL, *state);
    const char *plain_two = mint_key(2, NULL, *state);
    const struct {
        const char *name;
        const char *keys[6];
        const char *header;
        const char *want;
        bearer_newer_t newer;
    } cases[] = {
        {"known kid",
         {one},
         "{'alg':'EdDSA','kid':'one'}",
         "ok",
         BEARER_NEWER_NO},
        {"known kid, wrong signature",
         {twice},
         "{'alg':'EdDSA','kid':'one'}",
         "sig_wrong",
         BEARER_NEWER_MAY},
        {"known kid, also a key without",
         {twice, plain_one},
         "{'alg':'EdDSA','kid':'one'}",
         "sig_wrong",
         BEARER_NEWER_MAY},
        {"one kid, two keys",
         {twice, one},
         "{'alg':'EdDSA','kid':'one'}",
         "ok",
         BEARER_NEWER_NO},
        {"unknown kid",
         {one, two},
         "{'alg':'EdDSA','kid':'new'}",
         "key_unknown",
         BEARER_NEWER_NEEDED},
        {"empty kid",
         {one, two},
         "{'alg':'EdDSA','kid':''}",
         "key_unknown",
         BEARER_NEWER_NEEDED},
        {"unknown kid, key without",
         {plain_one},
         "{'alg':'EdDSA','kid':'new'}",
         "ok",
         BEARER_NEWER_NO},
        {"unknown kid, wrong key without",
         {plain_two},
         "{'alg':'EdDSA','kid':'new'}",
         "sig_wrong",
         BEARER_NEWER_NEEDED},
        {"unknown kid, unfit key without",
         {RSA_KEY("")},
         "{'alg':'EdDSA','kid':'new'}",
         "key_unknown",
         BEARER_NEWER_NEEDED},
        {"no kid", {one}, "{'alg':'EdDSA'}", "ok", BEARER_NEWER_NO},
        {"no kid, second fits",
         {two, one},
         "{'alg':'EdDSA'}",
         "ok",
         BEARER_NEWER_NO},
        {"no kid, wrong signature",
         {two},
         "{'alg':'EdDSA'}",
         "sig_wrong",
         BEARER_NEWER_NEEDED},
        {"no kid, another size",
         {ED448_KEY("")},
         "{'alg':'EdDSA'}",
         "sig_length",
         BEARER_NEWER_NEEDED},
        {"no kid, wrong, then another size",
         {two, ED448_KEY("")},
         "{'alg':'EdDSA'}",
         "sig_wrong",
         BEARER_NEWER_NEEDED},
        {"no kid, another size, then wrong",
         {ED448_KEY(""), two},
         "{'alg':'EdDSA'}",
         "sig_wrong",
         BEARER_NEWER_NEEDED},
        {"no kid, none fits",
         {RSA_KEY("")},
         "{'alg':'EdDSA'}",
         "key_unfit",
         BEARER_NEWER_NEEDED},
        {"no kid, five keys",
         {two, two, two, two, one},
         "{'alg':'EdDSA'}",
         "ok",
         BEARER_NEWER_NO},
        {"known kid, unfit",
         {RSA_KEY(",'kid':'one'"), two},
         "{'alg':'EdDSA','kid':'one'}",
         "key_unfit",
         BEARER_NEWER_MAY},
        {"known kid, another size",
         {ED448_KEY(",'kid':'one'")},
         "{'alg':'EdDSA','kid':'one'}",
         "sig_length",
         BEARER_NEWER_MAY},
        /* 64 bytes are no RS256 signature by any key of 2048 bits, but may be
         * by a key yet to come; ES256 has only one length, and here it fits */
        {"no kid, RSA",
         {RSA_KEY("")},
         "{'alg':'RS256'}",
         "sig_length",
         BEARER_NEWER_NEEDED},
        {"no kid, EC",
         {P256_KEY},
         "{'alg':'ES256'}",
         "sig_wrong",
         BEARER_NEWER_NEEDED},
    };
    world_place_t *at = place(*state);
    apr_size_t i, k;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *keys = cases[i].keys[0];
        bearer_newer_t newer = (bearer_newer_t)77;
        bearer_note_t note = {""};
        bearer_job_t job;

        for (k = 1; k < 6 && cases[i].keys[k]; k++)
            keys = apr_pstrcat(*state, keys, ",", cases[i].keys[k], NULL);
        unit_expect_reason(
            cases[i].name,
            bearer_verify_begin(
                unit_str(mint(cases[i].header, BY_I "}", *state)), &at->policy,
                &job, &note, *state),
            "ok");
        unit_expect_reason(
            cases[i].name,
            bearer_verify_signature(&job, set_of(keys, *state), &newer, &note),
            cases[i].want);
        unit_expect(cases[i].name, newer == cases[i].newer);
    }
}

/* who reads the log line sees which key it is that does not fit */
static void verify_names_the_key_that_is_unfit(void **state)
{
    static const struct {
        const char *keys, *header, *note;
    } cases[] = {
        {RSA_KEY(",'kid':'one'"), "{'alg':'EdDSA','kid':'one'}",
         "kid one, alg EdDSA, but the key is RSA"},
        {ED448_KEY(",'kid':'one'"), "{'alg':'Ed25519','kid':'one'}",
         "kid one, alg Ed25519, but the key is OKP Ed448"},
        {RSA_KEY(",'kid':'one','alg':'PS256'"), "{'alg':'RS256','kid':'one'}",
         "kid one, alg RS256, but the key is RSA for another alg"},
        {P256_KEY, "{'alg':'RS256'}",
         "no kid, alg RS256, but the key is EC P-256"},
        {P256_KEY "," RSA_KEY(",'alg':'PS256'"), "{'alg':'RS256'}",
         "no kid, alg RS256, but the first key is EC P-256"},
        {P256_KEY, "{'alg':'RS256','kid':''}", "kid (empty), alg RS256"},
        {P256_KEY, "{'alg':'RS256','kid':null}",
         "no kid, alg RS256, but the key is EC P-256"},
    };
    world_place_t *at = place(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_note_t note = {""};

        (void)judge(mint(cases[i].header, BY_I "}", *state), &at->policy,
                    set_of(cases[i].keys, *state), &note, *state);
        assert_string_equal(note.text, cases[i].note);
    }
}

/* a length that its algorithm forbids is wrong for every key */
static void verify_asks_nobody_for_impossible_lengths(void **state)
{
    world_place_t *at = place(*state);
    const char *token = apr_pstrcat(
        *state, mint_signed_part("{'alg':'ES256'}", BY_I "}", *state), ".AAAA",
        NULL);
    bearer_note_t note;
    bearer_job_t job;
    bearer_newer_t newer = BEARER_NEWER_NEEDED;

    assert_int_equal(
        bearer_verify_begin(unit_str(token), &at->policy, &job, &note, *state),
        BEARER_OK);
    unit_expect_reason(
        "ES256 of 3 bytes",
        bearer_verify_signature(&job, set_of(P256_KEY, *state), &newer, &note),
        "sig_length");
    assert_int_equal(newer, BEARER_NEWER_NO);
}

/* --- what is handed out ----------------------------------------------------- */

static void verify_fills_a_job_as_far_as_it_got(void **state)
{
    static const struct {
        const char *header, *claims, *want;
        bool jws, payload, issuer;
    } cases[] = {
        {"{'alg':'none'}", BY_I "}", "alg_unknown", false, false, false},
        {"{'alg':'EdDSA','typ':'x'}", BY_I "}", "typ_wrong", true, false,
         false},
        {"{'alg':'EdDSA'}", "[]", "payload_json", true, false, false},
        {"{'alg':'EdDSA'}", "{}", "iss_missing", true, true, false},
        {"{'alg':'EdDSA'}", "{'iss':'x'}", "iss_unknown", true, true, false},
        {"{'alg':'EdDSA'}", BY_S "}", "alg_forbidden", true, true, true},
        {"{'alg':'EdDSA'}", BY_I "}", "ok", true, true, true},
    };
    world_place_t *at = place(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_job_t job;

        memset(&job, 0xff, sizeof(job));
        unit_expect_reason(
            cases[i].want,
            bearer_verify_begin(
                unit_str(mint(cases[i].header, cases[i].claims, *state)),
                &at->policy, &job, NULL, *state),
            cases[i].want);
        assert_ptr_equal(job.policy, &at->policy);
        unit_expect(cases[i].want, !job.jws == !cases[i].jws);
        unit_expect(cases[i].want, !job.claims == !cases[i].payload);
        unit_expect(cases[i].want, !job.issuer == !cases[i].issuer);
    }
}

static void verify_finds_the_subject_if_asked(void **state)
{
    world_place_t *at = place(*state);
    const char *nobody = "{'iss':'https://i','aud':'api','exp':1900000000}";
    bearer_str_t subject = {NULL, 0};
    bearer_job_t job;

    assert_int_equal(
        bearer_verify_begin(unit_str(mint("{'alg':'EdDSA'}", BY_I "}", *state)),
                            &at->policy, &job, NULL, *state),
        BEARER_OK);
    unit_expect_reason("at time",
                       bearer_verify_claims(job.claims, job.policy, job.issuer,
                                            NOW, &subject, NULL),
                       "ok");
    assert_string_equal(subject.data, "alice");
    unit_expect_reason("later",
                       bearer_verify_claims(job.claims, job.policy, job.issuer,
                                            1900000000, &subject, NULL),
                       "expired");

    assert_int_equal(
        bearer_verify_begin(unit_str(mint("{'alg':'EdDSA'}", nobody, *state)),
                            &at->policy, &job, NULL, *state),
        BEARER_OK);
    unit_expect_reason("nobody",
                       bearer_verify_claims(job.claims, job.policy, job.issuer,
                                            NOW, &subject, NULL),
                       "subject_missing");
    at->policy.user_count = 0;
    subject.data = NULL;
    unit_expect_reason("nobody asked",
                       bearer_verify_claims(job.claims, job.policy, job.issuer,
                                            NOW, &subject, NULL),
                       "ok");
    assert_null(subject.data);
}

/* what a wrong signature and a nonce in the header come from is told; a nonce alone
 * refuses nothing, and another failure says nothing about it */
static void verify_recognises_tokens_for_microsoft_graph(void **state)
{
    static const struct {
        const char *header;
        int seed;
        const char *want;
    } cases[] = {
        {"{'alg':'EdDSA','kid':'one','nonce':'n'}", 2,
         "kid one, alg EdDSA; a nonce in the header: only Microsoft Graph can "
         "verify its tokens, ask for one for this service"},
        {"{'alg':'EdDSA','kid':'one'}", 2, "kid one, alg EdDSA"},
        {"{'alg':'EdDSA','kid':'new','nonce':'n'}", 2, "kid new, alg EdDSA"},
        {"{'alg':'EdDSA','kid':'one','nonce':'n'}", 1, ""},
    };
    world_place_t *at = place(*state);
    const bearer_jwks_t *keys = set_of(mint_key(1, "one", *state), *state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_note_t note = {""};

        unit_expect(cases[i].want, judge(mint_token(cases[i].header, BY_I "}",
                                                    cases[i].seed, *state),
                                         &at->policy, keys, &note, *state)
                                           == BEARER_OK
                                       || cases[i].seed != 1);
        assert_string_equal(note.text, cases[i].want);
    }
}

static void verify_notes_are_short_and_escaped(void **state)
{
    static const struct {
        const char *header, *claims, *want;
    } cases[] = {
        {"{'alg':'EdDSA','typ':'a\\nb'}", "{}", "typ a\\x0ab"},
        {"{'alg':'EdDSA'}", "{'iss':'a\\u0022b'}",
         "trusted here: https://i, https://s; the token's iss is a\\x22b"},
        {"{'alg':'HS256'}", BY_I "}", "alg HS256"},
        {"{'alg':'EdDSA','kid':'a\\r\\nb'}", BY_I "}",
         "kid a\\x0d\\x0ab, alg EdDSA"},
        {"{'alg':'ES256'}", BY_I "}",
         "no kid, alg ES256, but the key is OKP Ed25519"},
    };
    world_place_t *at = place(*state);
    const bearer_jwks_t *keys = set_of(mint_key(1, "one", *state), *state);
    bearer_note_t note;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unit_expect(cases[i].header,
                    judge(mint(cases[i].header, cases[i].claims, *state),
                          &at->policy, keys, &note, *state)
                        != BEARER_OK);
        assert_string_equal(note.text, cases[i].want);
    }
    at->policy.typ = BEARER_TYP_AT_JWT;
    unit_expect_reason("no typ",
                       judge(mint("{'alg':'EdDSA'}", BY_I "}", *state),
                             &at->policy, keys, &note, *state),
                       "typ_wrong");
    assert_string_equal(note.text, "no typ");
}

/* --- what a token may cost -------------------------------------------------- */

static const char *times(int count, const char *key, const char *last,
                         apr_pool_t *pool)
{
    const char *all = "";

    for (; count > 0; count--)
        all = apr_pstrcat(pool, all, key, ",", NULL);
    return apr_pstrcat(pool, all, last, NULL);
}

/* an issuer may give many keys the same name, by mistake or because it was taken
 * over: a good token is accepted within the budget, and a forged one never costs
 * more than that */
static void verify_tries_keys_within_a_budget(void **state)
{
    const char *one = mint_key(1, "same", *state);
    const char *two = mint_key(2, "same", *state);
    const char *unfit = ED448_KEY(",'kid':'same'");
    int most = BEARER_LIMIT_COST / 130;
    const struct {
        const char *name, *keys, *want;
    } cases[] = {
        {"the last that is tried", times(most - 1, two, one, *state), "ok"},
        {"the first that is not", times(most, two, one, *state),
         "key_ambiguous"},
        {"as many, none of them", times(most - 1, two, two, *state),
         "sig_wrong"},
        {"more, none of them", times(most, two, two, *state), "key_ambiguous"},
        /* what cannot have made a signature of this length costs nothing */
        {"beside others", times(31, unfit, one, *state), "ok"},
        {"between others",
         apr_pstrcat(*state, two, ",", times(30, unfit, one, *state), NULL),
         "ok"},
        {"beyond what is looked at", times(32, unfit, one, *state),
         "key_ambiguous"},
    };
    world_place_t *at = place(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_newer_t newer = BEARER_NEWER_NEEDED;
        bearer_note_t note = {""};
        bearer_job_t job;

        unit_expect_reason(
            cases[i].name,
            bearer_verify_begin(unit_str(mint("{'alg':'EdDSA','kid':'same'}",
                                              BY_I "}", *state)),
                                &at->policy, &job, &note, *state),
            "ok");
        unit_expect_reason(
            cases[i].name,
            bearer_verify_signature(&job, set_of(cases[i].keys, *state), &newer,
                                    &note),
            cases[i].want);
        unit_expect(cases[i].name, newer != BEARER_NEWER_NEEDED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(verify_gives_the_earliest_reason),
        unit_row(verify_refuses_bad_forms_first),
        unit_row(verify_accepts_foreign_tokens),
        unit_row(verify_uses_an_issuers_own_algorithms),
        unit_row(verify_keeps_secrets_and_keys_apart),
        unit_row(verify_one_kid_of_two_issuers),
        unit_row(verify_takes_no_other_tenants_key),
        unit_row(verify_tells_whether_newer_keys_may_help),
        unit_row(verify_names_the_key_that_is_unfit),
        unit_row(verify_asks_nobody_for_impossible_lengths),
        unit_row(verify_fills_a_job_as_far_as_it_got),
        unit_row(verify_finds_the_subject_if_asked),
        unit_row(verify_recognises_tokens_for_microsoft_graph),
        unit_row(verify_notes_are_short_and_escaped),
        unit_row(verify_tries_keys_within_a_budget),
    };

    return unit_run(tests);
}
