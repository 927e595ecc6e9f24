/* SPDX-License-Identifier: Apache-2.0 */
/* Memory runs out: each unit that allocates, again and again, the first
 * allocation refused, then the second, until there is none left to refuse; once
 * with only this one refused, once with all after it as well. A unit then says that
 * it failed, or what it gives is right all the same; nothing stays allocated; and
 * what is tried again succeeds. */
#include "unit.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_allocator.h>
#include <apr_file_info.h>
#include <apr_thread_proc.h>

#include <openssl/err.h>

#include "bearer/gate/gate.h"
#include "bearer/jose/edit.h"
#include "bearer/jose/pem.h"
#include "bearer/judge/challenge.h"
#include "bearer/judge/match.h"
#include "bearer/judge/resource.h"
#include "bearer/keys/discovery.h"
#include "bearer/keys/keystore.h"
#include "bearer/keys/restore.h"
#include "bearer/net/fetch.h"
#include "bearer/report/metrics.h"
#include "bearer/report/report.h"
#include "bearer/text/write.h"

#include "mint.h"
#include "mockserver.h"
#include "nomem.h"
#include "world.h"
#include "tests/unit/rounds.h"

/* more allocations than anything here makes */
#define FAR 100000
/* the same again so often: what grows each time is a leak, no cache */
#define AGAIN 12

/* made once, for all processes */
static char folder[] = "/tmp/mab-nomem-XXXXXX";
static const mock_pki_t *pki;

/* --- the harness ---------------------------------------------------------- */

/* one thing that is tried */
typedef struct trial_t {
    const char *name;
    /* with all the memory it wants; what it returns is passed to run */
    void *(*begin)(apr_pool_t *pool);
    /* calls back() after what is tried, then looks at the result */
    bearer_reason_t (*run)(void *baton, apr_pool_t *pool);
    /* reasons that are true enough, beside no_memory */
    const char *allowed;
    int lost; /* blocks that cjose loses in one try */
    /* 0: every allocation; else only every n-th after the first hundred, for what
     * takes long */
    int stride;
} trial_t;

/* how one try ended */
typedef enum end_t {
    END_OK,
    END_REFUSED, /* it said why */
    END_ABORTED  /* the pool had no memory: httpd ends the process here */
} end_t;

static jmp_buf out_of_memory;
static bool refused;

/* memory is back */
static void back(void)
{
    refused = nomem_end();
}

static int on_no_memory(int retcode BEARER_UNUSED)
{
    back();
    longjmp(out_of_memory, 1);
}

/* a pool as httpd's are: with an allocator of its own and a way to end */
static apr_pool_t *create_pool(void)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;

    assert_int_equal(apr_allocator_create(&allocator), APR_SUCCESS);
    assert_int_equal(apr_pool_create_ex(&pool, NULL, on_no_memory, allocator),
                     APR_SUCCESS);
    apr_allocator_owner_set(allocator, pool);
    return pool;
}

static bool is_allowed(const trial_t *trial, bearer_reason_t why)
{
    const char *slug = bearer_error_find(why)->slug;
    const char *at = trial->allowed ? strstr(trial->allowed, slug) : NULL;

    return why == BEARER_NO_MEMORY || at;
}

static end_t attempt(const trial_t *trial, void *baton, apr_pool_t *pool,
                     long at, bool all)
{
    bearer_reason_t why;

    if (setjmp(out_of_memory))
        return END_ABORTED;
    nomem_begin(at, all);
    why = trial->run(baton, pool);
    if (why && !is_allowed(trial, why))
        fail_msg("%s, allocation %ld%s: said %s", trial->name, at,
                 all ? " and on" : "", bearer_error_find(why)->slug);
    if (why && !refused)
        fail_msg("%s: %s with all the memory it wants", trial->name,
                 bearer_error_find(why)->slug);
    return why ? END_REFUSED : END_OK;
}

/* with a fresh state: refuses, then tries again */
static end_t try_once(const trial_t *trial, long at, bool all)
{
    apr_pool_t *pool = create_pool();
    void *baton = trial->begin ? trial->begin(pool) : NULL;
    end_t end = attempt(trial, baton, pool, at, all);
    bool was_refused = refused;

    /* what the jump went over is lost, as it is when a process ends */
    if (end == END_ABORTED)
        return end;
    if (attempt(trial, baton, pool, FAR, false) != END_OK)
        fail_msg("%s, allocation %ld%s: is not well again", trial->name, at,
                 all ? " and on" : "");
    apr_pool_destroy(pool);
    ERR_clear_error();
    OPENSSL_thread_stop();
    refused = was_refused;
    return end;
}

/* Debian's cjose (0.6.2.1) writes to what it was not given. That ends a process
 * just as a pool without memory does, and it is not ours to mend; so all of it
 * happens in a process of its own, and the next one goes on after what ended the
 * last. */
typedef struct progress_t {
    long at;
    int all; /* 0, then 1, then 2: through */
    int ends[3];
    int crashes; /* of cjose */
} progress_t;

#define CRASHED_IN_CJOSE 77

/* false: nothing was left to refuse */
static bool refuse_one(const trial_t *trial, progress_t *progress)
{
    bool all = progress->all;
    long before = 0;
    end_t end;
    int i;

    for (i = 0; i < AGAIN; i++) {
        before = nomem_live;
        end = try_once(trial, progress->at, all);
        if (!refused)
            return false;
        if (!i)
            progress->ends[end]++;
        if (end == END_ABORTED || nomem_live <= before + trial->lost)
            return true;
    }
    fail_msg("%s, allocation %ld%s: %ld blocks are left behind", trial->name,
             progress->at, all ? " and on" : "", nomem_live - before);
    return true;
}

static void go_on(const trial_t *trial, progress_t *progress)
{
    /* what libraries make once and keep is made beforehand */
    (void)try_once(trial, FAR, false);
    for (; progress->all < 2; progress->all++) {
        while (refuse_one(trial, progress))
            progress->at +=
                trial->stride && progress->at > 100 ? trial->stride : 1;
        unit_expect(trial->name, progress->at < FAR);
        progress->at = 1;
    }
}

