/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <openssl/err.h>

#include "bearer/jose/alg.h"
#include "bearer/jose/jws.h"
#include "bearer/text/b64url.h"

#include "jose.h"
#include "tests/vectors/rfc.h"

#define RSA_KEY     "{'kty':'RSA','e':'AQAB','n':'" FIX_RSA_N "'}"
#define RSA2050_KEY "{'kty':'RSA','e':'AQAB','n':'" FIX_RSA2050_N "'}"
#define OTHER_KEY   "{'kty':'RSA','e':'AQAB','n':'" FIX_RSA_OTHER_N "'}"
#define P256_KEY                                                               \
    "{'kty':'EC','crv':'P-256','x':'" FIX_P256_X "','y':'" FIX_P256_Y "'}"
#define P256_OTHER_KEY                                                         \
    "{'kty':'EC','crv':'P-256','x':'" FIX_P256_OTHER_X                         \
    "','y':'" FIX_P256_OTHER_Y "'}"
#define P384_KEY                                                               \
    "{'kty':'EC','crv':'P-384','x':'" FIX_P384_X "','y':'" FIX_P384_Y "'}"
#define P521_KEY                                                               \
    "{'kty':'EC','crv':'P-521','x':'" FIX_P521_X "','y':'" FIX_P521_Y "'}"
#define ED25519_KEY "{'kty':'OKP','crv':'Ed25519','x':'" FIX_ED25519_X "'}"
#define ED448_KEY   "{'kty':'OKP','crv':'Ed448','x':'" FIX_ED448_X "'}"

/* what a key's text means: a shared secret */
static const char OCT_KEY[] = "secret";

static bearer_algset_t all(void)
{
    return bearer_alg_public | bearer_alg_secret;
}

static const bearer_jwk_t *secret_key(const char *encoded, apr_pool_t *pool)
{
    const bearer_jwk_t *key = NULL;
    bearer_note_t note;
    bearer_str_t secret;

    assert_int_equal(bearer_b64url_parse(unit_str(encoded), &secret, pool),
                     BEARER_OK);
    assert_int_equal(bearer_jwk_parse_secret(secret, &key, &note, pool),
                     BEARER_OK);
    return key;
}

static const bearer_jwk_t *good_key(const char *text, apr_pool_t *pool)
{
    const bearer_jwk_t *key = NULL;

    if (text == OCT_KEY)
        return secret_key(FIX_OCT_K, pool);
    unit_expect_reason(text, jose_key(text, &key, pool), "ok");
    return key;
}

static const bearer_jws_t *good_jws(const char *token, apr_pool_t *pool)
{
    const bearer_jws_t *jws = NULL;
    bearer_note_t note;

    unit_expect_reason(
        token, bearer_jws_parse(unit_str(token), all(), &jws, &note, pool),
        "ok");
    return jws;
}

static const char *encoded(const char *bytes, apr_size_t len, apr_pool_t *pool)
{
    bearer_str_t text = {bytes, len};

    return bearer_b64url_render(text, pool).data;
}

/* a token with this header (' for "), claims {} and a signature AAAA */
static const char *with_header(const char *header, apr_pool_t *pool)
{
    bearer_str_t json = jose_json(header, pool);

    return apr_pstrcat(pool, encoded(json.data, json.len, pool), ".e30.AAAA",
                       NULL);
}

/* the token with another signature */
static const char *with_signature(const bearer_jws_t *jws, const char *bytes,
                                  apr_size_t len, apr_pool_t *pool)
{
    return apr_pstrcat(
        pool, apr_pstrmemdup(pool, jws->signed_part.data, jws->signed_part.len),
        ".", encoded(bytes, len, pool), NULL);
}

/* --- form ---------------------------------------------------------------- */

/* the header {"alg":"RS256"} */
#define H "eyJhbGciOiJSUzI1NiJ9"

