/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include <apr_thread_proc.h>

#include "bearer/base/limits.h"
#include "bearer/gate/tokcache.h"
#include "bearer/text/json.h"

#define SEC  ((apr_time_t)1000000)
#define T    ((apr_time_t)(1000 * SEC))
#define TTL  (300 * SEC)
#define MANY ((apr_size_t)1 << 23)
#define ALG  bearer_alg_row(4)

static const bearer_issuer_t issuer = {.iss = BEARER_LIT("https://as.test/")};

/* xorshift, one state for each thread or sequence */
static apr_uint64_t draw(apr_uint64_t *rng, apr_uint64_t below)
{
    *rng ^= *rng << 13;
    *rng ^= *rng >> 7;
    *rng ^= *rng << 17;
    return *rng % below;
}

static bearer_tokcache_t *cache_of(int entries, apr_size_t bytes,
                                   apr_pool_t *pool)
{
    bearer_tokcache_conf_t conf = {entries, bytes, TTL, "0123456789abcde"};
    bearer_tokcache_t *cache = NULL;

    assert_int_equal(bearer_tokcache_create(&cache, &conf, pool), APR_SUCCESS);
    assert_non_null(cache);
    return cache;
}

/* a document that says which proof it belongs to */
typedef struct document_t {
    _Alignas(8) char block[256];
} document_t;

static const bearer_value_t *fill_document(document_t *document,
                                           apr_uint64_t stamp)
{
    bearer_value_room_t room = {document->block,
                                document->block + sizeof(*document)};
    bearer_value_t *all = bearer_value_open(&room, BEARER_KIND_OBJECT);

    assert_true(bearer_value_put_string(&room, unit_str("iss")));
    assert_true(bearer_value_put_string(&room, issuer.iss));
    assert_true(bearer_value_put_string(&room, unit_str("stamp")));
    assert_true(bearer_value_put_integer(&room, (apr_int64_t)stamp));
    bearer_value_close(&room, all);
    return all;
}

static bearer_claims_t claims_of(const bearer_value_t *all)
{
    bearer_claims_t claims;

    memset(&claims, 0, sizeof(claims));
    claims.all = all;
    claims.has_iss = bearer_value_get_string(all, "iss", &claims.iss);
    claims.has_exp = BEARER_VALUE_GOT;
    claims.exp = NOW;
    return claims;
}

static void store_once(bearer_tokcache_t *cache, bearer_str_t token,
                       apr_uint64_t stamp, const bearer_value_t *all,
                       apr_time_t now)
{
    bearer_claims_t claims = claims_of(all);
    bearer_proof_t proof = {
        .issuer = &issuer,
        .how = BEARER_PROVEN_BY_KEY,
        .key = {.alg = ALG, .version = stamp, .kid = BEARER_LIT("kid-1")},
        .claims = &claims,
        .until = BEARER_PROOF_LASTS};

    bearer_tokcache_store(cache, token, &proof, now);
}

/* as many times as a full cache wants it */
static void store_value(bearer_tokcache_t *cache, bearer_str_t token,
                        apr_uint64_t stamp, const bearer_value_t *all,
                        apr_time_t now)
{
    apr_uint64_t before = bearer_tokcache_stats(cache).stores;

    store_once(cache, token, stamp, all, now);
    if (bearer_tokcache_stats(cache).stores == before)
        store_once(cache, token, stamp, all, now);
}

static void store(bearer_tokcache_t *cache, bearer_str_t token,
                  apr_uint64_t stamp, apr_time_t now)
{
    document_t document;

    store_value(cache, token, stamp, fill_document(&document, stamp), now);
    /* nothing of it is needed any more */
    memset(&document, 'x', sizeof(document));
}

static const bearer_value_t *read_value(const char *text, apr_pool_t *pool)
{
    const bearer_value_t *all = NULL;

    unit_expect_reason(
        text, bearer_json_parse(unit_str(text), &all, NULL, pool), "ok");
    return all;
}

static apr_int64_t stamp_in(const bearer_proof_t *proof)
{
    return bearer_value_integer(bearer_value_get(proof->claims->all, "stamp"));
}

/* the version of the proof that is found, 0 for none */
static apr_uint64_t found(bearer_tokcache_t *cache, bearer_str_t token,
                          apr_time_t now)
{
    bearer_tokcache_entry_t *entry = NULL;
    const bearer_proof_t *proof =
        bearer_tokcache_find(cache, token, now, &entry);
    apr_uint64_t version = 0;

    if (!proof) {
        assert_null(entry);
        return 0;
    }
    assert_non_null(entry);
    version = proof->key.version;
    assert_int_equal(stamp_in(proof), version);
    bearer_tokcache_give(entry);
    return version;
}

/* takes it out, if it is there: nothing is good at the end of all times */
static void forget(bearer_tokcache_t *cache, bearer_str_t token)
{
    bearer_tokcache_entry_t *entry;

    (void)bearer_tokcache_find(cache, token, INT64_MAX, &entry);
}

/* tokens that differ near their end only */
static bearer_str_t token_of(int n, apr_pool_t *pool)
{
    return unit_str(
        apr_psprintf(pool, "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJo%dx", 100000 + n));
}

static bearer_str_t long_token(apr_size_t len, apr_pool_t *pool)
{
    char *data = apr_palloc(pool, len);
    bearer_str_t token = {data, len};
    apr_size_t i;

    for (i = 0; i < len; i++)
        data[i] = "abcdefghijklmnopqrstuvwxyz_-0123"[(i * i / 7 + i) % 32];
    return token;
}

static apr_status_t free_copy(void *data)
{
    free(data);
    return APR_SUCCESS;
}

/* a copy that ends where its memory ends, so that ASan sees a byte too many */
static bearer_str_t copy_of(bearer_str_t token, apr_pool_t *pool)
{
    char *data = malloc(token.len ? token.len : 1);
    bearer_str_t copy = {data, token.len};

    assert_non_null(data);
    apr_pool_cleanup_register(pool, data, free_copy, apr_pool_cleanup_null);
    if (token.len)
        memcpy(data, token.data, token.len);
    return copy;
}

/* --- what is found --------------------------------------------------------- */