/* whether the innermost frame that is not of these is cjose's */
static bool is_in_cjose(void *const *frames, int count)
{
    static const char *const passed[] = {"/libc.", "/libasan.", "/libtsan.",
                                         "/libcrypto.", "/libjansson."};
    Dl_info info;
    int i, k;

    for (i = 2; i < count; i++) {
        if (!dladdr(frames[i], &info) || !info.dli_fname)
            return false;
        for (k = 0; k < 5 && !strstr(info.dli_fname, passed[k]); k++)
            ;
        if (k == 5)
            return strstr(info.dli_fname, "/libcjose.") != NULL;
    }
    return false;
}

static void on_crash(int number)
{
    void *frames[32];

    (void)nomem_end();
    if (is_in_cjose(frames, backtrace(frames, 32)))
        _exit(CRASHED_IN_CJOSE);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void be_a_child(const trial_t *trial, progress_t *progress)
{
    void *frame;

    (void)backtrace(&frame, 1); /* makes what it needs */
    (void)signal(SIGSEGV, on_crash);
    (void)signal(SIGABRT, SIG_DFL);
    /* otherwise cmocka would go on with the tests here as well */
    (void)setenv("CMOCKA_TEST_ABORT", "1", 1);
    go_on(trial, progress);
    (void)fflush(NULL);
    _exit(nomem_leaks());
}

static void exhaust(const trial_t *trial)
{
    progress_t *progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    pid_t pid;

    assert_ptr_not_equal(progress, MAP_FAILED);
    memset(progress, 0, sizeof(*progress));
    progress->at = 1;
    (void)fflush(NULL);
    while (progress->all < 2) {
        pid = fork();
        assert_true(pid >= 0);
        if (!pid)
            be_a_child(trial, progress);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != CRASHED_IN_CJOSE)
            break;
        progress->crashes++;
        progress->at++;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("%s, allocation %ld%s: ended with status %#x", trial->name,
                 progress->at, progress->all ? " and on" : "",
                 (unsigned)status);
    print_message("%-20s refused %4d, right %4d, pool %3d, cjose %3d\n",
                  trial->name, progress->ends[END_REFUSED],
                  progress->ends[END_OK], progress->ends[END_ABORTED],
                  progress->crashes);
    (void)munmap(progress, sizeof(*progress));
}

static void exhaust_all(const trial_t *trials, int count)
{
    int i;

    for (i = 0; i < count; i++)
        exhaust(&trials[i]);
}

#define EXHAUST(trials)                                                        \
    exhaust_all(trials, (int)(sizeof(trials) / sizeof((trials)[0])))

/* what is right, whatever it is */
static void expect_text(bearer_str_t got, const char *want)
{
    assert_non_null(got.data);
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.data, want, got.len);
}

/* --- cjose, which loses what it had when it fails ---------------------------- */

static void *original(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    assert_non_null(function);
    return function;
}