static const struct {
    const char *name;
    const char *token;
    const char *want;
} forms[] = {
    {"three parts", H ".e30.AAAA", "ok"},
    {"empty payload", H "..AAAA", "ok"},
    {"empty signature", H ".e30.", "ok"},

    {"nothing", "", "jws_parts"},
    {"one part", H, "jws_parts"},
    {"two parts", H ".e30", "jws_parts"},
    {"four parts", H ".e30.AAAA.AAAA", "jws_parts"},
    {"dot at the end", H ".e30.AAAA.", "jws_parts"},
    {"six parts", H ".e30.AAAA.AAAA.AAAA.AAAA", "jws_parts"},
    {"only dots", "...", "jws_parts"},
    {"five parts", H ".e30.AAAA.AAAA.AAAA", "jws_encrypted"},
    {"five empty parts", "....", "jws_encrypted"},
    {"three empty parts", "..", "header_json"},
    {"empty header", ".e30.AAAA", "header_json"},

    /* each of these ends the process in Debian's cjose */
    {"A= as header", "A=.e30.AAAA", "b64_alphabet"},
    {"A= as payload", H ".A=.AAAA", "b64_alphabet"},
    {"A= as signature", H ".e30.A=", "b64_alphabet"},
    {"A=== as header", "A===.e30.AAAA", "b64_alphabet"},
    {"A=== as payload", H ".A===.AAAA", "b64_alphabet"},
    {"A=== as signature", H ".e30.A===", "b64_alphabet"},
    {"A=AA as header", "A=AA.e30.AAAA", "b64_alphabet"},
    {"A=AA as payload", H ".A=AA.AAAA", "b64_alphabet"},
    {"A=AA as signature", H ".e30.A=AA", "b64_alphabet"},
    {"AAAAA=== as header", "AAAAA===.e30.AAAA", "b64_alphabet"},
    {"AAAAA=== as payload", H ".AAAAA===.AAAA", "b64_alphabet"},
    {"AAAAA=== as signature", H ".e30.AAAAA===", "b64_alphabet"},

    /* the same bytes in another spelling */
    {"padding in the header", "eyJhbGciOiJSUzI1NiIgfQ==.e30.AAAA",
     "b64_alphabet"},
    {"padding in the payload", H ".e30=.AAAA", "b64_alphabet"},
    {"padding in the signature", H ".e30.AA==", "b64_alphabet"},
    {"junk after padding", H ".e30.AA==junk", "b64_alphabet"},
    {"standard base64", H ".e30.A+/A", "b64_alphabet"},
    {"line break", H ".e30.AA\nAA", "b64_alphabet"},
    {"space at the end", H ".e30.AAAA ", "b64_alphabet"},
    {"space in front", " " H ".e30.AAAA", "b64_alphabet"},
    {"eighth bit", H ".e30.AA\xc3\x84", "b64_alphabet"},
    {"impossible length of the header", "AAAAA.e30.AAAA", "b64_length"},
    {"impossible length of the payload", H ".A.AAAA", "b64_length"},
    {"impossible length of the signature", H ".e30.AAAAA", "b64_length"},
    {"header not canonical", "eyJhbGciOiJSUzI1NiIgfR.e30.AAAA",
     "b64_canonical"},
    {"payload not canonical", H ".e31.AAAA", "b64_canonical"},
    {"signature not canonical", H ".e30.AB", "b64_canonical"},

    /* order: the form of all parts comes before the header */
    {"bad header and bad signature", "e30.e30.A=", "b64_alphabet"},
    {"JSON serialisation", "{\"payload\":\"e30\",\"signature\":\"AAAA\"}",
     "jws_parts"},
};

static void jws_parse_wants_three_canonical_parts(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const bearer_jws_t *jws = NULL;
        bearer_note_t note;

        unit_expect_reason(forms[i].name,
                           bearer_jws_parse(unit_str(forms[i].token), all(),
                                            &jws, &note, *state),
                           forms[i].want);
        unit_expect(forms[i].name,
                    (jws != NULL) == (strcmp(forms[i].want, "ok") == 0));
    }
}

