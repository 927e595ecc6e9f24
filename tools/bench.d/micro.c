/* SPDX-License-Identifier: Apache-2.0 */
/*
 * micro - what the units of the library cost, one by one, in CPU time of this
 * process. Built and called by tools/bench micro.
 *
 *   micro <keys.json> <folder> <milliseconds>        rounds over all units
 *   micro <keys.json> <folder> only <unit> <times>   for callgrind
 *
 * The folder has <alg>.token and <alg>.pem. A line "round unit nanoseconds" for
 * each unit of each round.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_general.h>
#include <apr_strings.h>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "bearer/base/clock.h"
#include "bearer/gate/tokcache.h"
#include "bearer/judge/claims.h"
#include "bearer/judge/token.h"
#include "bearer/judge/verify.h"
#include "bearer/text/b64url.h"

#define ROUNDS 15

static const char *const algs[] = {"RS256", "ES256", "ES384", "EdDSA",
                                   "PS256", "ES512", "HS256"};
#define ALGS (sizeof(algs) / sizeof(algs[0]))

/* one algorithm's token, ours and OpenSSL's view of its key */
typedef struct signed_t {
    const bearer_jws_t *jws;
    const bearer_jwk_t *key;
    EVP_PKEY *pkey;
    bearer_str_t secret; /* instead */
    bool pss;
    const EVP_MD *md;
    const unsigned char *signature; /* as OpenSSL wants it */
    size_t signature_len;
} signed_t;

/* everything the units need */
typedef struct world_t {
    apr_pool_t *pool, *scratch;
    const char *header; /* "Bearer ..." */
    bearer_str_t token;
    signed_t by[ALGS];
    const bearer_claims_t *claims;
    bearer_policy_t policy;
    bearer_issuer_t issuer;
    const bearer_issuer_t *issuers[1];
    const bearer_path_t *user[1];
    bearer_tokcache_t *cache;
    bearer_proof_t proof;
    bearer_now_t now;
} world_t;

static void must(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "micro: %s\n", what);
    _Exit(1);
}

static bearer_str_t read_file(const char *folder, const char *name,
                              const char *suffix, apr_pool_t *pool)
{
    const char *path =
        folder ? apr_pstrcat(pool, folder, "/", name, suffix, NULL) : name;
    char *text = apr_palloc(pool, 65536);
    FILE *file = fopen(path, "rb");
    bearer_str_t out = {text, 0};

    must(file, path);
    out.len = fread(text, 1, 65535, file);
    (void)fclose(file);
    while (out.len && text[out.len - 1] == '\n')
        out.len--;
    text[out.len] = '\0';
    return out;
}

/* --- the world ------------------------------------------------------------- */

/* JOSE's R and S, side by side, as the DER that OpenSSL reads */
static void to_der(signed_t *one, apr_pool_t *pool)
{
    const unsigned char *raw = (const unsigned char *)one->jws->signature.data;
    int half = (int)one->jws->signature.len / 2;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    unsigned char *der = apr_palloc(pool, 256);

    must(sig
             && ECDSA_SIG_set0(sig, BN_bin2bn(raw, half, NULL),
                               BN_bin2bn(raw + half, half, NULL)),
         "no signature");
    one->signature = der;
    one->signature_len = (size_t)i2d_ECDSA_SIG(sig, &der);
    ECDSA_SIG_free(sig);
}

static const EVP_MD *digest_of(const char *alg)
{
    if (strcmp(alg, "EdDSA") == 0)
        return NULL;
    if (strstr(alg, "512"))
        return EVP_sha512();
    return strstr(alg, "384") ? EVP_sha384() : EVP_sha256();
}

/* a secret's file has its bytes, and no kid */
static void make_secret(signed_t *one, bearer_str_t secret, apr_pool_t *pool)
{
    must(!bearer_jwk_parse_secret(secret, &one->key, NULL, pool), "no secret");
    one->secret = secret;
}

static void make_public(signed_t *one, const bearer_jwks_t *keys,
                        bearer_str_t pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    bearer_candidates_t found;

    must(!bearer_jwks_find(keys, one->jws->kid, one->jws->alg, &found),
         "no key");
    one->key = found.keys[0];
    one->pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
}