/* nobody else can free what a call allocated that gave nothing */
#define AS_BEFORE(type, name, parameters, arguments)                           \
    type name parameters                                                       \
    {                                                                          \
        static type(*function) parameters;                                     \
        type got;                                                              \
                                                                               \
        if (!function)                                                         \
            *(void **)&function = original(#name);                             \
        nomem_watch();                                                         \
        got = function arguments;                                              \
        nomem_unwatch(got ? NOMEM_KEPT : NOMEM_LOST);                          \
        return got;                                                            \
    }

AS_BEFORE(cjose_jwk_t *, cjose_jwk_create_RSA_spec,
          (const cjose_jwk_rsa_keyspec *spec, cjose_err *err), (spec, err))
AS_BEFORE(cjose_jwk_t *, cjose_jwk_create_EC_spec,
          (const cjose_jwk_ec_keyspec *spec, cjose_err *err), (spec, err))
AS_BEFORE(cjose_jwk_t *, cjose_jwk_create_oct_spec,
          (const uint8_t *data, size_t len, cjose_err *err), (data, len, err))
AS_BEFORE(cjose_jws_t *, cjose_jws_import,
          (const char *text, size_t len, cjose_err *err), (text, len, err))

bool cjose_jws_verify(cjose_jws_t *jws, const cjose_jwk_t *jwk, cjose_err *err)
{
    static bool (*function)(cjose_jws_t *, const cjose_jwk_t *, cjose_err *);
    bool good;

    if (!function)
        *(void **)&function = original("cjose_jws_verify");
    nomem_watch();
    good = function(jws, jwk, err);
    nomem_unwatch(good ? NOMEM_KEPT : NOMEM_FORGIVEN);
    return good;
}

/* --- keys ------------------------------------------------------------------- */

#define RSA_KEY "{'kty':'RSA','kid':'r','n':'" FIX_RSA_N "','e':'AQAB'}"
#define EC_KEY(crv)                                                            \
    "{'kty':'EC','kid':'e','crv':'P-" #crv "','x':'" FIX_P##crv##_X            \
        "','y':'" FIX_P##crv##_Y "'}"
#define ED_KEY  "{'kty':'OKP','kid':'o','crv':'Ed25519','x':'" FIX_ED25519_X "'}"
#define ED4_KEY "{'kty':'OKP','kid':'o','crv':'Ed448','x':'" FIX_ED448_X "'}"
#define THREE   "{'keys':[" RSA_KEY "," EC_KEY(256) "," ED_KEY "]}"

static bearer_reason_t parse_json(void *baton BEARER_UNUSED, apr_pool_t *pool)
{
    static const bearer_str_t text = BEARER_LIT(
        "{\"a\":[1,2.5,\"x\\u0041\",{\"b\":null}],\"c\":true,\"d\":1e400}");
    const bearer_value_t *json = NULL;
    bearer_reason_t why = bearer_json_parse(text, &json, NULL, pool);

    back();
    if (!why)
        expect_text(
            bearer_write_json(json, pool),
            "{\"a\":[1,2.5,\"xA\",{\"b\":null}],\"c\":true,\"d\":1e400}");
    return why;
}

/* a key as JSON, which run parses */
static bearer_reason_t parse_key(void *baton, apr_pool_t *pool)
{
    const bearer_jwk_t *key = NULL;
    bearer_reason_t why = bearer_jwk_parse(baton, &key, NULL, pool);

    back();
    if (!why) {
        expect_text(key->json, bearer_write_json(baton, pool).data);
        assert_int_equal(key->kid.len, 1);
    }
    return why;
}

static void *key_of(const char *text, apr_pool_t *pool)
{
    const bearer_value_t *json = NULL;

    assert_int_equal(
        bearer_json_parse(jose_json(text, pool), &json, NULL, pool), BEARER_OK);
    return (void *)json;
}

#define KEY_BEGINS(name, text)                                                 \
    static void *name(apr_pool_t *pool)                                        \
    {                                                                          \
        return key_of(text, pool);                                             \
    }
KEY_BEGINS(begin_rsa, RSA_KEY)
KEY_BEGINS(begin_p256, EC_KEY(256))
KEY_BEGINS(begin_p384, EC_KEY(384))
KEY_BEGINS(begin_p521, EC_KEY(521))
KEY_BEGINS(begin_ed25519, ED_KEY)
KEY_BEGINS(begin_ed448, ED4_KEY)

static bearer_reason_t parse_pem(void *baton, apr_pool_t *pool)
{
    const bearer_jwk_t *key = NULL;
    bearer_reason_t why = bearer_pem_parse(unit_str(baton), &key, NULL, pool);

    back();
    if (!why) {
        assert_non_null(key->json.data);
        assert_true(key->bits >= 256 && key->algs);
    }
    return why;
}

/* a second key must not be overlooked */
static bearer_reason_t put_pem(void *baton, apr_pool_t *pool)
{
    const bearer_jwks_t *set = NULL;
    bearer_reason_t why = bearer_edit_put(NULL, unit_str("one"),
                                          unit_str(baton), &set, NULL, pool);

    back();
    if (!why)
        assert_string_equal(set->keys[0]->kid.data, "one");
    return why;
}

static bearer_reason_t parse_two_pems(void *baton BEARER_UNUSED,
                                      apr_pool_t *pool)
{
    const bearer_jwk_t *key = NULL;
    bearer_reason_t why = bearer_pem_parse(
        unit_str(FIX_P256_PEM FIX_ED25519_PEM), &key, NULL, pool);

    back();
    assert_int_not_equal(why, BEARER_OK);
    return why == BEARER_PEM_FORM ? BEARER_OK : why;
}

#define PEM_BEGINS(name, text)                                                 \
    static void *name(apr_pool_t *pool)                                        \
    {                                                                          \
        return apr_pstrdup(pool, text);                                        \
    }
PEM_BEGINS(begin_rsa_pem, FIX_RSA_PEM)
PEM_BEGINS(begin_pkcs1_pem, FIX_RSA_PKCS1_PEM)
PEM_BEGINS(begin_certificate_pem, FIX_RSA_CERTIFICATE_PEM)
PEM_BEGINS(begin_p256_pem, FIX_P256_PEM)
PEM_BEGINS(begin_ed25519_pem, FIX_ED25519_PEM)

static bearer_reason_t parse_secret(void *baton BEARER_UNUSED, apr_pool_t *pool)
{
    const bearer_jwk_t *key = NULL;
    bearer_reason_t why = bearer_jwk_parse_secret(
        unit_str("0123456789abcdef0123456789abcdef"), &key, NULL, pool);

    back();
    if (!why)
        assert_int_equal(key->bits, 256);
    return why;
}

/* what takes long under a sanitizer */
#define LONG (NOMEM_MALLOC ? 0 : 7)

/* OpenSSL's, which do not always say why they could not read a key */
#define DECODERS_SAY "pem_form"

static void keys_need_memory(void **state BEARER_UNUSED)
{
    static const trial_t trials[] = {
        {"json", NULL, parse_json, NULL, 0, 0},
        {"jwk RSA", begin_rsa, parse_key, NULL, 0, 0},
        {"jwk P-256", begin_p256, parse_key, NULL, 0, 0},
        {"jwk P-384", begin_p384, parse_key, NULL, 0, 0},
        {"jwk P-521", begin_p521, parse_key, NULL, 0, 0},
        {"jwk Ed25519", begin_ed25519, parse_key, NULL, 0, 0},
        {"jwk Ed448", begin_ed448, parse_key, NULL, 0, 0},
        {"pem RSA", begin_rsa_pem, parse_pem, DECODERS_SAY, 0, LONG},
        {"pem RSA by PKCS 1", begin_pkcs1_pem, parse_pem, DECODERS_SAY, 0,
         LONG},
        {"pem under a kid", begin_p256_pem, put_pem, DECODERS_SAY, 0, LONG},
        {"pem certificate", begin_certificate_pem, parse_pem, DECODERS_SAY, 0,
         LONG},
        {"pem P-256", begin_p256_pem, parse_pem, DECODERS_SAY, 0, LONG},
        {"pem Ed25519", begin_ed25519_pem, parse_pem, DECODERS_SAY, 0, LONG},
        {"pem two keys", NULL, parse_two_pems, DECODERS_SAY, 0, LONG},
        {"secret", NULL, parse_secret, NULL, 0, 0},
    };

    EXHAUST(trials);
}

/* --- key sets ---------------------------------------------------------------- */

static void *begin_three(apr_pool_t *pool)
{
    return (void *)jose_json(THREE, pool).data;
}

static bearer_reason_t parse_set(void *baton, apr_pool_t *pool)
{
    const bearer_jwks_t *set = NULL;
    bearer_reason_t why = bearer_jwks_parse(unit_str(baton), &set, NULL, pool);

    back();
    /* not one of its keys goes missing */
    if (!why)
        assert_int_equal(set->count, 3);
    return why;
}

static const bearer_jwks_form_t any_form = {.any = true, .file = true};

static bearer_reason_t parse_set_file(void *baton, apr_pool_t *pool)
{
    const bearer_jwks_t *set = NULL;
    bearer_reason_t why = bearer_jwks_parse_published(unit_str(baton), any_form,
                                                      &set, NULL, pool);

    back();
    if (!why)
        assert_int_equal(set->count, 3);
    return why;
}

static bearer_reason_t parse_key_file(void *baton, apr_pool_t *pool)
{
    const bearer_jwks_t *set = NULL;
    bearer_reason_t why = bearer_jwks_parse_published(unit_str(baton), any_form,
                                                      &set, NULL, pool);

    back();
    if (!why)
        assert_int_equal(set->count, 1);
    return why;
}

static void *begin_set(apr_pool_t *pool)
{
    const bearer_jwks_t *set = NULL;

    assert_int_equal(
        bearer_jwks_parse(jose_json(THREE, pool), &set, NULL, pool), BEARER_OK);
    return (void *)set;
}

static bearer_reason_t render_set(void *baton, apr_pool_t *pool)
{
    bearer_str_t text = bearer_jwks_render(baton, pool);

    back();
    if (!text.data)
        return BEARER_NO_MEMORY;
    expect_text(text, jose_json(THREE, pool).data);
    return BEARER_OK;
}

static bearer_reason_t parse_metadata(void *baton BEARER_UNUSED,
                                      apr_pool_t *pool)
{
    const char *uri = NULL;
    bearer_reason_t why = bearer_discovery_parse(
        unit_str(
            "{\"issuer\":\"https://i\",\"jwks_uri\":\"https://i/k\\u0041\"}"),
        "https://i", false, &uri, NULL, pool);

    back();
    if (!why)
        assert_string_equal(uri, "https://i/kA");
    return why;
}

static void sets_need_memory(void **state BEARER_UNUSED)
{
    static const trial_t trials[] = {
        {"jwks", begin_three, parse_set, NULL, 0, 0},
        {"jwks file", begin_three, parse_set_file, NULL, 0, 0},
        {"jwks file of PEM", begin_p256_pem, parse_key_file, DECODERS_SAY, 0,
         LONG},
        {"jwks to text", begin_set, render_set, NULL, 0, 0},
        {"discovery", NULL, parse_metadata, NULL, 0, 0},
    };

    EXHAUST(trials);
}

/* --- signatures --------------------------------------------------------------- */

typedef struct proof_t {
    const bearer_jws_t *jws;
    const bearer_jwk_t *key;
    bool forged; /* must be refused */
} proof_t;

static proof_t *proof_of(const char *token, const bearer_jwk_t *key,
                         apr_pool_t *pool)
{
    proof_t *proof = apr_pcalloc(pool, sizeof(*proof));

    proof->key = key;
    assert_int_equal(bearer_jws_parse(unit_str(token),
                                      bearer_alg_public | key->algs,
                                      &proof->jws, NULL, pool),
                     BEARER_OK);
    return proof;
}

static void *by_key(const char *token, const char *text, apr_pool_t *pool)
{
    const bearer_jwk_t *key = NULL;

    assert_int_equal(jose_key(text, &key, pool), BEARER_OK);
    return proof_of(token, key, pool);
}

static void *by_secret(const char *token, apr_pool_t *pool)
{
    const bearer_jwk_t *key = NULL;
    bearer_str_t secret;

    assert_int_equal(bearer_b64url_parse(unit_str(FIX_OCT_K), &secret, pool),
                     BEARER_OK);
    assert_int_equal(bearer_jwk_parse_secret(secret, &key, NULL, pool),
                     BEARER_OK);
    return proof_of(token, key, pool);
}

/* the same, with another last but one byte in the signature */
static void *forge(const char *token,
                   void *(*by)(const char *token, apr_pool_t *pool),
                   apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, token);
    char *at = copy + strlen(copy) - 3;
    proof_t *proof;

    *at = *at == 'A' ? 'B' : 'A';
    proof = by(copy, pool);
    proof->forged = true;
    return proof;
}