static void jws_parse_says_what_five_parts_come_from(void **state)
{
    const bearer_jws_t *jws;
    bearer_note_t note = {""};

    unit_expect_reason(
        "five parts",
        bearer_jws_parse(unit_str("a.b.c.d.e"), all(), &jws, &note, *state),
        "jws_encrypted");
    assert_string_equal(note.text,
                        "Auth0 issues such a token to a client that asks for "
                        "no audience: ask for an audience");
}

static void jws_parse_refuses_nul_in_every_part(void **state)
{
    static const char *const tokens[] = {"AA*A.e30.AAAA", H ".e3*0.AAAA",
                                         H ".e30.AA*A", H ".e30.AAAA*"};
    const bearer_jws_t *jws;
    bearer_note_t note;
    size_t i;

    for (i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        bearer_str_t text = unit_str(apr_pstrdup(*state, tokens[i]));

        *strchr((char *)text.data, '*') = '\0';
        unit_expect_reason(tokens[i],
                           bearer_jws_parse(text, all(), &jws, &note, *state),
                           "b64_alphabet");
    }
}

/* {"alg":"RS256"<spaces>}.e30.AAAA with a header of this encoded length */
static const char *long_header(apr_size_t len, apr_pool_t *pool)
{
    apr_size_t size = bearer_b64url_decoded_size(len);
    char *header = apr_palloc(pool, size + 1);

    memset(header, ' ', size);
    memcpy(header, "{\"alg\":\"RS256\"", 14);
    header[size - 1] = '}';
    header[size] = '\0';
    return with_header(header, pool);
}

static void jws_parse_bounds_token_and_header(void **state)
{
    char *text = apr_palloc(*state, BEARER_LIMIT_TOKEN + 1);
    bearer_str_t token = {text, BEARER_LIMIT_TOKEN};
    const bearer_jws_t *jws;
    bearer_note_t note;

    memset(text, 'A', BEARER_LIMIT_TOKEN + 1);
    memcpy(text, H ".e30.", strlen(H ".e30."));
    /* 16384 - 25 is 3 mod 4: A stands for zero bits */
    unit_expect_reason("as long as allowed",
                       bearer_jws_parse(token, all(), &jws, &note, *state),
                       "ok");
    token.len++;
    unit_expect_reason("one too many",
                       bearer_jws_parse(token, all(), &jws, &note, *state),
                       "token_size");
    unit_expect_reason(
        "header as long as allowed",
        bearer_jws_parse(unit_str(long_header(BEARER_LIMIT_HEADER, *state)),
                         all(), &jws, &note, *state),
        "ok");
    unit_expect_reason(
        "longer header",
        bearer_jws_parse(unit_str(long_header(BEARER_LIMIT_HEADER + 4, *state)),
                         all(), &jws, &note, *state),
        "token_size");
}

