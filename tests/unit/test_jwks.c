/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <apr_tables.h>

#include "bearer/jose/alg.h"
#include "bearer/jose/jwks.h"

#include "jose.h"

#define RSA_KEY "'kty':'RSA','e':'AQAB','n':'" FIX_RSA_N "'"
#define P256_KEY                                                               \
    "'kty':'EC','crv':'P-256','x':'" FIX_P256_X "','y':'" FIX_P256_Y "'"
#define P384_KEY                                                               \
    "'kty':'EC','crv':'P-384','x':'" FIX_P384_X "','y':'" FIX_P384_Y "'"
#define ED_KEY "'kty':'OKP','crv':'Ed25519','x':'" FIX_ED25519_X "'"

/* the set of a text that must be good */
static const bearer_jwks_t *good_set(const char *text, apr_pool_t *pool)
{
    const bearer_jwks_t *set = NULL;
    bearer_note_t note;

    unit_expect_reason(
        text, bearer_jwks_parse(jose_json(text, pool), &set, &note, pool),
        "ok");
    return set;
}

/* a set of this many copies of one key; the member of key i is made from
 * format, which has one %d */
static const char *many_keys(int count, const char *format, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, count, sizeof(char *));
    int i;

    for (i = 0; i < count; i++)
        APR_ARRAY_PUSH(list, char *) = apr_psprintf(pool, format, i);
    return apr_pstrcat(pool, "{'keys':[", apr_array_pstrcat(pool, list, ','),
                       "]}", NULL);
}

static const struct {
    const char *name;
    const char *json;
    const char *want;
    int count;
    int skipped;
    const char *why; /* of the first skipped key */
} sets[] = {
    {"one key", "{'keys':[{" RSA_KEY "}]}", "ok", 1, 0, "ok"},
    {"four keys",
     "{'keys':[{" RSA_KEY "},{" P256_KEY "},{" P384_KEY "},{" ED_KEY "}]}",
     "ok", 4, 0, "ok"},
    {"other members", "{'x':[1],'keys':[{" RSA_KEY "}],'y':null}", "ok", 1, 0,
     "ok"},
    {"a broken key beside a good one",
     "{'keys':[{" RSA_KEY ",'use':'enc'},{" RSA_KEY "}]}", "ok", 1, 1,
     "jwk_use"},
    {"what is no key beside a good one",
     "{'keys':[1,null,'RSA',[],{},{" RSA_KEY "},{'kty':'AKP'}]}", "ok", 1, 6,
     "jwk_form"},
    {"a secret beside a good key",
     "{'keys':[{" RSA_KEY "},{'kty':'oct','k':'" FIX_OCT_K "'}]}", "ok", 1, 1,
     "jwk_oct_published"},
    {"numbers that nothing holds",
     "{'x':18446744073709551615,'keys':[{" RSA_KEY ",'y':1e400},1e400]}", "ok",
     1, 1, "jwk_form"},
    {"the same key twice", "{'keys':[{" RSA_KEY "},{" RSA_KEY "}]}", "ok", 2, 0,
     "ok"},
    {"only a secret", "{'keys':[{'kty':'oct','k':'" FIX_OCT_K "'}]}",
     "jwks_empty", 0, 0, NULL},
    {"no keys", "{'keys':[]}", "jwks_none", 0, 0, NULL},
    {"only keys for encryption",
     "{'keys':[{" RSA_KEY ",'use':'enc'},{" ED_KEY ",'use':'enc'}]}",
     "jwks_none", 0, 0, NULL},
    {"a broken key beside one for encryption",
     "{'keys':[{" RSA_KEY ",'use':'enc'},{}]}", "jwks_empty", 0, 0, NULL},
    {"a private key beside a good one",
     "{'keys':[{" ED_KEY ",'d':'AA'},{" RSA_KEY "}]}", "ok", 1, 1,
     "jwk_private"},
    {"a SPIFFE bundle",
     "{'keys':[{" RSA_KEY ",'use':'jwt-svid'}],'spiffe_sequence':1}",
     "jwks_none", 0, 0, NULL},
    {"only unusable keys", "{'keys':[{},{'kty':'AKP'}]}", "jwks_empty", 0, 0,
     NULL},
    {"no member keys", "{}", "jwks_form", 0, 0, NULL},
    {"keys is an object", "{'keys':{" RSA_KEY "}}", "jwks_form", 0, 0, NULL},
    {"keys is null", "{'keys':null}", "jwks_form", 0, 0, NULL},
    {"a key instead of a set", "{" RSA_KEY "}", "jwks_form", 0, 0, NULL},
    {"an error page", "<html></html>", "json_syntax", 0, 0, NULL},
    {"nothing", "", "json_syntax", 0, 0, NULL},
    {"an array", "[{" RSA_KEY "}]", "json_syntax", 0, 0, NULL},
    {"cut off", "{'keys':[{" RSA_KEY "}", "json_syntax", 0, 0, NULL},
    {"keys twice", "{'keys':[{" RSA_KEY "}],'keys':[]}", "json_duplicate", 0, 0,
     NULL},
    {"a member of a key twice", "{'keys':[{" RSA_KEY ",'n':'AQAB'}]}",
     "json_duplicate", 0, 0, NULL},
    {"deep", "{'keys':[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
     "json_depth", 0, 0, NULL},
};