static void *by_rsa(const char *token, apr_pool_t *pool)
{
    return by_key(token, RSA_KEY, pool);
}

static void *by_p256(const char *token, apr_pool_t *pool)
{
    return by_key(token, EC_KEY(256), pool);
}

static void *by_ed25519(const char *token, apr_pool_t *pool)
{
    return by_key(token, ED_KEY, pool);
}

#define PROOF_BEGINS(name, what)                                               \
    static void *name(apr_pool_t *pool)                                        \
    {                                                                          \
        return what;                                                           \
    }
PROOF_BEGINS(begin_rs256, by_rsa(FIX_RS256_RSA_TOKEN, pool))
PROOF_BEGINS(begin_rs384, by_rsa(FIX_RS384_RSA_TOKEN, pool))
PROOF_BEGINS(begin_rs512, by_rsa(FIX_RS512_RSA_TOKEN, pool))
PROOF_BEGINS(begin_ps256, by_rsa(FIX_PS256_RSA_TOKEN, pool))
PROOF_BEGINS(begin_ps384, by_rsa(FIX_PS384_RSA_TOKEN, pool))
PROOF_BEGINS(begin_ps512, by_rsa(FIX_PS512_RSA_TOKEN, pool))
PROOF_BEGINS(begin_es256, by_p256(FIX_ES256_P256_TOKEN, pool))
PROOF_BEGINS(begin_es384, by_key(FIX_ES384_P384_TOKEN, EC_KEY(384), pool))
PROOF_BEGINS(begin_es512, by_key(FIX_ES512_P521_TOKEN, EC_KEY(521), pool))
PROOF_BEGINS(begin_ed, by_ed25519(FIX_EDDSA_ED25519_TOKEN, pool))
PROOF_BEGINS(begin_ed4, by_key(FIX_EDDSA_ED448_TOKEN, ED4_KEY, pool))
PROOF_BEGINS(begin_hs256, by_secret(FIX_HS256_OCT_TOKEN, pool))
PROOF_BEGINS(begin_hs384, by_secret(FIX_HS384_OCT_TOKEN, pool))
PROOF_BEGINS(begin_hs512, by_secret(FIX_HS512_OCT_TOKEN, pool))
PROOF_BEGINS(forge_rs256, forge(FIX_RS256_RSA_TOKEN, by_rsa, pool))
PROOF_BEGINS(forge_ps256, forge(FIX_PS256_RSA_TOKEN, by_rsa, pool))
PROOF_BEGINS(forge_es256, forge(FIX_ES256_P256_TOKEN, by_p256, pool))
PROOF_BEGINS(forge_ed, forge(FIX_EDDSA_ED25519_TOKEN, by_ed25519, pool))
PROOF_BEGINS(forge_hs256, forge(FIX_HS256_OCT_TOKEN, by_secret, pool))

static bearer_reason_t check(void *baton, apr_pool_t *pool BEARER_UNUSED)
{
    const proof_t *proof = baton;
    bearer_reason_t why = bearer_jws_check(proof->jws, proof->key);

    back();
    assert_int_equal(ERR_peek_error(), 0);
    if (!proof->forged)
        return why;
    assert_int_not_equal(why, BEARER_OK);
    return why == BEARER_SIG_WRONG ? BEARER_OK : why;
}