static void tokcache_gives_back_the_whole_proof(void **state)
{
    static const struct {
        const char *name, *kid, *typ;
    } rows[] = {
        {"both", "key-2027", "at+jwt"}, {"no kid", NULL, "JWT"},
        {"no typ", "key-2027", NULL},   {"neither", NULL, NULL},
        {"empty kid", "", "JWT"},       {"empty typ", "k", ""},
    };
    bearer_tokcache_t *cache = cache_of(16, MANY, *state);
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *row = rows[i].name;
        char *text = apr_pstrdup(*state, "header.payload.signature");
        char *kid = apr_pstrdup(*state, rows[i].kid);
        char *typ = apr_pstrdup(*state, rows[i].typ);
        document_t document;
        bearer_claims_t claims = claims_of(fill_document(&document, 7));
        bearer_proof_t proof = {.issuer = &issuer,
                                .how = BEARER_PROVEN_BY_SECRET,
                                .key = {.alg = ALG,
                                        .version = 7,
                                        .kid = unit_str(kid),
                                        .typ = unit_str(typ)},
                                .claims = &claims,
                                .until = BEARER_PROOF_LASTS};
        bearer_tokcache_entry_t *entry = NULL;
        const bearer_proof_t *got;

        bearer_tokcache_store(cache, unit_str(text), &proof, T);
        /* nothing of the caller's is needed any more */
        memset(text, 'x', strlen(text));
        if (kid)
            memset(kid, 'x', strlen(kid));
        if (typ)
            memset(typ, 'x', strlen(typ));
        memset(&document, 'x', sizeof(document));
        memset(&claims, 'x', sizeof(claims));
        memset(&proof, 'x', sizeof(proof));

        got = bearer_tokcache_find(cache, unit_str("header.payload.signature"),
                                   T, &entry);
        unit_expect(row, got != NULL);
        unit_expect(row, got->issuer == &issuer);
        unit_expect(row, got->key.version == 7);
        unit_expect(row, got->key.alg == ALG);
        unit_expect(row, (got->key.kid.data == NULL) == (rows[i].kid == NULL));
        unit_expect(row, (got->key.typ.data == NULL) == (rows[i].typ == NULL));
        unit_expect(row, got->key.kid.len == unit_str(rows[i].kid).len);
        unit_expect(row, got->key.typ.len == unit_str(rows[i].typ).len);
        if (rows[i].kid)
            assert_memory_equal(got->key.kid.data, rows[i].kid,
                                got->key.kid.len);
        if (rows[i].typ)
            assert_memory_equal(got->key.typ.data, rows[i].typ,
                                got->key.typ.len);
        unit_expect(row, got->claims->has_iss == BEARER_VALUE_GOT);
        assert_int_equal(got->claims->iss.len, issuer.iss.len);
        assert_memory_equal(got->claims->iss.data, issuer.iss.data,
                            issuer.iss.len);
        unit_expect(row, got->claims->has_exp == BEARER_VALUE_GOT);
        unit_expect(row, got->claims->exp == NOW);
        assert_int_equal(stamp_in(got), 7);
        bearer_tokcache_give(entry);
    }
}

static void tokcache_tells_tokens_apart_that_differ_in_one_byte(void **state)
{
    static const apr_size_t lengths[] = {1, 7, 8, 9, 16, 1400};
    apr_size_t k, i;

    for (k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
        bearer_tokcache_t *cache = cache_of(16, MANY, *state);
        bearer_str_t token = long_token(lengths[k], *state);
        bearer_str_t other = copy_of(token, *state);

        store(cache, token, 1, T);
        assert_int_equal(found(cache, copy_of(token, *state), T), 1);
        for (i = 0; i < token.len; i++) {
            char *at = (char *)other.data + i;

            *at ^= 1;
            assert_int_equal(found(cache, other, T), 0);
            *at ^= 1;
        }
        /* the same, with the other one kept as well */
        *(char *)other.data ^= 1;
        store(cache, other, 2, T);
        assert_int_equal(found(cache, token, T), 1);
        assert_int_equal(found(cache, other, T), 2);
    }
}

static void tokcache_tells_parts_of_tokens_apart(void **state)
{
    static const struct {
        const char *name;
        bearer_str_t stored, asked;
    } rows[] = {
        {"prefix", BEARER_LIT("abcdefgh.ijklmnop"), BEARER_LIT("abcdefgh")},
        {"word more", BEARER_LIT("abcdefgh"), BEARER_LIT("abcdefgh.ijklmno")},
        {"suffix", BEARER_LIT("abcdefgh.ijklmnop"), BEARER_LIT("ijklmnop")},
        {"byte less", BEARER_LIT("abcdefghi"), BEARER_LIT("abcdefgh")},
        {"byte more", BEARER_LIT("abcdefgh"), BEARER_LIT("abcdefghi")},
        {"NUL after", BEARER_LIT("abc"), BEARER_LIT("abc\0")},
        {"NUL less", BEARER_LIT("abc\0"), BEARER_LIT("abc")},
        {"after NUL", BEARER_LIT("abc\0x"), BEARER_LIT("abc\0y")},
        {"padding", BEARER_LIT("a.b.c"), BEARER_LIT("a.b.c=")},
        {"case", BEARER_LIT("a.b.c"), BEARER_LIT("A.b.c")},
        {"words swapped", BEARER_LIT("abcdefghABCDEFGH"),
         BEARER_LIT("ABCDEFGHabcdefgh")},
        {"halves swapped", BEARER_LIT("abcdABCD"), BEARER_LIT("ABCDabcd")},
        {"empty", BEARER_LIT("a"), BEARER_LIT("")},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bearer_tokcache_t *cache = cache_of(16, MANY, *state);
        bearer_str_t stored = copy_of(rows[i].stored, *state);
        bearer_str_t asked = copy_of(rows[i].asked, *state);

        store(cache, stored, 1, T);
        unit_expect(rows[i].name, found(cache, stored, T) == 1);
        unit_expect(rows[i].name, found(cache, asked, T) == 0);
        forget(cache, asked);
        unit_expect(rows[i].name, found(cache, stored, T) == 1);
    }
}

static void tokcache_replaces_the_proof_of_the_same_bytes(void **state)
{
    bearer_tokcache_t *cache = cache_of(2, MANY, *state);
    bearer_str_t token = token_of(1, *state);

    store(cache, token_of(0, *state), 9, T);
    store(cache, token, 1, T);
    store(cache, copy_of(token, *state), 2, T + SEC);
    assert_int_equal(found(cache, token, T + SEC), 2);
    /* it pushed no other token out */
    assert_int_equal(found(cache, token_of(0, *state), T + SEC), 9);
    assert_int_equal(bearer_tokcache_stats(cache).entries, 2);
    assert_int_equal(bearer_tokcache_stats(cache).evictions, 0);
    /* and counts from when it was made */
    assert_int_equal(found(cache, token, T + SEC + TTL), 2);
    forget(cache, token);
    assert_int_equal(found(cache, token, T + SEC), 0);
}

static void tokcache_forgets_what_is_over_and_nothing_else(void **state)
{
    bearer_tokcache_t *cache = cache_of(1024, MANY, *state);
    int i;

    for (i = 0; i < 100; i++)
        store(cache, token_of(i, *state), (apr_uint64_t)i + 1, T);
    for (i = 0; i < 100; i += 3)
        forget(cache, token_of(i, *state));
    forget(cache, token_of(0, *state));
    forget(cache, token_of(5000, *state));
    for (i = 0; i < 100; i++)
        assert_int_equal(found(cache, token_of(i, *state), T),
                         i % 3 ? i + 1 : 0);
    assert_int_equal(bearer_tokcache_stats(cache).entries, 66);
}