/* --- header -------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *header; /* ' for " */
    const char *want;
} headers[] = {
    {"only alg", "{'alg':'ES256'}", "ok"},
    {"all we know", "{'alg':'ES256','typ':'JWT','kid':'k'}", "ok"},
    {"white space", "\r\n{ 'alg' :\t'ES256' }\n", "ok"},
    {"unknown member", "{'alg':'ES256','x':{'y':[1,null]}}", "ok"},

    /* JSON */
    {"no JSON", "alg", "header_json"},
    /* cjose reads the header again, by jansson */
    {"integer over 64 bits", "{'alg':'ES256','x':9223372036854775808}",
     "header_json"},
    {"number over double, deep", "{'alg':'ES256','x':[{'y':[0,1e400]}]}",
     "header_json"},
    {"greatest integer", "{'alg':'ES256','x':9223372036854775807}", "ok"},
    {"array", "['alg','ES256']", "header_json"},
    {"null", "null", "header_json"},
    {"junk after", "{'alg':'ES256'}{}", "header_json"},
    {"comment", "{'alg':'ES256'/**/}", "header_json"},
    {"comma at the end", "{'alg':'ES256',}", "header_json"},
    {"not UTF-8", "{'alg':'ES256','kid':'\xff'}", "header_json"},
    {"byte order mark", "\xef\xbb\xbf{'alg':'ES256'}", "header_json"},
    {"NUL in alg", "{'alg':'ES256\\u0000'}", "header_json"},
    {"alg twice", "{'alg':'ES256','alg':'none'}", "header_json"},
    {"alg twice, once escaped", "{'alg':'ES256','\\u0061lg':'none'}",
     "header_json"},
    {"kid twice", "{'alg':'ES256','kid':'a','kid':'b'}", "header_json"},
    {"twice below", "{'alg':'ES256','jwk':{'x':1,'x':2}}", "header_json"},
    {"deep",
     "{'alg':'ES256','a':[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
     "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
     "header_json"},

    /* alg */
    {"no alg", "{'typ':'JWT'}", "alg_missing"},
    {"alg null", "{'alg':null}", "alg_missing"},
    {"alg a number", "{'alg':256}", "alg_missing"},
    {"alg an array", "{'alg':['ES256']}", "alg_missing"},
    {"alg a boolean", "{'alg':true}", "alg_missing"},
    {"Alg", "{'Alg':'ES256'}", "alg_missing"},
    {"alg none", "{'alg':'none'}", "alg_unknown"},
    {"alg None", "{'alg':'None'}", "alg_unknown"},
    {"alg NONE", "{'alg':'NONE'}", "alg_unknown"},
    {"alg nOnE", "{'alg':'nOnE'}", "alg_unknown"},
    {"alg none and a space", "{'alg':'none '}", "alg_unknown"},
    {"alg empty", "{'alg':''}", "alg_unknown"},
    {"alg in lower case", "{'alg':'es256'}", "alg_unknown"},
    {"alg and a space", "{'alg':'ES256 '}", "alg_unknown"},
    {"alg ES256K", "{'alg':'ES256K'}", "alg_unknown"},
    {"alg for encryption", "{'alg':'RSA-OAEP'}", "alg_unknown"},
    {"alg dir", "{'alg':'dir'}", "alg_unknown"},
    {"alg not allowed here", "{'alg':'RS256'}", "alg_forbidden"},
    {"alg of secrets", "{'alg':'HS256'}", "alg_forbidden"},

    /* extensions; alg is judged before them */
    {"crit empty", "{'alg':'ES256','crit':[]}", "header_crit"},
    {"crit unknown", "{'alg':'ES256','crit':['x'],'x':1}", "header_crit"},
    {"crit known", "{'alg':'ES256','crit':['kid'],'kid':'k'}", "header_crit"},
    {"crit null", "{'alg':'ES256','crit':null}", "header_crit"},
    {"crit and b64", "{'alg':'ES256','crit':['b64'],'b64':false}",
     "header_crit"},
    {"b64 false", "{'alg':'ES256','b64':false}", "header_b64"},
    {"b64 true", "{'alg':'ES256','b64':true}", "header_b64"},
    {"zip", "{'alg':'ES256','zip':'DEF'}", "header_zip"},
    {"enc", "{'alg':'ES256','enc':'A128GCM'}", "header_enc"},
    {"alg none with crit", "{'alg':'none','crit':['x']}", "alg_unknown"},
    {"crit in capitals is unknown", "{'alg':'ES256','CRIT':['x']}", "ok"},

    /* kid and typ */
    {"kid empty", "{'alg':'ES256','kid':''}", "ok"},
    {"kid a number", "{'alg':'ES256','kid':1}", "header_kid"},
    {"kid null", "{'alg':'ES256','kid':null}", "ok"},
    {"kid false", "{'alg':'ES256','kid':false}", "header_kid"},
    {"kid an object", "{'alg':'ES256','kid':{'x':'y'}}", "header_kid"},
    {"kid like a path", "{'alg':'ES256','kid':'../../dev/null'}", "ok"},
    {"typ a number", "{'alg':'ES256','typ':1}", "typ_wrong"},
    {"typ null", "{'alg':'ES256','typ':null}", "ok"},
    {"a byte order mark", "\xef\xbb\xbf{'alg':'ES256'}", "header_json"},
    {"kid and typ wrong", "{'alg':'ES256','typ':1,'kid':1}", "header_kid"},

    /* keys in the header are never looked at */
    {"jku", "{'alg':'ES256','jku':'https://evil.example/'}", "ok"},
    {"jku a number", "{'alg':'ES256','jku':1}", "ok"},
    {"x5u", "{'alg':'ES256','x5u':'https://evil.example/'}", "ok"},
    {"x5c", "{'alg':'ES256','x5c':['AAAA']}", "ok"},
    {"x5t", "{'alg':'ES256','x5t':'AAAA'}", "ok"},
};