static bearer_reason_t cut(void *baton BEARER_UNUSED, apr_pool_t *pool)
{
    const bearer_jws_t *jws = NULL;
    bearer_reason_t why = bearer_jws_parse(unit_str(FIX_ES256_P256_TOKEN),
                                           bearer_alg_public, &jws, NULL, pool);

    back();
    if (!why)
        expect_text(jws->kid, "k");
    return why;
}

/* neither cjose nor OpenSSL always tells a lack of memory from a wrong signature:
 * the token is refused */
#define VERIFIERS_SAY "sig_wrong"

static void signatures_need_memory(void **state BEARER_UNUSED)
{
    static const trial_t trials[] = {
        {"a token's form", NULL, cut, NULL, 0, 0},
        {"RS256", begin_rs256, check, VERIFIERS_SAY, 0, 0},
        {"RS384", begin_rs384, check, VERIFIERS_SAY, 0, 0},
        {"RS512", begin_rs512, check, VERIFIERS_SAY, 0, 0},
        {"PS256", begin_ps256, check, VERIFIERS_SAY, 0, 0},
        {"PS384", begin_ps384, check, VERIFIERS_SAY, 0, 0},
        {"PS512", begin_ps512, check, VERIFIERS_SAY, 0, 0},
        {"ES256", begin_es256, check, VERIFIERS_SAY, 1, 0},
        {"ES384", begin_es384, check, VERIFIERS_SAY, 1, 0},
        {"ES512", begin_es512, check, VERIFIERS_SAY, 1, 0},
        {"Ed25519", begin_ed, check, VERIFIERS_SAY, 0, 0},
        {"Ed448", begin_ed4, check, VERIFIERS_SAY, 0, 0},
        {"HS256", begin_hs256, check, VERIFIERS_SAY, 0, 0},
        {"HS384", begin_hs384, check, VERIFIERS_SAY, 0, 0},
        {"HS512", begin_hs512, check, VERIFIERS_SAY, 0, 0},
        {"RS256 forged", forge_rs256, check, NULL, 0, 0},
        {"PS256 forged", forge_ps256, check, NULL, 0, 0},
        {"ES256 forged", forge_es256, check, NULL, 1, 0},
        {"Ed25519 forged", forge_ed, check, NULL, 0, 0},
        {"HS256 forged", forge_hs256, check, NULL, 0, 0},
    };

    EXHAUST(trials);
}

/* --- a process, its board and its keys ------------------------------------------ */

#define ISSUER   "https://issuer.example"
#define METADATA ISSUER "/.well-known/openid-configuration"
#define KEYS     ISSUER "/keys"
#define SECRET   WORLD_SECRET
#define SECOND   apr_time_from_sec(1)

typedef struct world_t {
    bearer_source_t source;
    bearer_board_t *board;
    bearer_keyring_t *ring;
    bearer_refresh_env_t env;
    bearer_refresh_t *refresh;
    bearer_keystore_t store;
    world_place_t place;
    bearer_gate_t *gate;
    bearer_stats_t *stats;
    bearer_report_conf_t report;
    const bearer_source_t *sources[1];
    bearer_str_t token, keys;
} world_t;

static apr_time_t ticks = 1000000 * SECOND;

static bearer_now_t now(void *baton BEARER_UNUSED)
{
    bearer_now_t at = {0};

    at.wall = NOW;
    at.tick = ticks;
    return at;
}

static apr_time_t tick(void *baton BEARER_UNUSED)
{
    return ticks;
}

static double jitter(void *baton BEARER_UNUSED)
{
    return 0.5;
}

/* keys that could not be read are waited for, within bounds */
static void pause_clock(void *baton BEARER_UNUSED, apr_interval_time_t time)
{
    ticks += time;
}

static bool alive(apr_uint32_t pid BEARER_UNUSED)
{
    return true;
}

/* the network, which needs no memory of ours */
static bearer_reason_t fetch(const bearer_fetch_request_t *request,
                             const bearer_http_response_t **out,
                             bearer_note_t *note BEARER_UNUSED,
                             apr_pool_t *pool)
{
    bearer_http_response_t *response = apr_pcalloc(pool, sizeof(*response));

    response->status = 200;
    if (strcmp(request->url, METADATA) == 0)
        response->body =
            jose_json("{'issuer':'" ISSUER "','jwks_uri':'" KEYS "'}", pool);
    else if (strcmp(request->url, KEYS) == 0)
        response->body = jose_json(THREE, pool);
    else
        response->status = 404;
    *out = response;
    return BEARER_OK;
}

static void make_gate(world_t *world, apr_pool_t *pool)
{
    bearer_tokcache_conf_t cache = {.entries = 64,
                                    .bytes = 1048576,
                                    .ttl = 300 * SECOND,
                                    .seed = {1, 2, 3}};
    bearer_gate_conf_t conf = {.prove = {.board = world->board,
                                         .ring = world->ring,
                                         .waiters_here = 1,
                                         .waiters_total = 1,
                                         .tick = tick,
                                         .pause = pause_clock}};

    assert_int_equal(bearer_tokcache_create(&conf.cache, &cache, pool),
                     APR_SUCCESS);
    world->gate = bearer_gate_create(&conf, pool);
}

static void make_report(world_t *world, apr_pool_t *pool)
{
    bearer_stats_shape_t shape = {1, 2};
    void *block = apr_pcalloc(pool, bearer_stats_size(shape));

    bearer_stats_format(block, shape);
    assert_int_equal(bearer_stats_attach(block, bearer_stats_size(shape),
                                         &world->stats, pool),
                     BEARER_OK);
    assert_true(bearer_stats_claim(world->stats, 7, 1, alive));
    bearer_stats_verdict(world->stats, BEARER_OK);
    bearer_stats_verdict(world->stats, BEARER_EXPIRED);
    bearer_stats_verify(world->stats, bearer_alg_row(0), 50);
    bearer_stats_note(world->stats, &world->source.slot,
                      unit_round(BEARER_HTTP_STATUS, 503), 2);
    world->sources[0] = &world->source;
    world->report.board = world->board;
    world->report.stats = world->stats;
    world->report.sources = world->sources;
    world->report.source_count = 1;
    world->report.now = now(NULL);
    world->report.alive = alive;
}

static void post(world_t *world, bearer_str_t keys)
{
    const bearer_schedule_t good = {ticks, ticks, ticks + SECOND, 0, 0, 0};

    assert_int_equal(
        bearer_board_post(world->board, &world->source.slot, keys, &good),
        BEARER_OK);
}