static void jwks_parse_skips_keys_that_are_refused(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        const bearer_jwks_t *set = NULL;
        bearer_note_t note;

        unit_expect_reason(sets[i].name,
                           bearer_jwks_parse(jose_json(sets[i].json, *state),
                                             &set, &note, *state),
                           sets[i].want);
        unit_expect(sets[i].name, (set != NULL) == (sets[i].why != NULL));
        if (!set)
            continue;
        unit_expect(sets[i].name, set->count == sets[i].count);
        unit_expect(sets[i].name, set->skipped == sets[i].skipped);
        unit_expect_reason(sets[i].name, set->why, sets[i].why);
    }
}

static void jwks_note_names_the_first_refused_key(void **state)
{
    const bearer_jwks_t *set;
    bearer_note_t note;

    set = good_set("{'keys':[{" RSA_KEY "},{'kty':'AKP'},{}]}", *state);
    assert_string_equal(set->skipped_note.text, "key 1: kty AKP");
    unit_expect_reason(
        "empty",
        bearer_jwks_parse(jose_json("{'keys':[{'kty':'AKP'}]}", *state), &set,
                          &note, *state),
        "jwks_empty");
    assert_string_equal(note.text,
                        "keys refused: 1, the first: jwk_kty: key 0: kty AKP");
    unit_expect_reason("none",
                       bearer_jwks_parse(jose_json("{'keys':[]}", *state), &set,
                                         &note, *state),
                       "jwks_none");
    /* without particulars, nothing is left open: "key 0", not "key 0: " */
    set = good_set("{'keys':[{'kty':'oct'},{" RSA_KEY "}]}", *state);
    assert_string_equal(set->skipped_note.text, "key 0");
    /* what was escaped is not escaped again */
    unit_expect_reason(
        "escaped",
        bearer_jwks_parse(jose_json("{'keys':[{'kty':'a\\nb'}]}", *state), &set,
                          &note, *state),
        "jwks_empty");
    assert_string_equal(
        note.text, "keys refused: 1, the first: jwk_kty: key 0: kty a\\x0ab");
}

static void jwks_parse_looks_at_256_keys(void **state)
{
    const bearer_jwks_t *set;

    set = good_set(many_keys(256, "{" ED_KEY ",'kid':'%d'}", *state), *state);
    assert_int_equal(set->count, 256);
    assert_int_equal(set->skipped, 0);

    set = good_set(many_keys(300, "{" ED_KEY ",'kid':'%d'}", *state), *state);
    assert_int_equal(set->count, 256);
    assert_int_equal(set->skipped, 44);
    unit_expect_reason("300", set->why, "jwks_size");
    assert_memory_equal(set->keys[255]->kid.data, "255", 3);
}

static void jwks_keys_outlive_nothing_but_their_pool(void **state)
{
    /* the parsed document is gone by then; ASan watches */
    const bearer_jwks_t *set;

    set =
        good_set("{'keys':[{" RSA_KEY ",'kid':'first'},{" ED_KEY "}]}", *state);
    assert_memory_equal(set->keys[0]->kid.data, "first", 5);
    assert_string_equal(bearer_jwks_kids(set, *state), "first, (none)");
}