static void jws_parse_judges_every_header_member(void **state)
{
    bearer_algset_t es256 = bearer_alg_find(unit_str("ES256"))->bit;
    size_t i;

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const bearer_jws_t *jws = NULL;
        bearer_note_t note;

        unit_expect_reason(
            headers[i].name,
            bearer_jws_parse(unit_str(with_header(headers[i].header, *state)),
                             es256, &jws, &note, *state),
            headers[i].want);
        unit_expect(headers[i].name,
                    (jws != NULL) == (strcmp(headers[i].want, "ok") == 0));
    }
}

static void jws_parse_bounds_the_kid(void **state)
{
    char kid[BEARER_LIMIT_KID + 2];
    const bearer_jws_t *jws;
    bearer_note_t note;
    const char *header;

    memset(kid, 'k', sizeof(kid));
    kid[BEARER_LIMIT_KID + 1] = '\0';
    header = apr_psprintf(*state, "{'alg':'RS256','kid':'%s'}", kid);
    unit_expect_reason("one too many",
                       bearer_jws_parse(unit_str(with_header(header, *state)),
                                        all(), &jws, &note, *state),
                       "header_kid");
    kid[BEARER_LIMIT_KID] = '\0';
    header = apr_psprintf(*state, "{'alg':'RS256','kid':'%s'}", kid);
    assert_int_equal(good_jws(with_header(header, *state), *state)->kid.len,
                     BEARER_LIMIT_KID);
}

static void jws_parse_gives_the_parts(void **state)
{
    const bearer_jws_t *jws = good_jws(FIX_RS256_RSA_TOKEN, *state);

    assert_string_equal(jws->alg->name, "RS256");
    assert_int_equal(jws->kid.len, 1);
    assert_memory_equal(jws->kid.data, "k", 1);
    assert_int_equal(jws->typ.len, 3);
    assert_memory_equal(jws->typ.data, "JWT", 3);
    assert_ptr_equal(jws->signed_part.data, jws->text.data);
    assert_int_equal(jws->text.data[jws->signed_part.len], '.');
    assert_null(strchr(jws->text.data + jws->signed_part.len + 1, '.'));
    assert_memory_equal(jws->payload.data, "{\"iss\":", 7);
    assert_int_equal(strlen(jws->payload.data), jws->payload.len);
    assert_int_equal(jws->signature.len, 256);

    jws = good_jws(H ".e30.AAAA", *state);
    assert_null(jws->kid.data);
    assert_null(jws->typ.data);
    assert_string_equal(jws->payload.data, "{}");
}