static world_t *create(bearer_source_kind_t kind, apr_pool_t *pool)
{
    world_t *world = apr_pcalloc(pool, sizeof(*world));

    world->source.issuer = ISSUER;
    world->source.kind = kind;
    world->source.location = kind == BEARER_SOURCE_URL ? KEYS : NULL;
    world->source.timeout = 5 * SECOND;
    world->source.max_body = 262144;
    world->source.schedule = world_hourly;
    assert_int_equal(bearer_source_identify(&world->source), BEARER_OK);
    world->board = world_board(2, pool);
    assert_true(bearer_board_claim(world->board, &world->source.slot, 1));
    assert_int_equal(bearer_keyring_create(&world->ring, world->board, pool),
                     APR_SUCCESS);
    world->store.directory = folder;
    world->store.owner = geteuid();
    world->store.key =
        (const unsigned char *)"0123456789abcdef0123456789abcdef";
    world->env.board = world->board;
    world->env.fetch = fetch;
    world->env.now = now;
    world->env.jitter = jitter;
    world->env.store = &world->store;
    world->refresh = bearer_refresh_create(&world->source, pool);
    world->keys = jose_json(THREE, pool);
    world_make_place(&world->place, &world->source, pool);
    world->place.keys.iss = unit_str(ISSUER);
    make_gate(world, pool);
    make_report(world, pool);
    return world;
}

/* with the keys on the board */
static void *begin_posted(apr_pool_t *pool)
{
    world_t *world = create(BEARER_SOURCE_URL, pool);

    post(world, world->keys);
    return world;
}

static void *begin_new(apr_pool_t *pool)
{
    return create(BEARER_SOURCE_DISCOVERY, pool);
}

/* --- keyring ---------------------------------------------------------------------- */

static bearer_reason_t create_ring(void *baton, apr_pool_t *pool)
{
    world_t *world = baton;
    bearer_keyring_t *ring = NULL;
    apr_status_t rv = bearer_keyring_create(&ring, world->board, pool);

    back();
    if (rv)
        return BEARER_NO_MEMORY;
    assert_int_equal(bearer_keyring_alive(ring), 0);
    return BEARER_OK;
}

static bearer_reason_t take(void *baton, apr_pool_t *pool BEARER_UNUSED)
{
    world_t *world = baton;
    bearer_keyring_set_t *set = NULL;
    bearer_reason_t why =
        bearer_keyring_take(world->ring, &world->source.slot, &set);

    back();
    if (!why)
        assert_int_equal(bearer_keyring_keys(set)->count, 3);
    bearer_keyring_give(set);
    assert_int_equal(bearer_keyring_alive(world->ring), why ? 0 : 1);
    /* json does not know why it could not read, so this document would not be
     * tried again */
    if (why && why != BEARER_NO_MEMORY)
        post(world, world->keys);
    return why;
}

/* an older set goes on in use */
static void *begin_renewed(apr_pool_t *pool)
{
    world_t *world = begin_posted(pool);

    assert_int_equal(take(world, pool), BEARER_OK);
    world->keys = jose_json("{'keys':[" ED_KEY "," RSA_KEY "]}", pool);
    post(world, world->keys);
    return world;
}

static bearer_reason_t take_newer(void *baton, apr_pool_t *pool BEARER_UNUSED)
{
    world_t *world = baton;
    bearer_keyring_set_t *set = NULL;
    bearer_reason_t why =
        bearer_keyring_take(world->ring, &world->source.slot, &set);
    int count;

    back();
    assert_int_equal(why, BEARER_OK);
    count = bearer_keyring_keys(set)->count;
    bearer_keyring_give(set);
    assert_int_equal(bearer_keyring_alive(world->ring), 1);
    if (count == 2)
        return BEARER_OK;
    assert_int_equal(count, 3);
    post(world, world->keys); /* as above */
    return BEARER_NO_MEMORY;
}

static void keyring_needs_memory(void **state BEARER_UNUSED)
{
    static const trial_t trials[] = {
        {"keyring", begin_posted, create_ring, NULL, 0, 0},
        {"keyring, first set", begin_posted, take, NULL, 0, 0},
        {"keyring, newer set", begin_renewed, take_newer, NULL, 0, 0},
    };

    EXHAUST(trials);
}

/* --- the fetcher ------------------------------------------------------------------- */

static bearer_reason_t identify(void *baton, apr_pool_t *pool BEARER_UNUSED)
{
    world_t *world = baton;
    bearer_source_t source = world->source;
    bearer_reason_t why;

    memset(&source.slot.id, 0, sizeof(source.slot.id));
    why = bearer_source_identify(&source);
    back();
    if (!why)
        assert_memory_equal(&source.slot.id, &world->source.slot.id,
                            sizeof(source.slot.id));
    return why;
}

/* the keys on the board are all of them, or none */
static bearer_reason_t judge_round(world_t *world, bearer_reason_t why,
                                   apr_pool_t *pool)
{
    bool posted = bearer_board_version(world->board, &world->source.slot) != 0;
    const bearer_jwks_t *set = NULL;
    apr_uint64_t version;
    bearer_str_t text;

    assert_true(posted || why);
    if (!posted)
        return why;
    assert_int_equal(bearer_board_read(world->board, &world->source.slot, &text,
                                       &version, pool),
                     BEARER_OK);
    assert_int_equal(bearer_jwks_parse(text, &set, NULL, pool), BEARER_OK);
    assert_int_equal(set->count, 3);
    return why;
}

static bearer_reason_t run_round(void *baton, apr_pool_t *pool)
{
    world_t *world = baton;
    bearer_outcome_t result;

    bearer_refresh_run(world->refresh, &world->env, &result, pool);
    back();
    return judge_round(world, result.why, pool);
}

static bearer_reason_t write_store(void *baton, apr_pool_t *pool)
{
    world_t *world = baton;
    bearer_keystore_wanted_t wanted = {&world->source.slot.id, ISSUER, NOW,
                                       1000};
    bearer_keystore_found_t found;
    apr_status_t rv;

    rv = bearer_keystore_write(&world->store, &world->source.slot.id, ISSUER,
                               world->keys, NOW, pool);
    back();
    /* the new one or the old one, but a whole one */
    assert_int_equal(
        bearer_keystore_read(&world->store, &wanted, &found, NULL, pool),
        BEARER_OK);
    assert_int_equal(found.keys->count, 3);
    if (rv == APR_EINVAL && refused)
        return BEARER_NO_MEMORY;
    assert_int_equal(rv, APR_SUCCESS);
    return BEARER_OK;
}