static void tokcache_uses_a_proof_for_its_ttl(void **state)
{
    static const struct {
        const char *name;
        apr_time_t ttl, made, now;
        bool lives;
    } rows[] = {
        {"clock not advanced", TTL, T, T, true},
        {"clock not advanced, no ttl", 0, T, T, true},
        {"no ttl", 0, T, T + 1, false},
        {"just in time", TTL, T, T + TTL, true},
        {"just late", TTL, T, T + TTL + 1, false},
        {"long ago", TTL, T, T + 1000 * TTL, false},
        {"read the clock before the other", TTL, T, T - 5, true},
        {"smallest tick", TTL, 1, 1, true},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bearer_tokcache_conf_t conf = {4, MANY, rows[i].ttl, "seed"};
        bearer_tokcache_t *cache;
        bearer_str_t token = token_of(0, *state);

        assert_int_equal(bearer_tokcache_create(&cache, &conf, *state),
                         APR_SUCCESS);
        store(cache, token, 1, rows[i].made);
        unit_expect(rows[i].name,
                    (found(cache, token, rows[i].now) == 1) == rows[i].lives);
        unit_expect(rows[i].name, bearer_tokcache_stats(cache).entries
                                      == (rows[i].lives ? 1 : 0));
        unit_expect(rows[i].name, bearer_tokcache_stats(cache).evictions == 0);
        /* gone, not hidden: an older tick does not bring it back */
        unit_expect(rows[i].name,
                    (found(cache, token, rows[i].made) == 1) == rows[i].lives);
    }
}

/* being found does not make a proof younger */
static void tokcache_does_not_prolong_a_used_proof(void **state)
{
    bearer_tokcache_t *cache = cache_of(4, MANY, *state);
    bearer_str_t token = token_of(0, *state);
    apr_time_t now;

    store(cache, token, 1, T);
    for (now = T; now <= T + TTL; now += TTL / 10)
        assert_int_equal(found(cache, token, now), 1);
    assert_int_equal(found(cache, token, T + TTL + 1), 0);
}

/* --- bounds ---------------------------------------------------------------- */

static void tokcache_keeps_no_more_entries_than_it_may(void **state)
{
    static const int rows[] = {-1, 0, 1, 2, 3, 17, 64, 127, 128, 129, 1000};
    apr_size_t k;
    int i;

    for (k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        int bound = rows[k] > 0 ? rows[k] : 1;
        bearer_tokcache_t *cache = cache_of(rows[k], MANY, *state);
        bearer_stats_cache_t stats;
        int count = 0;

        for (i = 0; i < 3 * bound; i++) {
            store(cache, token_of(i, *state), (apr_uint64_t)i + 1, T);
            assert_int_equal(found(cache, token_of(i, *state), T), i + 1);
            assert_true(bearer_tokcache_stats(cache).entries <= bound);
        }
        stats = bearer_tokcache_stats(cache);
        for (i = 0; i < 3 * bound; i++)
            count += found(cache, token_of(i, *state), T) != 0;
        assert_int_equal(count, stats.entries);
        assert_int_equal(stats.evictions + (apr_uint64_t)count, 3 * bound);
        /* all shards are full by now */
        assert_int_equal(count, bound);
    }
}

static void tokcache_keeps_no_more_bytes_than_it_may(void **state)
{
    static const apr_size_t rows[] = {3000,   20000,  131072,
                                      262144, 300000, 2500000};
    apr_size_t k;
    int i;

    for (k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        bearer_tokcache_t *cache = cache_of(100000, rows[k], *state);
        int count = (int)(3 * rows[k] / 2000);
        apr_size_t bytes = 0;

        for (i = 0; i < count; i++) {
            bearer_str_t token = long_token(1400, *state);

            memcpy((char *)token.data + 1390, &i, sizeof(i));
            store(cache, token, (apr_uint64_t)i + 1, T);
            assert_int_equal(found(cache, token, T), i + 1);
            bytes = bearer_tokcache_stats(cache).bytes;
            assert_true(bytes <= rows[k]);
            assert_true(
                bytes
                >= 1400 * (apr_size_t)bearer_tokcache_stats(cache).entries);
        }
        assert_true(bearer_tokcache_stats(cache).evictions > 0);
        assert_true(bytes > rows[k] / 2);
        for (i = 0; i < count; i++) {
            bearer_str_t token = long_token(1400, *state);

            memcpy((char *)token.data + 1390, &i, sizeof(i));
            forget(cache, token);
        }
        assert_int_equal(bearer_tokcache_stats(cache).bytes, 0);
        assert_int_equal(bearer_tokcache_stats(cache).entries, 0);
    }
}

/* one large token makes room for itself, several times over if need be */
static void tokcache_evicts_several_for_a_large_one(void **state)
{
    bearer_tokcache_t *cache = cache_of(100, 20000, *state);
    bearer_str_t large = long_token(8000, *state);
    int i;

    for (i = 0; i < 40; i++)
        store(cache, token_of(i, *state), 1, T);
    assert_int_equal(bearer_tokcache_stats(cache).entries, 40);
    store(cache, large, 2, T);
    assert_int_equal(found(cache, large, T), 2);
    assert_true(bearer_tokcache_stats(cache).bytes <= 20000);
    assert_in_range(bearer_tokcache_stats(cache).evictions, 20, 30);
    /* the oldest went, the newest are still there */
    assert_int_equal(found(cache, token_of(0, *state), T), 0);
    assert_int_equal(found(cache, token_of(39, *state), T), 1);
}

static void tokcache_does_not_keep_what_is_too_large(void **state)
{
    bearer_tokcache_t *cache = cache_of(100, 20000, *state);
    bearer_str_t huge = long_token(20000, *state);
    const char *members = "";
    int i;

    store(cache, token_of(0, *state), 1, T);
    store(cache, long_token(15900, *state), 2, T);
    assert_int_equal(found(cache, long_token(15900, *state), T), 2);

    /* above the limit of tokens, though the bytes would do */
    cache = cache_of(100, MANY, *state);
    store(cache, token_of(0, *state), 1, T);
    huge.len = BEARER_LIMIT_TOKEN;
    store(cache, huge, 2, T);
    assert_int_equal(found(cache, huge, T), 2);
    huge.len = BEARER_LIMIT_TOKEN + 1;
    assert_int_equal(found(cache, huge, T), 0);
    store(cache, huge, 3, T);
    assert_int_equal(found(cache, huge, T), 0);
    forget(cache, huge);

    /* the claims alone are more than the bytes */
    cache = cache_of(100, 20000, *state);
    store(cache, token_of(0, *state), 1, T);
    for (i = 0; i < 700; i++)
        members = apr_psprintf(*state, "%s,\"c%d\":%d", members, i, i);
    members = apr_psprintf(*state, "{\"a\":0%s}", members);
    store_value(cache, token_of(1, *state), 2, read_value(members, *state), T);
    assert_int_equal(found(cache, token_of(1, *state), T), 0);
    /* it pushed nobody out, and an older proof of the same token stays */
    store_value(cache, token_of(0, *state), 2, read_value(members, *state), T);
    assert_int_equal(found(cache, token_of(0, *state), T), 1);
    assert_int_equal(bearer_tokcache_stats(cache).stores, 1);
    assert_int_equal(bearer_tokcache_stats(cache).evictions, 0);

    /* the largest one fits though the bytes are shared among shards */
    cache = cache_of(1024, 262144, *state);
    huge.len = BEARER_LIMIT_TOKEN;
    store(cache, huge, 2, T);
    assert_int_equal(found(cache, huge, T), 2);

    /* not even one fits */
    cache = cache_of(100, 0, *state);
    store(cache, token_of(0, *state), 1, T);
    assert_int_equal(found(cache, token_of(0, *state), T), 0);
}