static void make_signed(world_t *world, const bearer_jwks_t *keys,
                        const char *folder, size_t i)
{
    bearer_str_t text = read_file(folder, algs[i], ".token", world->pool);
    bearer_str_t pem = read_file(folder, algs[i], ".pem", world->pool);
    signed_t *one = &world->by[i];

    must(!bearer_jws_parse(text, bearer_alg_public | bearer_alg_secret,
                           &one->jws, NULL, world->pool),
         "no token");
    if (strncmp(algs[i], "HS", 2) == 0)
        make_secret(one, pem, world->pool);
    else
        make_public(one, keys, pem);
    one->pss = strncmp(algs[i], "PS", 2) == 0;
    one->md = digest_of(algs[i]);
    one->signature = (const unsigned char *)one->jws->signature.data;
    one->signature_len = one->jws->signature.len;
    if (strncmp(algs[i], "ES", 2) == 0)
        to_der(one, world->pool);
    if (i == 0) {
        world->token = text;
        world->header = apr_pstrcat(world->pool, "Bearer ", text.data, NULL);
    }
}

static void make_policy(world_t *world, const bearer_jwks_t *keys)
{
    must(!bearer_claims_parse(world->by[0].jws->payload, &world->claims, NULL,
                              world->pool),
         "no claims");
    must(!bearer_path_parse("sub", &world->user[0], NULL, world->pool),
         "no path");
    world->issuer.iss = world->claims->iss;
    /* keys that need no board: what is measured does not depend on it */
    world->issuer.secret = keys;
    world->issuers[0] = &world->issuer;
    world->policy.issuers = world->issuers;
    world->policy.issuer_count = 1;
    world->policy.any_audience = true;
    world->policy.user = world->user;
    world->policy.user_count = 1;
    bearer_policy_freeze(&world->policy, world->pool);
}

static void make_cache(world_t *world)
{
    bearer_tokcache_conf_t conf = {.entries = 1024,
                                   .bytes = (apr_size_t)1024 * 4096,
                                   .ttl = apr_time_from_sec(3600),
                                   .seed = "fifteen letters"};

    must(bearer_tokcache_create(&world->cache, &conf, world->pool)
             == APR_SUCCESS,
         "no cache");
    world->proof.issuer = &world->issuer;
    world->proof.key.alg = world->by[0].jws->alg;
    world->proof.until = BEARER_PROOF_LASTS;
    world->proof.claims = world->claims;
    bearer_tokcache_store(world->cache, world->token, &world->proof,
                          world->now.tick);
}

static void make_world(world_t *world, const char *keys_file,
                       const char *folder)
{
    bearer_str_t text = read_file(NULL, keys_file, "", world->pool);
    const bearer_jwks_t *keys;
    size_t i;

    must(!bearer_jwks_parse(text, &keys, NULL, world->pool), "no keys");
    world->now.wall = apr_time_sec(apr_time_now());
    world->now.tick = apr_time_from_sec(1000);
    for (i = 0; i < ALGS; i++)
        make_signed(world, keys, folder, i);
    make_policy(world, keys);
    make_cache(world);
}

/* --- the units --------------------------------------------------------------- */

static void extract(world_t *world, size_t i BEARER_UNUSED)
{
    bearer_token_spot_t spot = {.value = world->header, .scheme = "Bearer"};
    bearer_token_found_t out;

    must(!bearer_token_find(&spot, 1, &out, world->pool), "extract");
}

static void decode(world_t *world, size_t i BEARER_UNUSED)
{
    static unsigned char out[65536];
    bearer_str_t in = world->by[0].jws->signed_part;
    apr_size_t len;

    in.data = (const char *)memchr(in.data, '.', in.len) + 1;
    in.len = (apr_size_t)(world->by[0].jws->signed_part.data
                          + world->by[0].jws->signed_part.len - in.data);
    must(!bearer_b64url_decode(in, out, &len), "decode");
}

static void parse_token(world_t *world, size_t i BEARER_UNUSED)
{
    const bearer_jws_t *jws;

    must(!bearer_jws_parse(world->token, bearer_alg_public, &jws, NULL,
                           world->scratch),
         "parse");
}

static void parse_claims(world_t *world, size_t i BEARER_UNUSED)
{
    const bearer_claims_t *claims;

    must(!bearer_claims_parse(world->by[0].jws->payload, &claims, NULL,
                              world->scratch),
         "claims");
}

static void check_claims(world_t *world, size_t i BEARER_UNUSED)
{
    bearer_str_t subject;
    bearer_job_t job = {.policy = &world->policy,
                        .claims = world->claims,
                        .issuer = &world->issuer};

    must(!bearer_verify_claims(&job, world->now.wall, &subject, NULL), "check");
}

static void hit(world_t *world, size_t i BEARER_UNUSED)
{
    bearer_tokcache_entry_t *entry;

    must(bearer_tokcache_find(world->cache, world->token, world->now.tick,
                              &entry),
         "hit");
    bearer_tokcache_give(entry);
}