static void *begin_stored(apr_pool_t *pool)
{
    world_t *world = begin_new(pool);

    assert_int_equal(bearer_keystore_write(&world->store,
                                           &world->source.slot.id, ISSUER,
                                           world->keys, NOW, pool),
                     APR_SUCCESS);
    return world;
}

static bearer_reason_t read_store(void *baton, apr_pool_t *pool)
{
    world_t *world = baton;
    bearer_keystore_wanted_t wanted = {&world->source.slot.id, ISSUER, NOW,
                                       1000};
    bearer_keystore_found_t found;
    bearer_reason_t why =
        bearer_keystore_read(&world->store, &wanted, &found, NULL, pool);

    back();
    if (!why)
        assert_int_equal(found.keys->count, 3);
    return why;
}

static bearer_reason_t restore(void *baton, apr_pool_t *pool)
{
    world_t *world = baton;
    bool posted = bearer_restore_keys(&world->source, &world->env, pool);

    back();
    return judge_round(world, posted ? BEARER_OK : BEARER_NO_MEMORY, pool);
}

/* a second round of that world has nothing left to do */
static bearer_reason_t restore_once(void *baton, apr_pool_t *pool)
{
    world_t *world = baton;

    if (bearer_board_version(world->board, &world->source.slot)) {
        back();
        return BEARER_OK;
    }
    return restore(world, pool);
}

static void fetcher_needs_memory(void **state BEARER_UNUSED)
{
    static const trial_t trials[] = {
        {"a source's identity", begin_new, identify, NULL, 0, 0},
        {"a round", begin_new, run_round, NULL, 0, 0},
        {"store, write", begin_stored, write_store, NULL, 0, 0},
        {"store, read", begin_stored, read_store, NULL, 0, 0},
        {"store, cold start", begin_stored, restore_once, NULL, 0, 0},
    };

    EXHAUST(trials);
}

/* --- the network --------------------------------------------------------------------- */