/* --- files --------------------------------------------------------------- */

#define MARK "\xef\xbb\xbf"
/* as a JSON string: the lines of PEM are joined at run time, see in_json */
#define CERT    "@C@"
#define PRIVATE "@P@"

static const struct {
    const char *name;
    const char *text; /* ' for " */
    const char *want;
    int count;
} files[] = {
    {"PEM", FIX_RSA_PEM, "ok", 1},
    {"PEM after white space", " \r\n\t\n" FIX_ED25519_PEM, "ok", 1},
    {"certificate", FIX_RSA_CERTIFICATE_PEM, "ok", 1},
    {"set", "{'keys':[{" RSA_KEY "},{" ED_KEY "}]}\n", "ok", 2},
    {"single JWK", "{" P256_KEY ",'kid':'k'}\n", "ok", 1},
    {"private PEM", FIX_P256_PRIVATE_PEM, "pem_form", 0},
    {"weak PEM", FIX_RSA1024_PEM, "jwk_rsa_size", 0},
    {"single JWK for encryption", "{" P256_KEY ",'use':'enc'}", "jwk_use", 0},
    {"single secret", "{'kty':'oct','k':'" FIX_OCT_K "'}", "jwk_oct_published",
     0},
    {"empty set", "{'keys':[]}", "jwks_none", 0},
    {"private JWK", "{" P256_KEY ",'d':'AA'}", "jwk_private", 0},
    {"private JWK beside a public one",
     "{'keys':[{" RSA_KEY "},{" P256_KEY ",'d':'AA'}]}", "jwk_private", 0},
    {"a secret beside a public key",
     "{'keys':[{" RSA_KEY "},{'kty':'oct','k':'" FIX_OCT_K "'}]}",
     "jwk_oct_published", 0},
    {"a set behind a byte order mark", MARK "{'keys':[{" RSA_KEY "}]}", "ok",
     1},
    {"PEM behind a byte order mark", MARK FIX_RSA_PEM, "ok", 1},
    {"two byte order marks", MARK MARK "{'keys':[{" RSA_KEY "}]}",
     "json_syntax", 0},
    {"a byte order mark of UTF-16", "\xff\xfe{\0", "json_syntax", 0},
    {"a mark within", "{" MARK "'keys':[{" RSA_KEY "}]}", "json_syntax", 0},
    {"certificates by their kids", "{'a':'" CERT "','b':'" CERT "'}", "ok", 2},
    {"certificates and what is none", "{'a':'" CERT "','b':7,'c':'x'}", "ok",
     1},
    {"a set of certificates and keys",
     "{'a':'" CERT "','keys':[{" RSA_KEY "}]}", "ok", 1},
    {"a private key by its kid", "{'a':'" CERT "','b':'" PRIVATE "'}",
     "jwk_private", 0},
    {"a private key behind a certificate of its kid",
     "{'a':'" CERT "','b':'" CERT CERT PRIVATE "'}", "jwk_private", 0},
    {"a private key in PEM beside a set",
     "{'a':'" PRIVATE "','keys':[{" RSA_KEY "}]}", "jwk_private", 0},
    {"a private key for encryption beside a public one",
     "{'keys':[{" RSA_KEY "},{" P256_KEY ",'use':'enc','d':'AA'}]}",
     "jwk_private", 0},
    {"a private key of another kind beside a public one",
     "{'keys':[{" RSA_KEY "},{'kty':'OKP','crv':'X25519','d':'AA'}]}",
     "jwk_private", 0},
    {"a certificate that is cut off", "{'a':'-----BEGIN CERTIFICATE-----'}",
     "jwks_empty", 0},
    {"a certificate behind text", "{'a':'x" CERT "'}", "jwks_form", 0},
    {"neither key nor set", "{'a':1}", "jwks_form", 0},
    {"nothing", "", "json_syntax", 0},
    {"text in front of PEM", "key:\n" FIX_RSA_PEM, "ok", 1},
    {"text with \\r\\n in front of PEM", "a\r\nb: c\r\n" FIX_RSA_PEM, "ok", 1},
    {"text in front of a private key", "key:\n" FIX_P256_PRIVATE_PEM,
     "pem_form", 0},
    {"a public key in front of a private one",
     "key:\n" FIX_P256_PEM "secret:\n" FIX_P256_PRIVATE_PEM, "pem_form", 0},
    {"text in the line of PEM", "key: " FIX_RSA_PEM, "json_syntax", 0},
    {"PEM behind an opening brace", "{\n" FIX_RSA_PEM, "json_syntax", 0},
    {"only the start of PEM", "-----BEGIN", "json_syntax", 0},
};