static void tokcache_does_not_keep_strange_proofs(void **state)
{
    bearer_tokcache_t *cache = cache_of(100, MANY, *state);
    bearer_str_t none = {NULL, 0};
    document_t document;
    bearer_claims_t claims = claims_of(fill_document(&document, 1));
    bearer_proof_t proof = {.issuer = &issuer,
                            .key = {.version = 1},
                            .claims = &claims,
                            .until = BEARER_PROOF_LASTS};

    store(cache, none, 1, T);
    assert_int_equal(found(cache, none, T), 0);
    forget(cache, none);
    proof.key.kid.data = "x";
    proof.key.kid.len = SIZE_MAX - 100;
    bearer_tokcache_store(cache, token_of(0, *state), &proof, T);
    proof.key.kid.len = 1;
    proof.key.typ.data = "x";
    proof.key.typ.len = SIZE_MAX - 100;
    bearer_tokcache_store(cache, token_of(0, *state), &proof, T);
    assert_int_equal(found(cache, token_of(0, *state), T), 0);
    assert_int_equal(bearer_tokcache_stats(cache).stores, 0);
}

/* what shows that a request may use its token does not prove it for the next one */
static void tokcache_keeps_what_depends_on_the_token_alone(void **state)
{
    static const struct {
        unsigned int depends;
        bool kept;
    } rows[] = {
        {BEARER_DEPENDS_METHOD, false},
        {BEARER_DEPENDS_TARGET, false},
        {BEARER_DEPENDS_METHOD | BEARER_DEPENDS_TARGET, false},
        {0, true},
    };
    bearer_tokcache_t *cache = cache_of(100, MANY, *state);
    document_t document;
    bearer_claims_t claims = claims_of(fill_document(&document, 1));
    bearer_proof_t proof = {.issuer = &issuer,
                            .key = {.alg = ALG, .version = 1},
                            .claims = &claims,
                            .until = BEARER_PROOF_LASTS};
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        proof.depends = rows[i].depends;
        bearer_tokcache_store(cache, token_of((int)i, *state), &proof, T);
        assert_int_equal(found(cache, token_of((int)i, *state), T),
                         rows[i].kept);
    }
}

/* an end of its own, if it comes before the cache's */
static void tokcache_uses_a_proof_until_its_end(void **state)
{
    static const struct {
        const char *name;
        apr_time_t until, now, end;
        bool lives;
    } rows[] = {
        {"in its last moment", T + SEC, T + SEC, T + SEC, true},
        {"over", T + SEC, T + SEC + 1, T + SEC, false},
        {"over when it was stored", T - 1, T, T - 1, false},
        {"as long as others", T + TTL, T + TTL, T + TTL, true},
        {"not longer than others", T + 2 * TTL, T + TTL + 1, T + TTL, false},
        {"for ever", BEARER_PROOF_LASTS, T + TTL, T + TTL, true},
    };
    bearer_tokcache_t *cache = cache_of(100, MANY, *state);
    document_t document;
    bearer_claims_t claims = claims_of(fill_document(&document, 1));
    bearer_proof_t proof = {.issuer = &issuer,
                            .key = {.alg = ALG, .version = 1},
                            .claims = &claims};
    bearer_tokcache_entry_t *entry;
    const bearer_proof_t *got;
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        proof.until = rows[i].until;
        bearer_tokcache_store(cache, token_of(1, *state), &proof, T);
        got = bearer_tokcache_find(cache, token_of(1, *state), rows[i].now,
                                   &entry);
        unit_expect(rows[i].name, (got != NULL) == rows[i].lives);
        if (!got)
            continue;
        unit_expect(rows[i].name, got->until == rows[i].end);
        bearer_tokcache_give(entry);
    }
}

static apr_size_t cost_of(const char *text, apr_pool_t *pool)
{
    bearer_tokcache_t *cache = cache_of(4, MANY, pool);

    store_value(cache, long_token(900, pool), 1, read_value(text, pool), T);
    return bearer_tokcache_stats(cache).bytes;
}

/* the bound in bytes is a bound on memory: all that is kept of a token is in its
 * block, and little else is */
static void tokcache_counts_all_that_it_keeps(void **state)
{
    static const char *const rows[] = {
        "{}",
        "{\"a\":true,\"b\":null,\"c\":false}",
        "{\"a\":[1,1.5,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}",
        "{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}",
        "{\"0123456789012345678901234567890123456789012345678901\":\"x\"}",
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_size_t cost = cost_of(rows[i], *state);
        apr_size_t kept =
            900 + 5 + bearer_value_size(read_value(rows[i], *state));

        unit_expect(rows[i], cost >= kept && cost <= kept + 320);
        unit_expect(rows[i], cost % 64 == 0);
    }
}

/* what a token of many issuers takes, without its text */
static void tokcache_keeps_claims_in_little_more_than_their_text(void **state)
{
    static const char text[] =
        "{\"iss\":\"https://tenant.logto.app/oidc\",\"sub\":\"k8sZ0aXq3rT1\","
        "\"aud\":\"https://api.example.com\",\"client_id\":\"m2m-app-01\","
        "\"scope\":\"read:items write:items admin:all\",\"jti\":"
        "\"1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed\",\"iat\":1800000000,"
        "\"exp\":1800003600,\"nbf\":1800000000,\"roles\":[\"admin\",\"ops\","
        "\"dev\"],\"email\":\"someone@example.com\",\"name\":\"Some One\"}";

    assert_true(bearer_value_size(read_value(text, *state)) < 2 * strlen(text));
    assert_true(cost_of(text, *state) < 900 + 320 + 2 * strlen(text));
}

/* --- who makes room -------------------------------------------------------- */