static void jws_note_shows_the_algorithm_escaped(void **state)
{
    const bearer_jws_t *jws;
    bearer_note_t note;

    unit_expect_reason(
        "note",
        bearer_jws_parse(unit_str(with_header("{'alg':'no\\nne'}", *state)),
                         all(), &jws, &note, *state),
        "alg_unknown");
    assert_string_equal(note.text, "alg no\\x0ane");
}

/* --- signatures ---------------------------------------------------------- */

static void jws_agrees_with_the_rfcs(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(rfc_vectors) / sizeof(rfc_vectors[0]); i++) {
        const bearer_jwk_t *key;
        const bearer_jws_t *jws;
        bearer_reason_t why;
        bearer_note_t note;

        key = rfc_vectors[i].key ? good_key(rfc_vectors[i].key, *state)
                                 : secret_key(rfc_vectors[i].secret, *state);
        why = bearer_jws_parse(unit_str(rfc_vectors[i].token), all(), &jws,
                               &note, *state);
        if (!why)
            why = bearer_jws_check(jws, key);
        unit_expect_reason(rfc_vectors[i].name, why, rfc_vectors[i].want);
    }
}

static const struct {
    const char *name;
    const char *token;
    const char *key;
    const char *want;
} checks[] = {
    {"RS256", FIX_RS256_RSA_TOKEN, RSA_KEY, "ok"},
    {"RS384", FIX_RS384_RSA_TOKEN, RSA_KEY, "ok"},
    {"RS512", FIX_RS512_RSA_TOKEN, RSA_KEY, "ok"},
    {"PS256", FIX_PS256_RSA_TOKEN, RSA_KEY, "ok"},
    {"PS384", FIX_PS384_RSA_TOKEN, RSA_KEY, "ok"},
    {"PS512", FIX_PS512_RSA_TOKEN, RSA_KEY, "ok"},
    {"modulus of 2050 bits", FIX_RS256_RSA2050_TOKEN, RSA2050_KEY, "ok"},
    {"ES256", FIX_ES256_P256_TOKEN, P256_KEY, "ok"},
    {"ES384", FIX_ES384_P384_TOKEN, P384_KEY, "ok"},
    {"ES512", FIX_ES512_P521_TOKEN, P521_KEY, "ok"},
    {"Ed25519", FIX_EDDSA_ED25519_TOKEN, ED25519_KEY, "ok"},
    {"Ed448", FIX_EDDSA_ED448_TOKEN, ED448_KEY, "ok"},
    {"HS256", FIX_HS256_OCT_TOKEN, OCT_KEY, "ok"},
    {"HS384", FIX_HS384_OCT_TOKEN, OCT_KEY, "ok"},
    {"HS512", FIX_HS512_OCT_TOKEN, OCT_KEY, "ok"},

    {"RSA, another key", FIX_RS256_RSA_TOKEN, OTHER_KEY, "sig_wrong"},
    {"PSS, another key", FIX_PS256_RSA_TOKEN, OTHER_KEY, "sig_wrong"},
    {"EC, another key", FIX_ES256_P256_TOKEN, P256_OTHER_KEY, "sig_wrong"},
    {"RSA, a longer key", FIX_RS256_RSA_TOKEN, RSA2050_KEY, "sig_length"},
    {"RSA, a shorter key", FIX_RS256_RSA1024_TOKEN, RSA_KEY, "sig_length"},
    {"Ed448 token, Ed25519 key", FIX_EDDSA_ED448_TOKEN, ED25519_KEY,
     "sig_length"},
    {"Ed25519 token, Ed448 key", FIX_EDDSA_ED25519_TOKEN, ED448_KEY,
     "sig_length"},

    /* algorithm confusion */
    {"HS256 token, RSA key", FIX_HS256_OCT_TOKEN, RSA_KEY, "key_unfit"},
    {"HS256 token, EC key", FIX_HS256_OCT_TOKEN, P256_KEY, "key_unfit"},
    {"HS256 token, OKP key", FIX_HS256_OCT_TOKEN, ED25519_KEY, "key_unfit"},
    {"RS256 token, secret", FIX_RS256_RSA_TOKEN, OCT_KEY, "key_unfit"},
    {"RS256 token, EC key", FIX_RS256_RSA_TOKEN, P256_KEY, "key_unfit"},
    {"ES256 token, RSA key", FIX_ES256_P256_TOKEN, RSA_KEY, "key_unfit"},
    {"ES256 token, P-384 key", FIX_ES256_P256_TOKEN, P384_KEY, "key_unfit"},
    {"ES512 token, P-256 key", FIX_ES512_P521_TOKEN, P256_KEY, "key_unfit"},
    {"ES256 token, OKP key", FIX_ES256_P256_TOKEN, ED25519_KEY, "key_unfit"},
    {"EdDSA token, EC key", FIX_EDDSA_ED25519_TOKEN, P256_KEY, "key_unfit"},
    {"PS256 token, key for RS256", FIX_PS256_RSA_TOKEN,
     "{'kty':'RSA','e':'AQAB','alg':'RS256','n':'" FIX_RSA_N "'}", "key_unfit"},
    {"RS512 token, key for RS256", FIX_RS512_RSA_TOKEN,
     "{'kty':'RSA','e':'AQAB','alg':'RS256','n':'" FIX_RSA_N "'}", "key_unfit"},
};