/* PEM as it stands in a JSON string */
static const char *in_json(const char *pem, apr_pool_t *pool)
{
    char *out = apr_pcalloc(pool, 2 * strlen(pem) + 1), *at = out;

    for (; *pem; pem++) {
        if (*pem == '\n')
            *at++ = '\\';
        *at++ = (char)(*pem == '\n' ? 'n' : *pem);
    }
    return out;
}

/* a text with the two marks filled in */
static bearer_str_t filled(const char *text, apr_pool_t *pool)
{
    const char *mark;

    while ((mark = strchr(text, '@'))) {
        const char *pem =
            mark[1] == 'C' ? FIX_RSA_CERTIFICATE_PEM : FIX_P256_PRIVATE_PEM;

        text = apr_pstrcat(
            pool, apr_pstrmemdup(pool, text, (apr_size_t)(mark - text)),
            in_json(pem, pool), mark + 3, NULL);
    }
    return jose_json(text, pool);
}

static void jwks_parse_published_knows_pem_sets_and_keys(void **state)
{
    static const bearer_jwks_form_t form = {.any = true, .file = true};
    size_t i;

    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const bearer_jwks_t *set = NULL;
        bearer_note_t note;

        unit_expect_reason(
            files[i].name,
            bearer_jwks_parse_published(filled(files[i].text, *state), form,
                                        &set, &note, *state),
            files[i].want);
        unit_expect(files[i].name, (set != NULL) == (files[i].count > 0));
        if (set)
            unit_expect(files[i].name, set->count == files[i].count);
    }
}

/* a file is searched to its end, a published set only as far as its keys are used */
static void jwks_of_files_hide_no_private_key(void **state)
{
    bearer_jwks_form_t form = {.any = true, .file = true};
    const char *text = "{'keys':[{" RSA_KEY "}";
    const bearer_jwks_t *set = NULL;
    bearer_note_t note = {""};
    int i;

    for (i = 0; i < 256; i++)
        text = apr_pstrcat(*state, text, ",{}", NULL);
    text = apr_pstrcat(*state, text, ",{" P256_KEY ",'d':'AA'}]}", NULL);
    unit_expect_reason("file",
                       bearer_jwks_parse_published(jose_json(text, *state),
                                                   form, &set, &note, *state),
                       "jwk_private");
    assert_string_equal(note.text, "key 257: it has the member d");
    assert_null(set);
    form.file = false;
    unit_expect_reason("address",
                       bearer_jwks_parse_published(jose_json(text, *state),
                                                   form, &set, &note, *state),
                       "ok");
}

static void jwks_of_certificates_have_their_kids(void **state)
{
    static const bearer_jwks_form_t form = {.any = true};
    const bearer_jwks_t *set = NULL, *again;
    bearer_note_t note;

    unit_expect_reason(
        "map",
        bearer_jwks_parse_published(filled("{'one':'" CERT "','':'" CERT
                                           "','\\u000a':7,'p':'" PRIVATE "'}",
                                           *state),
                                    form, &set, &note, *state),
        "ok");
    assert_string_equal(bearer_jwks_kids(set, *state), "one, (empty)");
    assert_int_equal(set->skipped, 2);
    assert_string_equal(set->skipped_note.text, "key \\x0a: not a string");
    unit_expect_reason("again",
                       bearer_jwks_parse(bearer_jwks_render(set, *state),
                                         &again, &note, *state),
                       "ok");
    assert_int_equal(again->count, 2);
}