static void tokcache_keeps_those_that_are_used(void **state)
{
    bearer_tokcache_t *cache = cache_of(4, MANY, *state);
    int i;

    for (i = 0; i < 4; i++)
        store(cache, token_of(i, *state), (apr_uint64_t)i + 1, T);
    assert_int_equal(found(cache, token_of(0, *state), T), 1);
    /* 0 is passed over once, then 1, 2, 3 and at last 0 make room */
    store(cache, token_of(4, *state), 5, T);
    store(cache, token_of(5, *state), 6, T);
    store(cache, token_of(6, *state), 7, T);
    assert_int_equal(found(cache, token_of(1, *state), T), 0);
    assert_int_equal(found(cache, token_of(2, *state), T), 0);
    assert_int_equal(found(cache, token_of(3, *state), T), 0);
    store(cache, token_of(7, *state), 8, T);
    assert_int_equal(found(cache, token_of(0, *state), T), 0);
    for (i = 4; i < 8; i++)
        assert_int_equal(found(cache, token_of(i, *state), T), i + 1);
    /* all in use: the hand goes round, and the oldest makes room */
    store(cache, token_of(8, *state), 9, T);
    assert_int_equal(found(cache, token_of(4, *state), T), 0);
    assert_int_equal(found(cache, token_of(8, *state), T), 9);
    assert_int_equal(bearer_tokcache_stats(cache).entries, 4);
    assert_int_equal(bearer_tokcache_stats(cache).evictions, 5);
    /* one that is over makes room and does not move the hand */
    forget(cache, token_of(6, *state));
    store(cache, token_of(9, *state), 10, T);
    store(cache, token_of(10, *state), 11, T);
    assert_int_equal(found(cache, token_of(5, *state), T), 0);
    assert_int_equal(found(cache, token_of(7, *state), T), 8);
}

/* with a large cache in use, nobody waits until the hand has been everywhere */
static void tokcache_looks_for_room_in_a_few_spots_only(void **state)
{
    bearer_tokcache_t *cache = cache_of(2000, 1000000, *state);
    int i, gone = 0;

    for (i = 0; i < 2000; i++) {
        store(cache, token_of(i, *state), (apr_uint64_t)i + 1, T);
        assert_int_equal(found(cache, token_of(i, *state), T), i + 1);
    }
    assert_int_equal(bearer_tokcache_stats(cache).evictions, 0);
    store(cache, token_of(5000, *state), 5001, T);
    assert_int_equal(found(cache, token_of(5000, *state), T), 5001);
    assert_int_equal(bearer_tokcache_stats(cache).evictions, 1);
    for (i = 0; i < 2000; i++) {
        if (!found(cache, token_of(i, *state), T))
            gone = i;
    }
    assert_in_range(gone, 200, 300);
}

/* a stream of tokens that come once does not wash out the others */
static void tokcache_resists_a_flood_of_new_tokens(void **state)
{
    bearer_tokcache_t *cache = cache_of(8, MANY, *state);
    int i;

    store(cache, token_of(0, *state), 100, T);
    store(cache, token_of(1, *state), 101, T);
    for (i = 2; i < 500; i++) {
        assert_int_equal(found(cache, token_of(0, *state), T), 100);
        if (i % 4 == 0)
            assert_int_equal(found(cache, token_of(1, *state), T), 101);
        store(cache, token_of(i, *state), (apr_uint64_t)i, T);
    }
}

/* Tokens that are nearly the same at their end, where the signature is, share
 * neither bucket nor shard: half of what the cache may hold fits without loss,
 * whatever the secret. */
static void tokcache_spreads_similar_signatures(void **state)
{
    static const apr_size_t spots[] = {1371, 1375, 1384, 1392, 1398, 1401};
    apr_size_t k;
    int i;

    for (k = 0; k < sizeof(spots) / sizeof(spots[0]); k++) {
        bearer_tokcache_conf_t conf = {1024, MANY, TTL, "0123456789abcde"};
        bearer_tokcache_t *cache;

        conf.seed[15] = (unsigned char)k;
        assert_int_equal(bearer_tokcache_create(&cache, &conf, *state),
                         APR_SUCCESS);
        for (i = 0; i < 512; i++) {
            bearer_str_t token = long_token(1403, *state);
            char *at = (char *)token.data + spots[k];

            at[0] = (char)(i & 0xff);
            at[1] = (char)(i >> 8);
            store(cache, token, 1, T);
        }
        assert_int_equal(bearer_tokcache_stats(cache).evictions, 0);
        assert_int_equal(bearer_tokcache_stats(cache).entries, 512);
    }
}

/* A stranger may send another beginning with the end of a token that is kept, so
 * that the same bucket is looked at: all bytes decide. */
static void tokcache_tells_tokens_apart_that_end_alike(void **state)
{
    bearer_tokcache_t *cache = cache_of(16, MANY, *state);
    bearer_str_t first = long_token(400, *state);
    bearer_str_t second = copy_of(first, *state);
    bearer_str_t shorter = {first.data + 1, first.len - 1};

    bearer_tokcache_t *other = cache_of(16, MANY, *state);
    bearer_str_t longer = unit_str("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    bearer_str_t part = {longer.data, longer.len - 1};

    store(other, longer, 1, T);
    assert_int_equal(found(other, part, T), 0);
    store(other, part, 2, T);
    assert_int_equal(found(other, longer, T), 1);
    forget(other, longer);
    assert_int_equal(found(other, longer, T), 0);
    assert_int_equal(found(other, part, T), 2);

    *(char *)second.data ^= 1;
    store(cache, first, 1, T);
    assert_int_equal(found(cache, second, T), 0);
    assert_int_equal(found(cache, shorter, T), 0);
    forget(cache, second);
    assert_int_equal(found(cache, first, T), 1);
    store(cache, second, 2, T);
    store(cache, shorter, 3, T);
    assert_int_equal(found(cache, first, T), 1);
    assert_int_equal(found(cache, second, T), 2);
    assert_int_equal(found(cache, shorter, T), 3);
    forget(cache, first);
    assert_int_equal(found(cache, first, T), 0);
    assert_int_equal(found(cache, second, T), 2);
    forget(cache, shorter);
    assert_int_equal(found(cache, second, T), 2);
}

/* --- entries that are held ------------------------------------------------- */

static void put_out_by_eviction(bearer_tokcache_t *cache,
                                bearer_str_t token BEARER_UNUSED,
                                apr_pool_t *pool)
{
    int i;

    for (i = 0; i < 10; i++)
        store(cache, token_of(100 + i, pool), 1, T);
}

static void put_out_by_store(bearer_tokcache_t *cache, bearer_str_t token,
                             apr_pool_t *pool BEARER_UNUSED)
{
    store(cache, token, 8, T);
}

static void put_out_by_time(bearer_tokcache_t *cache, bearer_str_t token,
                            apr_pool_t *pool BEARER_UNUSED)
{
    assert_int_equal(found(cache, token, T + 2 * TTL), 0);
}

static void put_out_by_end(bearer_tokcache_t *cache BEARER_UNUSED,
                           bearer_str_t token BEARER_UNUSED, apr_pool_t *pool)
{
    apr_pool_clear(pool);
}

static void tokcache_entries_live_until_given_back(void **state)
{
    static const struct {
        const char *name;
        void (*put_out)(bearer_tokcache_t *, bearer_str_t, apr_pool_t *);
    } rows[] = {
        {"eviction", put_out_by_eviction},
        {"replacement", put_out_by_store},
        {"time", put_out_by_time},
        {"end of the pool", put_out_by_end},
    };
    apr_size_t i;
    int k;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_pool_t *pool;
        bearer_tokcache_t *cache;
        bearer_tokcache_entry_t *entries[3] = {NULL, NULL, NULL};
        const bearer_proof_t *proofs[3];
        bearer_str_t token = token_of(0, *state);

        assert_int_equal(apr_pool_create(&pool, *state), APR_SUCCESS);
        cache = cache_of(2, MANY, pool);
        store(cache, token, 7, T);
        for (k = 0; k < 3; k++) {
            proofs[k] = bearer_tokcache_find(cache, token, T, &entries[k]);
            unit_expect(rows[i].name, proofs[k] != NULL);
        }
        rows[i].put_out(cache, token, pool);
        for (k = 0; k < 3; k++) {
            unit_expect(rows[i].name, proofs[k]->key.version == 7);
            unit_expect(rows[i].name, stamp_in(proofs[k]) == 7);
            unit_expect(rows[i].name, proofs[k]->claims->iss.data[0] == 'h');
            unit_expect(rows[i].name, proofs[k]->key.kid.data[4] == '1');
            bearer_tokcache_give(entries[k]);
        }
        apr_pool_destroy(pool);
    }
    bearer_tokcache_give(NULL);
}