static void jws_check_binds_signature_algorithm_and_key(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        const bearer_jws_t *jws = good_jws(checks[i].token, *state);
        const bearer_jwk_t *key = good_key(checks[i].key, *state);

        unit_expect_reason(checks[i].name, bearer_jws_check(jws, key),
                           checks[i].want);
        /* mod_ssl finds nothing of ours in this thread's queue */
        unit_expect(checks[i].name, ERR_peek_error() == 0);
    }
}

static void jws_check_refuses_a_secret_shorter_than_the_hash(void **state)
{
    /* 32 bytes serve HS256 only */
    const bearer_jwk_t *key;
    bearer_note_t note;

    assert_int_equal(
        bearer_jwk_parse_secret(unit_str("0123456789abcdef0123456789abcdef"),
                                &key, &note, *state),
        BEARER_OK);
    unit_expect_reason(
        "HS512", bearer_jws_check(good_jws(FIX_HS512_OCT_TOKEN, *state), key),
        "key_unfit");
    unit_expect_reason(
        "HS256 of another secret",
        bearer_jws_check(good_jws(FIX_HS256_OCT_TOKEN, *state), key),
        "sig_wrong");
}

/* every token with its signature cut or grown by a byte, emptied, zeroed */
static void jws_check_wants_the_exact_signature_length(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        const bearer_jws_t *jws = good_jws(checks[i].token, *state);
        apr_size_t right = jws->signature.len;
        apr_size_t lengths[] = {0, 1, right - 1, right, right + 1, 2 * right};
        char *bytes = apr_pcalloc(*state, 2 * right);
        const bearer_jwk_t *key;
        size_t j;

        if (strcmp(checks[i].want, "ok") != 0)
            continue;
        key = good_key(checks[i].key, *state);
        memcpy(bytes, jws->signature.data, right);
        for (j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
            const char *row = apr_psprintf(*state, "%s, %d bytes",
                                           checks[i].name, (int)lengths[j]);
            const char *token = with_signature(jws, bytes, lengths[j], *state);

            unit_expect_reason(row,
                               bearer_jws_check(good_jws(token, *state), key),
                               lengths[j] == right ? "ok" : "sig_length");
        }
        memset(bytes, 0, right);
        unit_expect_reason(
            checks[i].name,
            bearer_jws_check(
                good_jws(with_signature(jws, bytes, right, *state), *state),
                key),
            "sig_wrong");
    }
}