/* where metadata leads to there is a JWK set, and nothing else is believed */
static void jwks_of_metadata_are_sets(void **state)
{
    static const bearer_jwks_form_t form;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"{'keys':[{" RSA_KEY "}]}", "ok"},
        {MARK "{'keys':[{" RSA_KEY "}]}", "ok"},
        {FIX_RSA_PEM, "json_syntax"},
        {"{" RSA_KEY "}", "jwks_form"},
        {"{'a':'" CERT "'}", "jwks_form"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_jwks_t *set;
        bearer_note_t note;

        unit_expect_reason(
            cases[i].text,
            bearer_jwks_parse_published(filled(cases[i].text, *state), form,
                                        &set, &note, *state),
            cases[i].want);
    }
}

/* by address, a private key is left out and told of: the issuer may be asked to take
 * it away, and its other keys go on */
static void jwks_by_address_leave_private_keys_out(void **state)
{
    static const bearer_jwks_form_t form = {.any = true};
    const bearer_jwks_t *set = NULL;
    bearer_note_t note;

    unit_expect_reason(
        "beside a public one",
        bearer_jwks_parse_published(jose_json("{'keys':[{" P256_KEY
                                              ",'d':'AA','kid':'p'},{" RSA_KEY
                                              ",'kid':'r'}]}",
                                              *state),
                                    form, &set, &note, *state),
        "ok");
    assert_string_equal(bearer_jwks_kids(set, *state), "r");
    unit_expect_reason("skipped", set->why, "jwk_private");
    assert_string_equal(set->skipped_note.text, "key 0: it has the member d");
}

static void jwks_of_a_spiffe_bundle(void **state)
{
    static const bearer_jwks_form_t form = {.any = true, .svid = true};
    static const struct {
        const char *text, *want;
        int count, hint;
    } cases[] = {
        {"{'keys':[{" P256_KEY ",'use':'jwt-svid','kid':'j'},{" RSA_KEY
         ",'use':'x509-svid','x5c':['AA']}],'spiffe_sequence':7,"
         "'spiffe_refresh_hint':300}",
         "ok", 1, 300},
        {"{'keys':[{" P256_KEY ",'use':'jwt-svid'}],"
         "'spiffe_refresh_hint':-1}",
         "ok", 1, 0},
        {"{'keys':[{" P256_KEY ",'use':'jwt-svid'}],"
         "'spiffe_refresh_hint':'300'}",
         "ok", 1, 0},
        {"{'keys':[{" P256_KEY "},{" RSA_KEY ",'use':'sig'},{" RSA_KEY
         ",'use':'x509-svid'}]}",
         "jwks_none", 0, 0},
        {FIX_RSA_PEM, "json_syntax", 0, 0},
        {"{'a':'" CERT "'}", "jwks_form", 0, 0},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_jwks_t *set = NULL, *again = NULL;
        bearer_note_t note = {""};

        unit_expect_reason(
            cases[i].text,
            bearer_jwks_parse_published(filled(cases[i].text, *state), form,
                                        &set, &note, *state),
            cases[i].want);
        if (!set)
            continue;
        assert_int_equal(set->count, cases[i].count);
        assert_int_equal(set->hint, cases[i].hint);
        /* on the board, its keys are like all others */
        unit_expect_reason("board",
                           bearer_jwks_parse(bearer_jwks_render(set, *state),
                                             &again, &note, *state),
                           "ok");
        assert_int_equal(again->count, set->count);
    }
}

/* keys that an issuer took back leave a set that says so */
static void jwks_rendered_may_be_nothing(void **state)
{
    bearer_str_t text = bearer_jwks_render(&bearer_jwks_nothing, *state);
    const bearer_jwks_t *set = NULL;
    bearer_candidates_t found;
    bearer_note_t note;

    assert_string_equal(text.data, "{\"keys\":[]}");
    unit_expect_reason(
        "nothing", bearer_jwks_parse_rendered(text, &set, &note, *state), "ok");
    assert_int_equal(set->count, 0);
    unit_expect_reason("kid",
                       bearer_jwks_find(set, unit_str("a"),
                                        bearer_alg_find(unit_str("ES256")),
                                        &found),
                       "key_unknown");
    unit_expect_reason("no kid",
                       bearer_jwks_find(set, unit_str(NULL),
                                        bearer_alg_find(unit_str("ES256")),
                                        &found),
                       "key_unfit");
    unit_expect_reason("broken",
                       bearer_jwks_parse_rendered(unit_str("{\"keys\":1}"),
                                                  &set, &note, *state),
                       "jwks_form");
}