/* a full cache whose entries are all being read keeps them, and takes no more */
static void tokcache_does_not_overwrite_what_is_read(void **state)
{
    bearer_tokcache_t *cache = cache_of(1000, 8192, *state);
    bearer_tokcache_entry_t *entries[64];
    const bearer_proof_t *proofs[64];
    int i, count = 0;

    do {
        store(cache, token_of(count, *state), (apr_uint64_t)count + 1, T);
        proofs[count] = bearer_tokcache_find(cache, token_of(count, *state), T,
                                             &entries[count]);
    } while (proofs[count] && ++count < 64);
    assert_in_range(count, 4, 63);
    assert_int_equal(bearer_tokcache_stats(cache).evictions, 0);
    /* out of the index, but still read */
    forget(cache, token_of(0, *state));
    store(cache, token_of(70, *state), 71, T);
    assert_int_equal(found(cache, token_of(70, *state), T), 0);
    for (i = 0; i < count; i++)
        assert_int_equal(stamp_in(proofs[i]), i + 1);
    /* given back, its memory is the next one's */
    bearer_tokcache_give(entries[0]);
    store(cache, token_of(70, *state), 71, T);
    assert_int_equal(found(cache, token_of(70, *state), T), 71);
    for (i = 1; i < count; i++) {
        assert_int_equal(stamp_in(proofs[i]), i + 1);
        bearer_tokcache_give(entries[i]);
    }
}

/* more tokens than fit, over and over: those that are in stay in and are found,
 * instead of all pushing each other out before they come again */
static void tokcache_lets_in_at_the_second_sight_when_full(void **state)
{
    bearer_tokcache_t *cache = cache_of(64, MANY, *state);
    document_t document;
    const bearer_value_t *all = fill_document(&document, 1);
    apr_uint64_t hits;
    int i, round;

    /* until it is full, seeing a token once is enough */
    for (i = 0; i < 64; i++)
        store_once(cache, token_of(i, *state), 1, all, T);
    assert_int_equal(bearer_tokcache_stats(cache).entries, 64);
    /* so it is for the first that pushes one out: only then is it known to be
     * full */
    store_once(cache, token_of(64, *state), 1, all, T);
    assert_int_equal(bearer_tokcache_stats(cache).stores, 65);
    store_once(cache, token_of(65, *state), 1, all, T);
    assert_int_equal(bearer_tokcache_stats(cache).stores, 65);
    store_once(cache, token_of(65, *state), 1, all, T);
    assert_int_equal(bearer_tokcache_stats(cache).stores, 66);
    /* what is too old was welcome, and is again */
    assert_int_equal(found(cache, token_of(65, *state), T), 1);
    /* others made all buckets forget it */
    for (i = 1000; i < 2000; i++)
        store_once(cache, token_of(i, *state), 1, all, T);
    assert_int_equal(bearer_tokcache_stats(cache).stores, 66);
    assert_int_equal(found(cache, token_of(65, *state), T + TTL + 1), 0);
    store_once(cache, token_of(65, *state), 1, all, T);
    assert_int_equal(found(cache, token_of(65, *state), T), 1);
    assert_int_equal(bearer_tokcache_stats(cache).stores, 67);

    hits = bearer_tokcache_stats(cache).hits;
    for (round = 0; round < 20; round++) {
        for (i = 0; i < 640; i++) {
            if (!found(cache, token_of(i, *state), T))
                store_once(cache, token_of(i, *state), 1, all, T);
        }
    }
    hits = bearer_tokcache_stats(cache).hits - hits;
    /* without that rule there is not one hit */
    assert_true(hits > 20 * 64 / 2);
}

/* if only expired ones take up the room, a token is kept the first time it is
 * seen */
static void tokcache_is_not_full_of_old_tokens(void **state)
{
    bearer_tokcache_t *cache = cache_of(64, MANY, *state);
    document_t document;
    const bearer_value_t *all = fill_document(&document, 1);
    apr_time_t now = T;
    int i;

    for (i = 0; i < 1000; i++) {
        /* 50 of them are not too old */
        now += TTL / 50;
        store_once(cache, token_of(i, *state), 1, all, now);
        assert_int_equal(found(cache, token_of(i, *state), now), 1);
    }
    assert_int_equal(bearer_tokcache_stats(cache).evictions, 0);
    /* a crowd, and when it is gone */
    for (i = 0; i < 1000; i++)
        store(cache, token_of(i, *state), 1, now);
    assert_in_range(bearer_tokcache_stats(cache).evictions, 900, 1000);
    now += TTL + 1;
    store(cache, token_of(5000, *state), 1, now);
    for (i = 0; i < 50; i++) {
        store_once(cache, token_of(6000 + i, *state), 1, all, now);
        assert_int_equal(found(cache, token_of(6000 + i, *state), now), 1);
    }
}