static void jws_check_refuses_zero_extended_es_signatures(void **state)
{
    /* r and s of 32 bytes as numbers of 33, 48 and 66: cjose takes them */
    static const apr_size_t halves[] = {33, 48, 66};
    const bearer_jws_t *jws = good_jws(FIX_ES256_P256_TOKEN, *state);
    const bearer_jwk_t *key = good_key(P256_KEY, *state);
    size_t i;

    for (i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
        apr_size_t half = halves[i];
        char bytes[132] = {0};

        memcpy(bytes + half - 32, jws->signature.data, 32);
        memcpy(bytes + 2 * half - 32, jws->signature.data + 32, 32);
        unit_expect_reason(
            "zero-extended",
            bearer_jws_check(
                good_jws(with_signature(jws, bytes, 2 * half, *state), *state),
                key),
            "sig_length");
    }
}

static void jws_check_refuses_a_changed_token(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        char *token = apr_pstrdup(*state, checks[i].token);
        char *payload = strchr(token, '.') + 1;

        if (strcmp(checks[i].want, "ok") != 0)
            continue;
        payload[9] = payload[9] == 'A' ? 'B' : 'A';
        unit_expect_reason(checks[i].name,
                           bearer_jws_check(good_jws(token, *state),
                                            good_key(checks[i].key, *state)),
                           "sig_wrong");
    }
}

static void jws_check_refuses_a_signature_under_another_alg(void **state)
{
    /* the same key may verify both: only the signature says which it is */
    static const char *const names[] = {"RS256", "RS384", "RS512",
                                        "PS256", "PS384", "PS512"};
    const bearer_jws_t *jws = good_jws(FIX_RS256_RSA_TOKEN, *state);
    const bearer_jwk_t *key = good_key(RSA_KEY, *state);
    const char *payload = strchr(FIX_RS256_RSA_TOKEN, '.');
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *header = apr_psprintf(
            *state, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"k\"}", names[i]);
        const char *token = apr_pstrcat(
            *state, encoded(header, strlen(header), *state), payload, NULL);

        unit_expect_reason(names[i],
                           bearer_jws_check(good_jws(token, *state), key),
                           i == 0 ? "ok" : "sig_wrong");
    }
    assert_string_equal(jws->alg->name, "RS256");
}

static void jws_ignores_keys_in_the_header(void **state)
{
    /* a token that brings its own key is judged by ours (CVE-2018-0114) */
    const bearer_jws_t *jws = good_jws(FIX_FORGED_TOKEN, *state);

    unit_expect_reason("our key",
                       bearer_jws_check(jws, good_key(P256_KEY, *state)),
                       "sig_wrong");
    unit_expect_reason("its own key",
                       bearer_jws_check(jws, good_key(P256_OTHER_KEY, *state)),
                       "ok");
}

static void jws_warm_up_leaves_no_trace(void **state)
{
    (void)state;
    bearer_jws_warm_up();
    bearer_jws_warm_up();
    assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit_row(jws_parse_wants_three_canonical_parts),
        unit_row(jws_parse_says_what_five_parts_come_from),
        unit_row(jws_parse_refuses_nul_in_every_part),
        unit_row(jws_parse_bounds_token_and_header),
        unit_row(jws_parse_judges_every_header_member),
        unit_row(jws_parse_bounds_the_kid),
        unit_row(jws_parse_gives_the_parts),
        unit_row(jws_note_shows_the_algorithm_escaped),
        unit_row(jws_agrees_with_the_rfcs),
        unit_row(jws_check_binds_signature_algorithm_and_key),
        unit_row(jws_check_refuses_a_secret_shorter_than_the_hash),
        unit_row(jws_check_wants_the_exact_signature_length),
        unit_row(jws_check_refuses_zero_extended_es_signatures),
        unit_row(jws_check_refuses_a_changed_token),
        unit_row(jws_check_refuses_a_signature_under_another_alg),
        unit_row(jws_ignores_keys_in_the_header),
        unit_row(jws_warm_up_leaves_no_trace),
    };

    return unit_run(tests);
}