/* --- rendering ----------------------------------------------------------- */

static void jwks_render_parses_to_the_same_set(void **state)
{
    static const char *const texts[] = {
        "{'keys':[{" RSA_KEY "}]}",
        "{'keys':[{" RSA_KEY ",'kid':'\\u00fc\\\\\\'\\u0001','use':'sig',"
        "'alg':'PS256','d':null,'x5c':['AA']},{'kty':'AKP'},{" P256_KEY
        ",'key_ops':['verify'],'kid':''},{" P384_KEY ",'kid':'3'},{" ED_KEY
        ",'alg':'EdDSA'}]}",
    };
    size_t i;
    int j;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const bearer_jwks_t *before = good_set(texts[i], *state);
        const bearer_jwks_t *after = NULL;
        bearer_str_t text = bearer_jwks_render(before, *state);
        bearer_note_t note;

        unit_expect_reason(
            texts[i], bearer_jwks_parse(text, &after, &note, *state), "ok");
        assert_int_equal(after->count, before->count);
        assert_int_equal(after->skipped, 0);
        for (j = 0; j < after->count; j++) {
            const bearer_jwk_t *old = before->keys[j];
            const bearer_jwk_t *new = after->keys[j];

            assert_int_equal(new->kid.len, old->kid.len);
            assert_true(!new->kid.data == !old->kid.data);
            if (new->kid.data)
                assert_memory_equal(new->kid.data, old->kid.data, new->kid.len);
            assert_int_equal(new->kty, old->kty);
            assert_int_equal(new->curve, old->curve);
            assert_int_equal(new->bits, old->bits);
            assert_int_equal(new->algs, old->algs);
        }
        assert_string_equal(bearer_jwks_render(after, *state).data, text.data);
        assert_int_equal(strlen(text.data), text.len);
    }
}

static void jwks_render_shows_checked_members_only(void **state)
{
    const bearer_jwks_t *set = good_set(
        "{'keys':[{" P256_KEY ",'z':'c2VjcmV0','x5c':['YQ==']},{" P256_KEY
        ",'d':'c2VjcmV0'}]}",
        *state);

    assert_string_equal(bearer_jwks_render(set, *state).data,
                        jose_json("{'keys':[{" P256_KEY "}]}", *state).data);
}

static void jwks_render_leaves_secrets_out(void **state)
{
    const bearer_jwk_t *key;
    const bearer_jwk_t *keys[3];
    const bearer_jwks_t mixed = {.keys = keys, .count = 3};
    bearer_note_t note;

    assert_int_equal(
        bearer_jwk_parse_secret(unit_str("0123456789abcdef0123456789abcdef"),
                                &key, &note, *state),
        BEARER_OK);
    assert_string_equal(
        bearer_jwks_render(bearer_jwks_create(key, *state), *state).data,
        "{\"keys\":[]}");

    keys[0] = key;
    unit_expect_reason("beside it",
                       jose_key("{" P256_KEY "}", &keys[1], *state), "ok");
    keys[2] = key;
    assert_string_equal(bearer_jwks_render(&mixed, *state).data,
                        jose_json("{'keys':[{" P256_KEY "}]}", *state).data);
}

/* --- finding ------------------------------------------------------------- */

#define FOUR                                                                   \
    "{" ED_KEY ",'kid':'k'},{" ED_KEY ",'kid':'k'},"                           \
    "{" ED_KEY ",'kid':'k'},{" ED_KEY ",'kid':'k'}"