/* one server for all tries: its thread always has memory */
static void *begin_network(apr_pool_t *pool BEARER_UNUSED)
{
    static const mock_script_t script = {
        .cert = MOCK_GOOD,
        .answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"};
    static bearer_fetch_request_t request;
    apr_pool_t *own;
    mock_t *mock;

    if (request.url)
        return &request;
    nomem_keep(true);
    assert_int_equal(apr_pool_create(&own, NULL), APR_SUCCESS);
    mock = mock_start(&script, pki, 0, own);
    assert_non_null(mock);
    request.url =
        apr_psprintf(own, "https://127.0.0.1:%d/keys", (int)mock_port(mock));
    request.timeout = 30 * SECOND;
    request.connect = 30 * SECOND;
    request.max_body = 1024;
    assert_int_equal(bearer_tls_create(pki->ca_file, &request.tls, NULL, own),
                     BEARER_OK);
    nomem_keep(false);
    return &request;
}

static bearer_reason_t create_tls(void *baton BEARER_UNUSED, apr_pool_t *pool)
{
    bearer_tls_t *tls = NULL;
    bearer_reason_t why = bearer_tls_create(pki->ca_file, &tls, NULL, pool);

    back();
    assert_true(why || tls);
    return why;
}

static bearer_reason_t get(void *baton, apr_pool_t *pool)
{
    const bearer_http_response_t *response = NULL;
    bearer_reason_t why = bearer_fetch_get(baton, &response, NULL, pool);

    back();
    if (!why) {
        assert_int_equal(response->status, 200);
        expect_text(response->body, "hello");
    }
    return why;
}

static void network_needs_memory(void **state BEARER_UNUSED)
{
    static const trial_t trials[] = {
        {.name = "TLS", .run = create_tls, .allowed = "file_read", .stride = 7},
        {.name = "a fetch",
         .begin = begin_network,
         .run = get,
         .allowed = "fetch_resolve fetch_connect fetch_tls fetch_io",
         .stride = 29},
    };

    EXHAUST(trials);
}

/* --- requests ------------------------------------------------------------------------ */

static bearer_reason_t admit(void *baton, apr_pool_t *pool)
{
    world_t *world = baton;
    bearer_verdict_t verdict = {0};

    bearer_gate_admit(world->gate, &(bearer_presented_t){.token = world->token},
                      &world->place.policy, now(NULL), &verdict, pool);
    back();
    if (verdict.why) {
        assert_null(verdict.proof.claims);
        /* as for the keyring */
        if (bearer_error_find(verdict.why)->fault != BEARER_FAULT_CLIENT
            && verdict.why != BEARER_NO_MEMORY)
            post(world, world->keys);
        return verdict.why;
    }
    expect_text(verdict.subject, "alice");
    return BEARER_OK;
}

#define CLAIMS(iss)                                                            \
    "{'iss':'" iss "','aud':'api','exp':1900000000,'sub':'alice'}"

static void *begin_request(apr_pool_t *pool)
{
    world_t *world = create(BEARER_SOURCE_URL, pool);

    world->keys = mint_set(mint_key(1, "k", pool), pool);
    post(world, world->keys);
    world->token = unit_str(
        mint_token("{'alg':'EdDSA','kid':'k'}", CLAIMS(ISSUER), 1, pool));
    return world;
}

/* also with escapes, which need memory of their own */
static void *begin_secret_request(apr_pool_t *pool)
{
    world_t *world = create(BEARER_SOURCE_URL, pool);

    world->token = unit_str(mint_secret_token(
        "{'alg':'HS256','x':'\\u0041'}",
        "{'iss':'https://s','aud':['\\u0061pi'],'exp':1900000000,"
        "'sub':'alice'}",
        SECRET, pool));
    return world;
}

static bearer_reason_t admit_forged(void *baton, apr_pool_t *pool)
{
    world_t *world = baton;
    bearer_verdict_t verdict = {0};

    bearer_gate_admit(world->gate, &(bearer_presented_t){.token = world->token},
                      &world->place.policy, now(NULL), &verdict, pool);
    back();
    assert_int_not_equal(verdict.why, BEARER_OK);
    assert_null(verdict.proof.claims);
    return verdict.why == BEARER_SIG_WRONG ? BEARER_OK : verdict.why;
}

static void *begin_forged_request(apr_pool_t *pool)
{
    world_t *world = create(BEARER_SOURCE_URL, pool);

    world->token = unit_str(mint_secret_token(
        "{'alg':'HS256'}", CLAIMS("https://s"), "x" SECRET, pool));
    return world;
}

static void *begin_claims(apr_pool_t *pool)
{
    const bearer_claims_t *claims = NULL;

    assert_int_equal(bearer_claims_parse(jose_json("{'a':'xyz'}", pool),
                                         &claims, NULL, pool),
                     BEARER_OK);
    return (void *)claims;
}

/* "no" where memory ran out would be "yes" after a "not" */
static bearer_reason_t match(void *baton, apr_pool_t *pool)
{
    static const char *const words[] = {"a", "~", "^x(y|b)+z$"};
    const bearer_match_t *line = NULL;
    bearer_match_result_t result = BEARER_MATCH_UNSURE;
    bearer_match_work_t work = {0};
    bearer_reason_t why = bearer_match_parse(words, 3, &line, NULL, pool);

    if (!why)
        result = bearer_match_check(line, baton, &work);
    back();
    if (why)
        return why;
    assert_int_not_equal(result, BEARER_MATCH_NO);
    return result == BEARER_MATCH_YES ? BEARER_OK : BEARER_NO_MEMORY;
}

static bearer_reason_t challenge(void *baton BEARER_UNUSED, apr_pool_t *pool)
{
    bearer_challenge_t what = {"api", "invalid_token", "it has expired", "a b",
                               NULL};
    const char *header = bearer_challenge_render(&what, pool);
    const char *body = bearer_challenge_body("c", 401, "m", pool);

    back();
    assert_string_equal(header,
                        "Bearer realm=\"api\", error=\"invalid_token\", "
                        "error_description=\"it has expired\", "
                        "scope=\"a b\"");
    assert_non_null(strstr(body, "\"code\": \"c\", \"status\": 401"));
    return BEARER_OK;
}

static void requests_need_memory(void **state BEARER_UNUSED)
{
    static const trial_t trials[] = {
        {"a request", begin_request, admit, "keys_unavailable " VERIFIERS_SAY,
         0, 0},
        {"one with a secret", begin_secret_request, admit, VERIFIERS_SAY, 0, 0},
        {"a forged one", begin_forged_request, admit_forged, NULL, 0, 0},
        {"Require claim", begin_claims, match, "match_form", 0, 0},
        {"an answer", NULL, challenge, NULL, 0, 0},
    };

    EXHAUST(trials);
}

/* --- what is shown ------------------------------------------------------------------ */

/* a report is what it always is, or says that it is not */
static bearer_reason_t report(const world_t *world, bool openmetrics,
                              apr_pool_t *pool)
{
    static char *before[2];
    const bearer_report_t *whole = bearer_report_create(&world->report, pool);
    bearer_str_t text = {NULL, 0};

    if (whole)
        text = openmetrics ? bearer_metrics_render(whole, pool)
                           : bearer_report_json(whole, pool);
    back();
    /* json does not know why it could not read */
    if (whole && !whole->sources[0].keys && refused)
        return BEARER_NO_MEMORY;
    if (!text.data)
        return BEARER_NO_MEMORY;
    assert_int_equal(text.len, strlen(text.data));
    if (!before[openmetrics])
        before[openmetrics] = strdup(text.data);
    assert_string_equal(text.data, before[openmetrics]);
    return BEARER_OK;
}

static bearer_reason_t report_json(void *baton, apr_pool_t *pool)
{
    return report(baton, false, pool);
}

static bearer_reason_t report_openmetrics(void *baton, apr_pool_t *pool)
{
    return report(baton, true, pool);
}

static bearer_reason_t resource(void *baton BEARER_UNUSED, apr_pool_t *pool)
{
    static const bearer_str_t issuers[] = {BEARER_LIT("https://a"),
                                           BEARER_LIT("https://b")};
    bearer_resource_t what = {.scopes = "x y", .name = "n"};
    const char *text = NULL;
    bearer_reason_t why =
        bearer_resource_parse("https://api.example/v1", &what, NULL, pool);

    if (!why)
        text = bearer_resource_render(&what, issuers, 2, false, pool);
    back();
    if (why)
        return why;
    if (!text)
        return BEARER_NO_MEMORY;
    assert_string_equal(
        text, jose_json("{'resource':'https://api.example/v1',"
                        "'authorization_servers':['https://a','https://b'],"
                        "'bearer_methods_supported':['header'],"
                        "'scopes_supported':['x','y'],'resource_name':'n'}",
                        pool)
                  .data);
    return BEARER_OK;
}

static void reports_need_memory(void **state BEARER_UNUSED)
{
    static const trial_t trials[] = {
        {"report, JSON", begin_posted, report_json, NULL, 0, 0},
        {"report, OpenMetrics", begin_posted, report_openmetrics, NULL, 0, 0},
        {"a resource's metadata", NULL, resource, NULL, 0, 0},
    };

    EXHAUST(trials);
}

static apr_pool_t *whole;

static int begin_all(void **state)
{
    if (unit_group_setup(state) || apr_pool_create(&whole, NULL)
        || !mkdtemp(folder))
        return -1;
    nomem_keep(true);
    pki = mock_pki_create(whole);
    nomem_keep(false);
    return pki ? 0 : -1;
}

static int end_all(void **state BEARER_UNUSED)
{
    apr_dir_t *dir;
    apr_finfo_t info;

    if (apr_dir_open(&dir, folder, whole))
        return -1;
    while (!apr_dir_read(&info, APR_FINFO_NAME, dir)) {
        if (info.name[0] != '.')
            (void)unlink(apr_pstrcat(whole, folder, "/", info.name, NULL));
    }
    (void)apr_dir_close(dir);
    apr_pool_destroy(whole);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_need_memory),
        cmocka_unit_test(sets_need_memory),
        cmocka_unit_test(signatures_need_memory),
        cmocka_unit_test(keyring_needs_memory),
        cmocka_unit_test(fetcher_needs_memory),
        cmocka_unit_test(network_needs_memory),
        cmocka_unit_test(requests_need_memory),
        cmocka_unit_test(reports_need_memory),
    };

    if (!nomem_install())
        return 1;
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