static void store(world_t *world, size_t i BEARER_UNUSED)
{
    bearer_tokcache_store(world->cache, world->token, &world->proof,
                          world->now.tick);
}

static void check(world_t *world, size_t i)
{
    must(!bearer_jws_check(world->by[i].jws, world->by[i].key), "signature");
}

static void hmac(const signed_t *one)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    must(HMAC(one->md, one->secret.data, (int)one->secret.len,
              (const unsigned char *)one->jws->signed_part.data,
              one->jws->signed_part.len, mac, &len)
             && len == one->signature_len
             && CRYPTO_memcmp(mac, one->signature, len) == 0,
         "OpenSSL");
}

static void openssl(world_t *world, size_t i)
{
    const signed_t *one = &world->by[i];
    EVP_PKEY_CTX *padding;
    EVP_MD_CTX *context;

    if (!one->pkey) {
        hmac(one);
        return;
    }
    context = EVP_MD_CTX_new();
    must(EVP_DigestVerifyInit(context, &padding, one->md, NULL, one->pkey) == 1,
         "OpenSSL");
    if (one->pss)
        must(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1
                 && EVP_PKEY_CTX_set_rsa_pss_saltlen(padding,
                                                     RSA_PSS_SALTLEN_DIGEST)
                        == 1,
             "PSS");
    must(EVP_DigestVerify(context, one->signature, one->signature_len,
                          (const unsigned char *)one->jws->signed_part.data,
                          one->jws->signed_part.len)
             == 1,
         "OpenSSL");
    EVP_MD_CTX_free(context);
}

static const struct {
    const char *name;
    void (*run)(world_t *world, size_t i);
    size_t i;
} units[] = {
    {"extract", extract, 0},           {"base64url", decode, 0},
    {"jws_parse", parse_token, 0},     {"claims_parse", parse_claims, 0},
    {"claims_check", check_claims, 0}, {"cache_hit", hit, 0},
    {"cache_store", store, 0},         {"check_RS256", check, 0},
    {"openssl_RS256", openssl, 0},     {"check_ES256", check, 1},
    {"openssl_ES256", openssl, 1},     {"check_ES384", check, 2},
    {"openssl_ES384", openssl, 2},     {"check_EdDSA", check, 3},
    {"openssl_EdDSA", openssl, 3},     {"check_PS256", check, 4},
    {"openssl_PS256", openssl, 4},     {"check_ES512", check, 5},
    {"openssl_ES512", openssl, 5},     {"check_HS256", check, 6},
    {"openssl_HS256", openssl, 6},
};
#define UNITS (sizeof(units) / sizeof(units[0]))

static double cpu(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* nanoseconds a call, over at least so many nanoseconds */
static double measure(world_t *world, size_t unit, double least)
{
    double begun = cpu(), spent = 0;
    long times = 0;
    int k;

    while (spent < least) {
        for (k = 0; k < 16; k++)
            units[unit].run(world, units[unit].i);
        apr_pool_clear(world->scratch);
        times += 16;
        spent = cpu() - begun;
    }
    return spent / (double)times;
}

static void run_all(world_t *world, double least)
{
    size_t unit;
    int round;

    printf("1 token_bytes %.1f\n",
           (double)bearer_tokcache_stats(world->cache).bytes);
    /* round 0 warms up */
    for (round = 0; round <= ROUNDS; round++) {
        for (unit = 0; unit < UNITS; unit++)
            printf("%d %s %.1f\n", round, units[unit].name,
                   measure(world, unit, least));
    }
}

static void run_one(world_t *world, const char *name, long times)
{
    size_t unit = 0;

    while (unit < UNITS && strcmp(units[unit].name, name) != 0)
        unit++;
    must(unit < UNITS, "no such unit");
    for (; times > 0; times--) {
        units[unit].run(world, units[unit].i);
        apr_pool_clear(world->scratch);
    }
}

int main(int argc, char **argv)
{
    world_t world = {.pool = NULL};

    if (argc != 4 && argc != 6)
        return 2;
    must(apr_initialize() == APR_SUCCESS, "no APR");
    must(apr_pool_create(&world.pool, NULL) == APR_SUCCESS, "no memory");
    must(apr_pool_create(&world.scratch, world.pool) == APR_SUCCESS,
         "no memory");
    bearer_jws_seed();
    make_world(&world, argv[1], argv[2]);
    if (argc == 6)
        run_one(&world, argv[4], strtol(argv[5], NULL, 10));
    else
        run_all(&world, strtod(argv[3], NULL) * 1e6);
    apr_terminate();
    return 0;
}