static const struct {
    const char *name;
    const char *json;
    const char *kid; /* NULL: the token has none */
    const char *alg;
    const char *want;
    int count;
    bool by_kid;
} searches[] = {
    {"the kid's key",
     "{'keys':[{" RSA_KEY ",'kid':'a'},{" RSA_KEY ",'kid':'b'}]}", "b", "RS256",
     "ok", 1, true},
    {"unknown kid", "{'keys':[{" RSA_KEY ",'kid':'a'}]}", "b", "RS256",
     "key_unknown", 0, false},
    {"a longer kid is another", "{'keys':[{" RSA_KEY ",'kid':'ab'}]}", "a",
     "RS256", "key_unknown", 0, false},
    {"kid differs in case", "{'keys':[{" RSA_KEY ",'kid':'a'}]}", "A", "RS256",
     "key_unknown", 0, false},
    {"the kid's key has another alg",
     "{'keys':[{" RSA_KEY ",'kid':'a','alg':'RS256'}]}", "a", "PS256",
     "key_unfit", 0, false},
    {"the kid's key has another type", "{'keys':[{" RSA_KEY ",'kid':'a'}]}",
     "a", "HS256", "key_unfit", 0, false},
    {"the kid's key has another curve", "{'keys':[{" P384_KEY ",'kid':'a'}]}",
     "a", "ES256", "key_unfit", 0, false},
    {"the kid's unfit key is not replaced by one without kid",
     "{'keys':[{" P384_KEY ",'kid':'a'},{" P256_KEY "}]}", "a", "ES256",
     "key_unfit", 0, false},
    {"one kid, two algorithms, the first",
     "{'keys':[{" RSA_KEY ",'kid':'a','alg':'RS256'},{" RSA_KEY
     ",'kid':'a','alg':'PS256'}]}",
     "a", "RS256", "ok", 1, true},
    {"one kid, two algorithms, the second",
     "{'keys':[{" RSA_KEY ",'kid':'a','alg':'RS256'},{" RSA_KEY
     ",'kid':'a','alg':'PS256'}]}",
     "a", "PS256", "ok", 1, true},
    {"one kid, two fitting keys",
     "{'keys':[{" P256_KEY ",'kid':'a'},{" P256_KEY ",'kid':'a'}]}", "a",
     "ES256", "ok", 2, true},
    {"a key without kid serves any kid", "{'keys':[{" RSA_KEY "}]}", "a",
     "RS256", "ok", 1, false},
    {"the kid's key is before one without",
     "{'keys':[{" RSA_KEY "},{" RSA_KEY ",'kid':'a'}]}", "a", "RS256", "ok", 1,
     true},
    {"an unfit key without kid leaves the kid unknown",
     "{'keys':[{" ED_KEY "},{" RSA_KEY ",'kid':'a'}]}", "b", "RS256",
     "key_unknown", 0, false},
    {"an empty kid is a kid",
     "{'keys':[{" RSA_KEY ",'kid':''},{" RSA_KEY ",'kid':'a'}]}", "", "RS256",
     "ok", 1, true},
    {"no kid: all that fit",
     "{'keys':[{" RSA_KEY ",'kid':'a'},{" ED_KEY ",'kid':'b'},{" RSA_KEY "}]}",
     NULL, "RS256", "ok", 2, false},
    {"no kid and none fits", "{'keys':[{" RSA_KEY ",'kid':'a'}]}", NULL,
     "ES256", "key_unfit", 0, false},
    {"four candidates", "{'keys':[" FOUR "]}", NULL, "EdDSA", "ok", 4, false},
    {"five candidates", "{'keys':[" FOUR ",{" ED_KEY "}]}", NULL, "EdDSA", "ok",
     5, false},
    {"five candidates of one kid", "{'keys':[" FOUR ",{" ED_KEY ",'kid':'k'}]}",
     "k", "EdDSA", "ok", 5, true},
    {"as many as are looked at",
     "{'keys':[" FOUR "," FOUR "," FOUR "," FOUR "," FOUR "," FOUR "," FOUR
     "," FOUR "]}",
     "k", "EdDSA", "ok", BEARER_LIMIT_CANDIDATES, true},
    {"one more",
     "{'keys':[" FOUR "," FOUR "," FOUR "," FOUR "," FOUR "," FOUR "," FOUR
     "," FOUR ",{" ED_KEY ",'kid':'k'}]}",
     "k", "EdDSA", "ok", BEARER_LIMIT_CANDIDATES, true},
    {"four of five have the kid", "{'keys':[" FOUR ",{" ED_KEY "}]}", "k",
     "EdDSA", "ok", 4, true},
};