/* the same bytes proven again, over and over, push nobody out */
static void tokcache_proven_again_evicts_nobody(void **state)
{
    bearer_tokcache_t *cache = cache_of(16, MANY, *state);
    bearer_tokcache_entry_t *entry = NULL;
    const bearer_proof_t *proof;
    document_t document;
    const bearer_value_t *all = fill_document(&document, 5);
    int i;

    for (i = 0; i < 16; i++)
        store(cache, token_of(i, *state), 1, T);
    for (i = 0; i < 100; i++)
        store(cache, token_of(3, *state), (apr_uint64_t)i + 2, T);
    assert_int_equal(found(cache, token_of(3, *state), T), 101);
    assert_int_equal(bearer_tokcache_stats(cache).evictions, 0);
    assert_int_equal(bearer_tokcache_stats(cache).entries, 16);
    for (i = 4; i < 16; i++)
        assert_int_equal(found(cache, token_of(i, *state), T), 1);
    /* what somebody reads is not written over */
    proof = bearer_tokcache_find(cache, token_of(3, *state), T, &entry);
    store_once(cache, token_of(3, *state), 5, all, T);
    assert_int_equal(found(cache, token_of(3, *state), T), 5);
    assert_int_equal(proof->key.version, 101);
    assert_int_equal(stamp_in(proof), 101);
    bearer_tokcache_give(entry);
}

/* tokens of all sizes, coming and going: the memory does not fall apart */
static void tokcache_fills_its_memory_with_tokens_of_all_sizes(void **state)
{
    bearer_tokcache_t *cache = cache_of(100000, 262144, *state);
    apr_uint64_t rng = 7;
    int i;

    for (i = 0; i < 5000; i++) {
        bearer_str_t token =
            long_token(200 + (apr_size_t)draw(&rng, 3000), *state);

        memcpy((char *)token.data + token.len - 9, &i, sizeof(i));
        store(cache, token, (apr_uint64_t)i + 1, T);
        assert_int_equal(found(cache, token, T), i + 1);
        if (draw(&rng, 4) == 0)
            forget(cache, token);
        if (i > 500)
            assert_true(bearer_tokcache_stats(cache).bytes > 262144 / 2);
    }
}

/* --- numbers --------------------------------------------------------------- */

static void expect_stats(const char *row, bearer_tokcache_t *cache,
                         const bearer_stats_cache_t *want)
{
    bearer_stats_cache_t got = bearer_tokcache_stats(cache);

    unit_expect(row, got.hits == want->hits);
    unit_expect(row, got.misses == want->misses);
    unit_expect(row, got.stores == want->stores);
    unit_expect(row, got.evictions == want->evictions);
    unit_expect(row, got.entries == want->entries);
    unit_expect(row, (got.bytes == 0) == (want->entries == 0));
}

static void tokcache_counts_what_happens(void **state)
{
    bearer_tokcache_t *cache = cache_of(2, MANY, *state);
    bearer_str_t a = token_of(1, *state), b = token_of(2, *state),
                 c = token_of(3, *state);
    bearer_stats_cache_t want = {0, 0, 0, 0, 0, 0};

    expect_stats("new", cache, &want);
    found(cache, a, T);
    want.misses = 1;
    expect_stats("miss", cache, &want);
    store(cache, a, 1, T);
    want.stores = 1;
    want.entries = 1;
    expect_stats("store", cache, &want);
    found(cache, a, T);
    found(cache, a, T);
    want.hits = 2;
    expect_stats("hit", cache, &want);
    store(cache, a, 1, T);
    want.stores = 2;
    expect_stats("same again", cache, &want);
    store(cache, b, 1, T);
    store(cache, c, 1, T);
    want.stores = 4;
    want.entries = 2;
    want.evictions = 1;
    expect_stats("eviction", cache, &want);
    found(cache, c, T + TTL + 1);
    want.misses = 2;
    want.entries = 1;
    expect_stats("too old", cache, &want);
    forget(cache, b);
    forget(cache, b);
    want.misses = 4;
    want.entries = 0;
    expect_stats("over", cache, &want);
}

/* --- against a model ------------------------------------------------------- */

#define TOKENS 60

typedef struct model_t {
    apr_uint64_t stamp[TOKENS]; /* of the last proof; 0: none */
    apr_time_t made[TOKENS];
} model_t;

typedef struct sequence_t {
    const char *name;
    int entries;
    apr_size_t bytes;
    bool exact; /* everything fits: found is what the model has */
} sequence_t;

static void model_find(const sequence_t *row, bearer_tokcache_t *cache,
                       model_t *model, int n, bearer_str_t token,
                       apr_time_t now)
{
    bool live = model->stamp[n] && now - model->made[n] <= TTL;
    apr_uint64_t got = found(cache, token, now);

    unit_expect(row->name, got == 0 || (live && got == model->stamp[n]));
    unit_expect(row->name, !row->exact || (got != 0) == live);
    /* what is out stays out until it is stored again */
    if (!got)
        model->stamp[n] = 0;
}

static void play(const sequence_t *row, apr_uint64_t seed, apr_pool_t *pool)
{
    bearer_tokcache_t *cache = cache_of(row->entries, row->bytes, pool);
    bearer_stats_cache_t stats;
    bearer_str_t tokens[TOKENS];
    apr_uint64_t rng = seed, stores = 0, finds = 0;
    apr_time_t now = T;
    model_t model;
    int i, n, held = 0;

    memset(&model, 0, sizeof(model));
    for (n = 0; n < TOKENS; n++)
        tokens[n] = token_of(n, pool);
    for (i = 0; i < 3000; i++) {
        n = (int)draw(&rng, TOKENS);
        switch (draw(&rng, 8)) {
        case 0:
            finds++;
            forget(cache, tokens[n]);
            model.stamp[n] = 0;
            break;
        case 1:
        case 2:
            stores++;
            store(cache, tokens[n], (apr_uint64_t)i + 1, now);
            model.stamp[n] = (apr_uint64_t)i + 1;
            model.made[n] = now;
            break;
        case 3: /* most of the time the clock stands */
            now += (apr_time_t)draw(&rng, (apr_uint64_t)TTL / 20);
            break;
        default:
            finds++;
            model_find(row, cache, &model, n, tokens[n], now);
            break;
        }
        stats = bearer_tokcache_stats(cache);
        unit_expect(row->name, stats.entries <= row->entries);
        unit_expect(row->name, stats.bytes <= row->bytes);
        unit_expect(row->name, (stats.entries == 0) == (stats.bytes == 0));
    }
    unit_expect(row->name, stats.stores == stores);
    unit_expect(row->name, stats.hits + stats.misses == finds);
    unit_expect(row->name, !row->exact || stats.evictions == 0);
    unit_expect(row->name, row->exact || stats.evictions > 0);
    for (n = 0; n < TOKENS; n++)
        held += found(cache, tokens[n], model.made[n]) != 0;
    unit_expect(row->name, held == stats.entries);
}

static void tokcache_agrees_with_a_model(void **state)
{
    static const sequence_t rows[] = {
        {"roomy", 2000, MANY, true},        {"one shard", 60, MANY, true},
        {"few entries", 20, MANY, false},   {"one entry", 1, MANY, false},
        {"few bytes", 1000, 10000, false},  {"both", 7, 10000, false},
        {"bytes for one", 60, 1200, false},
    };
    apr_uint64_t seed;
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (seed = 1; seed <= 3; seed++) {
            apr_pool_t *pool;

            assert_int_equal(apr_pool_create(&pool, *state), APR_SUCCESS);
            play(&rows[i], seed * 7919, pool);
            apr_pool_destroy(pool);
        }
    }
}

