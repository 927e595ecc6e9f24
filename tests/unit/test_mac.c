/* SPDX-License-Identifier: Apache-2.0 */
/* A MAC is compared in constant time: an attacker who can measure how far a
 * comparison got can find a MAC byte by byte. cjose compares; here is what it
 * compares with, shown by standing in for its function and for memcmp. */
#include "unit.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cjose/util.h>

#include "bearer/jose/jws.h"

#include "jose.h"

typedef int (*compare_fn)(const uint8_t *a, const uint8_t *b, const size_t len);

/* what the comparisons of one verification were */
static struct {
    unsigned char mac[64]; /* the right one */
    size_t len;            /* 0: nobody looks */
    int constant;          /* of the whole MAC, in constant time */
    int partial;           /* of a part of it */
    int early;             /* of its first bytes, by memcmp */
} seen;

static bool is_mac(const unsigned char *bytes, size_t len)
{
    size_t i;

    for (i = 0; i < len && i < seen.len; i++) {
        if (bytes[i] != seen.mac[i])
            return false;
    }
    return len > 0;
}

static compare_fn original(void)
{
    static compare_fn function;

    if (!function)
        *(void **)&function = dlsym(RTLD_NEXT, "cjose_const_memcmp");
    return function;
}

int cjose_const_memcmp(const uint8_t *a, const uint8_t *b, const size_t len)
{
    if (seen.len && (is_mac(a, len) || is_mac(b, len))) {
        if (len == seen.len)
            seen.constant++;
        else
            seen.partial++;
    }
    return original()(a, b, len);
}

/* the least that is worth looking at: four bytes match a MAC by accident once in
 * 2^32 */
int memcmp(const void *a, const void *b, size_t len)
{
    const volatile unsigned char *x = a, *y = b;

    if (seen.len && len >= 4 && (is_mac(a, len) || is_mac(b, len)))
        seen.early++;
    for (; len > 0 && *x == *y; len--, x++, y++)
        ;
    return len ? *x - *y : 0;
}

/* --- what cjose calls --------------------------------------------------------- */

static const bearer_jwk_t *secret_key(apr_pool_t *pool)
{
    const bearer_jwk_t *key = NULL;
    bearer_str_t secret;

    assert_int_equal(bearer_b64url_parse(unit_str(FIX_OCT_K), &secret, pool),
                     BEARER_OK);
    assert_int_equal(bearer_jwk_parse_secret(secret, &key, NULL, pool),
                     BEARER_OK);
    return key;
}

/* the token with one byte of its MAC changed; -1: none */
static const char *token_with(const char *token, int wrong, apr_pool_t *pool)
{
    const char *dot = strrchr(token, '.') + 1;
    bearer_str_t mac;

    assert_int_equal(bearer_b64url_parse(unit_str(dot), &mac, pool), BEARER_OK);
    memcpy(seen.mac, mac.data, mac.len);
    seen.len = mac.len;
    if (wrong >= 0)
        ((char *)mac.data)[wrong % (int)mac.len] ^= 1;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, token, dot - token),
                       bearer_b64url_render(mac, pool).data, NULL);
}

static void mac_is_compared_as_a_whole(void **state)
{
    static const struct {
        const char *name, *token;
        int wrong;
    } cases[] = {
        {"HS256", FIX_HS256_OCT_TOKEN, -1},
        {"HS256, first byte", FIX_HS256_OCT_TOKEN, 0},
        {"HS256, last byte", FIX_HS256_OCT_TOKEN, 31},
        {"HS384", FIX_HS384_OCT_TOKEN, -1},
        {"HS384, first byte", FIX_HS384_OCT_TOKEN, 0},
        {"HS384, last byte", FIX_HS384_OCT_TOKEN, 47},
        {"HS512", FIX_HS512_OCT_TOKEN, -1},
        {"HS512, first byte", FIX_HS512_OCT_TOKEN, 0},
        {"HS512, last byte", FIX_HS512_OCT_TOKEN, 63},
    };
    const bearer_jwk_t *key = secret_key(*state);
    size_t i;

    /* another cjose may compare with a function that nobody sees */
    if (!original())
        skip();
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_jws_t *jws = NULL;
        bearer_reason_t why;
        const char *token;

        memset(&seen, 0, sizeof(seen));
        token = token_with(cases[i].token, cases[i].wrong, *state);
        unit_expect_reason(
            cases[i].name,
            bearer_jws_parse(unit_str(token), key->algs, &jws, NULL, *state),
            "ok");
        why = bearer_jws_check(jws, key);
        seen.len = 0;
        unit_expect_reason(cases[i].name, why,
                           cases[i].wrong < 0 ? "ok" : "sig_wrong");
        unit_expect(cases[i].name, seen.constant == 1);
        unit_expect(cases[i].name, seen.partial == 0);
        unit_expect(cases[i].name, seen.early == 0);
    }
}

/* --- what that does -------------------------------------------------------------- */

static void on_fault(int number BEARER_UNUSED)
{
    _exit(7);
}

/* whether bytes after the first one, which differs, are read: they cannot be */
static bool reads_on(compare_fn compare)
{
    static const uint8_t other[64] = {1};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    pid_t pid;

    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        (void)signal(SIGSEGV, on_fault);
        _exit(compare(pages + page - 1, other, 64) != 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    (void)munmap(pages, 2 * page);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), 1);
    return WEXITSTATUS(status) == 7;
}

/* as memcmp may */
static int compare_early(const uint8_t *a, const uint8_t *b, const size_t len)
{
    const volatile uint8_t *x = a, *y = b;
    size_t i;

    for (i = 0; i < len; i++) {
        if (x[i] != y[i])
            return 1;
    }
    return 0;
}

static void mac_comparison_does_not_end_early(void **state BEARER_UNUSED)
{
    /* otherwise this would prove nothing */
    assert_false(reads_on(compare_early));
    if (original())
        assert_true(reads_on(original()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(mac_is_compared_as_a_whole),
        unit_row(mac_comparison_does_not_end_early),
    };

    return unit_run(tests);
}