static void jwks_find_binds_kid_and_algorithm(void **state)
{
    size_t i;
    int j;

    for (i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
        const bearer_jwks_t *set = good_set(searches[i].json, *state);
        const bearer_alg_t *alg = bearer_alg_find(unit_str(searches[i].alg));
        bearer_candidates_t found = {.count = -1};

        unit_expect_reason(
            searches[i].name,
            bearer_jwks_find(set, unit_str(searches[i].kid), alg, &found),
            searches[i].want);
        if (!searches[i].count) {
            unit_expect(searches[i].name, found.count == -1);
            continue;
        }
        unit_expect(searches[i].name, found.count == searches[i].count);
        unit_expect(searches[i].name, found.by_kid == searches[i].by_kid);
        unit_expect(searches[i].name,
                    found.more == !strcmp(searches[i].name, "one more"));
        for (j = 0; j < found.count; j++) {
            unit_expect(searches[i].name, found.keys[j]->algs & alg->bit);
            if (found.by_kid)
                unit_expect(searches[i].name,
                            found.keys[j]->kid.len == strlen(searches[i].kid));
        }
    }
}

static void jwks_find_gives_secrets_to_hs_only(void **state)
{
    const bearer_jwk_t *key;
    const bearer_jwks_t *set;
    bearer_candidates_t found;
    bearer_note_t note;

    assert_int_equal(
        bearer_jwk_parse_secret(unit_str("0123456789abcdef0123456789abcdef"),
                                &key, &note, *state),
        BEARER_OK);
    set = bearer_jwks_create(key, *state);
    unit_expect_reason("HS256",
                       bearer_jwks_find(set, unit_str("any"),
                                        bearer_alg_find(unit_str("HS256")),
                                        &found),
                       "ok");
    assert_ptr_equal(found.keys[0], key);
    unit_expect_reason("HS512, too short",
                       bearer_jwks_find(set, unit_str(NULL),
                                        bearer_alg_find(unit_str("HS512")),
                                        &found),
                       "key_unfit");
    unit_expect_reason("RS256",
                       bearer_jwks_find(set, unit_str(NULL),
                                        bearer_alg_find(unit_str("RS256")),
                                        &found),
                       "key_unfit");
}

static void jwks_kids_are_cut_where_they_get_long(void **state)
{
    const bearer_jwks_t *set;
    const char *kids;

    set =
        good_set(many_keys(200, "{" ED_KEY ",'kid':'key-%d'}", *state), *state);
    kids = bearer_jwks_kids(set, *state);
    assert_true(strlen(kids) < 240);
    assert_memory_equal(kids, "key-0, key-1, ", 14);
    assert_string_equal(kids + strlen(kids) - 5, ", ...");
}

static void jwks_algs_are_those_of_all_keys(void **state)
{
    const bearer_jwks_t *both =
        good_set("{'keys':[{" P256_KEY "},{" P384_KEY "}]}", *state);
    const bearer_jwks_t *one = good_set("{'keys':[{" P256_KEY "}]}", *state);

    assert_true(bearer_jwks_algs(&bearer_jwks_nothing) == 0);
    assert_true(bearer_jwks_algs(one) == one->keys[0]->algs);
    assert_true(bearer_jwks_algs(both)
                == (both->keys[0]->algs | both->keys[1]->algs));
    assert_true(bearer_jwks_algs(both) != bearer_jwks_algs(one));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit_row(jwks_parse_skips_keys_that_are_refused),
        unit_row(jwks_algs_are_those_of_all_keys),
        unit_row(jwks_note_names_the_first_refused_key),
        unit_row(jwks_parse_looks_at_256_keys),
        unit_row(jwks_keys_outlive_nothing_but_their_pool),
        unit_row(jwks_parse_published_knows_pem_sets_and_keys),
        unit_row(jwks_render_parses_to_the_same_set),
        unit_row(jwks_of_certificates_have_their_kids),
        unit_row(jwks_of_metadata_are_sets),
        unit_row(jwks_of_files_hide_no_private_key),
        unit_row(jwks_by_address_leave_private_keys_out),
        unit_row(jwks_of_a_spiffe_bundle),
        unit_row(jwks_rendered_may_be_nothing),
        unit_row(jwks_render_shows_checked_members_only),
        unit_row(jwks_render_leaves_secrets_out),
        unit_row(jwks_find_binds_kid_and_algorithm),
        unit_row(jwks_find_gives_secrets_to_hs_only),
        unit_row(jwks_kids_are_cut_where_they_get_long),
    };

    return unit_run(tests);
}