/* --- threads --------------------------------------------------------------- */

#define THREADS 4
#define STEPS   4000
#define HELD    8

typedef struct worker_t {
    bearer_tokcache_t *cache;
    bearer_str_t tokens[TOKENS * 4];
    apr_uint64_t rng;
    apr_uint64_t hits, misses, stores;
    int wrong;
} worker_t;

/* the version says which token, and which try, a proof was made for */
static apr_uint64_t stamp_for(int n, int step)
{
    return (apr_uint64_t)step * 1000 + (apr_uint64_t)n + 1;
}

static void judge(worker_t *worker, const bearer_proof_t *proof, int n)
{
    worker->wrong += proof->key.version % 1000 != (apr_uint64_t)n + 1;
    worker->wrong += stamp_in(proof) != (apr_int64_t)proof->key.version;
    worker->wrong +=
        proof->claims->iss.len != issuer.iss.len
        || memcmp(proof->claims->iss.data, issuer.iss.data, issuer.iss.len)
               != 0;
    worker->wrong +=
        proof->key.kid.len != 5 || memcmp(proof->key.kid.data, "kid-1", 5);
}

static const bearer_proof_t *look(worker_t *worker, int n,
                                  bearer_tokcache_entry_t **entry)
{
    const bearer_proof_t *proof =
        bearer_tokcache_find(worker->cache, worker->tokens[n], T, entry);

    if (!proof) {
        worker->misses++;
        return NULL;
    }
    worker->hits++;
    judge(worker, proof, n);
    return proof;
}

static void keep(worker_t *worker, int n, int step)
{
    apr_uint64_t stamp = stamp_for(n, step);
    document_t document;

    store_once(worker->cache, worker->tokens[n], stamp,
               fill_document(&document, stamp), T);
    memset(&document, 'x', sizeof(document));
    worker->stores++;
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread BEARER_UNUSED,
                                  void *data)
{
    worker_t *worker = data;
    bearer_tokcache_entry_t *held[HELD] = {NULL};
    const bearer_proof_t *proofs[HELD] = {NULL};
    int owner[HELD] = {0};
    int step, k;

    for (step = 0; step < STEPS; step++) {
        int n = (int)draw(&worker->rng, TOKENS * 4);

        k = (int)draw(&worker->rng, HELD);
        switch (draw(&worker->rng, 10)) {
        case 0:
            forget(worker->cache, worker->tokens[n]);
            worker->misses++;
            break;
        case 1:
        case 2:
        case 3:
            keep(worker, n, step);
            break;
        case 4:
            worker->wrong += bearer_tokcache_stats(worker->cache).entries > 128;
            break;
        default:
            /* the one held for a while is still whole */
            if (proofs[k])
                judge(worker, proofs[k], owner[k]);
            bearer_tokcache_give(held[k]);
            held[k] = NULL;
            proofs[k] = look(worker, n, &held[k]);
            owner[k] = n;
            break;
        }
    }
    for (k = 0; k < HELD; k++)
        bearer_tokcache_give(held[k]);
    return NULL;
}

static void start_and_join(worker_t **workers, apr_pool_t *pool)
{
    apr_thread_t *threads[THREADS];
    apr_status_t rv;
    int i;

    for (i = 0; i < THREADS; i++)
        assert_int_equal(
            apr_thread_create(&threads[i], NULL, work, workers[i], pool),
            APR_SUCCESS);
    for (i = 0; i < THREADS; i++)
        apr_thread_join(&rv, threads[i]);
}

static void tokcache_serves_threads(void **state)
{
    bearer_tokcache_t *cache = cache_of(128, MANY, *state);
    bearer_stats_cache_t stats;
    apr_uint64_t hits = 0, misses = 0, stores = 0;
    worker_t *workers[THREADS];
    int i, n;

    for (i = 0; i < THREADS; i++) {
        workers[i] = apr_pcalloc(*state, sizeof(*workers[i]));
        workers[i]->cache = cache;
        workers[i]->rng = 88172645463325252u + (apr_uint64_t)i * 7919;
        for (n = 0; n < TOKENS * 4; n++)
            workers[i]->tokens[n] = token_of(n, *state);
    }
    start_and_join(workers, *state);
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(workers[i]->wrong, 0);
        hits += workers[i]->hits;
        misses += workers[i]->misses;
        stores += workers[i]->stores;
    }
    stats = bearer_tokcache_stats(cache);
    assert_int_equal(stats.hits, hits);
    assert_int_equal(stats.misses, misses);
    assert_in_range(stats.stores, 1, stores);
    assert_true(stats.evictions > 0);
    assert_true(stats.hits > 0);
    assert_true(stats.entries <= 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(tokcache_gives_back_the_whole_proof),
        unit_row(tokcache_tells_tokens_apart_that_differ_in_one_byte),
        unit_row(tokcache_tells_parts_of_tokens_apart),
        unit_row(tokcache_replaces_the_proof_of_the_same_bytes),
        unit_row(tokcache_forgets_what_is_over_and_nothing_else),
        unit_row(tokcache_uses_a_proof_for_its_ttl),
        unit_row(tokcache_does_not_prolong_a_used_proof),
        unit_row(tokcache_keeps_no_more_entries_than_it_may),
        unit_row(tokcache_keeps_no_more_bytes_than_it_may),
        unit_row(tokcache_evicts_several_for_a_large_one),
        unit_row(tokcache_does_not_keep_what_is_too_large),
        unit_row(tokcache_does_not_keep_strange_proofs),
        unit_row(tokcache_keeps_what_depends_on_the_token_alone),
        unit_row(tokcache_uses_a_proof_until_its_end),
        unit_row(tokcache_counts_all_that_it_keeps),
        unit_row(tokcache_keeps_claims_in_little_more_than_their_text),
        unit_row(tokcache_keeps_those_that_are_used),
        unit_row(tokcache_looks_for_room_in_a_few_spots_only),
        unit_row(tokcache_resists_a_flood_of_new_tokens),
        unit_row(tokcache_spreads_similar_signatures),
        unit_row(tokcache_tells_tokens_apart_that_end_alike),
        unit_row(tokcache_entries_live_until_given_back),
        unit_row(tokcache_does_not_overwrite_what_is_read),
        unit_row(tokcache_lets_in_at_the_second_sight_when_full),
        unit_row(tokcache_is_not_full_of_old_tokens),
        unit_row(tokcache_proven_again_evicts_nobody),
        unit_row(tokcache_fills_its_memory_with_tokens_of_all_sizes),
        unit_row(tokcache_counts_what_happens),
        unit_row(tokcache_agrees_with_a_model),
        unit_row(tokcache_serves_threads),
    };

    return unit_run(tests);
}
