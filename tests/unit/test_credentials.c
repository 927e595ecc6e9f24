/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "bearer/net/credentials.h"

static const char *folder;

/* a file in the folder, with exactly these bytes and mode */
static const char *file_of(const char *name, const char *text, apr_size_t len,
                           int mode, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, folder, "/", name, NULL);
    FILE *file;

    (void)unlink(path);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    (void)fclose(file);
    assert_int_equal(chmod(path, (mode_t)mode), 0);
    return path;
}

/* reads; the note of a refusal names option and file, and nothing of the content */
static bearer_credentials_read_t expect(const char *name,
                                        const bearer_credentials_t *files,
                                        const char *want, const char *in_note,
                                        apr_pool_t *pool)
{
    bearer_credentials_read_t read = {NULL, NULL};
    bearer_note_t note = {""};

    unit_expect_reason(
        name, bearer_credentials_read(files, false, &read, &note, pool), want);
    if (in_note) {
        unit_expect(name, strstr(note.text, in_note) != NULL);
        unit_expect(name, strstr(note.text, folder) != NULL);
        unit_expect(name, !strstr(note.text, "s3cret"));
        unit_expect(name, !read.headers && !read.pair);
    }
    return read;
}

/* --- tokens ------------------------------------------------------------- */

static void credentials_take_one_token(void **state)
{
    static const struct {
        const char *name, *text, *headers;
    } cases[] = {
        {"alone",
         "s3cret.a-b_c~+/==", "Authorization: Bearer s3cret.a-b_c~+/==\r\n"},
        {"with a line end", "s3cret\n", "Authorization: Bearer s3cret\r\n"},
        {"with blanks around", " \r\ns3cret \r\n\n",
         "Authorization: Bearer s3cret\r\n"},
        {"empty", "", NULL},
        {"blank", " \n", NULL},
        {"only padding", "==", NULL},
        {"padding inside", "s3=cret", NULL},
        {"its scheme before it", "Bearer s3cret", NULL},
        {"two lines", "s3cret\nX: y", NULL},
        {"a bare CR", "s3cret\rX: y", NULL},
        {"quotes", "\"s3cret\"", NULL},
        {"UTF-8", "s3cret\xc3\xa9", NULL},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_credentials_t files = {.token = file_of("t", cases[i].text,
                                                       strlen(cases[i].text),
                                                       0600, *state)};
        bearer_credentials_read_t read =
            expect(cases[i].name, &files,
                   cases[i].headers ? "ok" : "fetch_credentials",
                   cases[i].headers ? NULL : "token=file:", *state);

        if (cases[i].headers) {
            unit_expect(cases[i].name,
                        read.headers
                            && !strcmp(read.headers, cases[i].headers));
        }
    }
}

static void credentials_refuse_a_token_with_a_nul(void **state)
{
    bearer_credentials_t files = {
        .token = file_of("t", "s3cret\0X", 8, 0600, *state)};

    (void)expect("NUL", &files, "fetch_credentials", "one token", *state);
}

/* --- headers -------------------------------------------------------------- */

static void credentials_take_one_header(void **state)
{
    static const struct {
        const char *name, *text;
        bool token;
        const char *headers, *note;
    } cases[] = {
        {"a header", "X-Api-Key: s3cret", false, "X-Api-Key: s3cret\r\n", NULL},
        {"a line end", "X-Api-Key: s3cret\n", false, "X-Api-Key: s3cret\r\n",
         NULL},
        {"a line end of another system", "X-Api-Key:s3cret\r\n", false,
         "X-Api-Key:s3cret\r\n", NULL},
        {"beside a token", "X-Api-Key: s3cret", true,
         "Authorization: Bearer abc\r\nX-Api-Key: s3cret\r\n", NULL},
        {"another scheme", "Authorization: Basic czNjcmV0", false,
         "Authorization: Basic czNjcmV0\r\n", NULL},
        /* hostile, or mistaken */
        {"a second header", "X-Api-Key: s3cret\r\nHost: evil", false, NULL,
         "second line"},
        {"a second header after LF", "X-Api-Key: s3cret\nHost: evil\n", false,
         NULL, "second line"},
        {"a second request", "X: s3cret\r\n\r\nGET / HTTP/1.1\r\n", false, NULL,
         "second line"},
        {"two line ends", "X: s3cret\n\n", false, NULL, "second line"},
        {"a bare CR", "X: s3cret\rHost: evil", false, NULL, "second line"},
        {"no name", ": s3cret", false, NULL, "not one line"},
        {"no value", "X-Api-Key:  ", false, NULL, "not one line"},
        {"no colon", "s3cret", false, NULL, "not one line"},
        {"a blank before the colon", "X : s3cret", false, NULL, "not one line"},
        {"a folded line", " X: s3cret", false, NULL, "not one line"},
        {"Host", "Host: s3cret", false, NULL, "part of the request itself"},
        {"in other letters", "hOST: s3cret", false, NULL,
         "part of the request itself"},
        {"a length", "Content-Length: 7", false, NULL,
         "part of the request itself"},
        {"chunks", "Transfer-Encoding: chunked", false, NULL,
         "part of the request itself"},
        {"Authorization twice", "authorization: Basic s3cret", true, NULL,
         "token= sends Authorization"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text = cases[i].text;
        bearer_credentials_t files = {
            .header = file_of("h", text, strlen(text), 0600, *state)};
        bearer_credentials_read_t read;

        if (cases[i].token)
            files.token = file_of("t", "abc", 3, 0600, *state);
        read = expect(cases[i].name, &files,
                      cases[i].headers ? "ok" : "fetch_credentials",
                      cases[i].note, *state);
        if (cases[i].headers) {
            unit_expect(cases[i].name,
                        read.headers
                            && !strcmp(read.headers, cases[i].headers));
        }
    }
}

/* --- files ------------------------------------------------------------------ */

static void credentials_are_nobody_elses(void **state)
{
    static const struct {
        const char *name;
        int mode;
        const char *want;
    } cases[] = {
        {"of the owner", 0600, "ok"},
        {"of the group, too", 0640, "ok"},
        {"everybody may read it", 0644, "fetch_credentials"},
        {"everybody may write it", 0602, "fetch_credentials"},
    };
    bearer_credentials_t files = {NULL, NULL, NULL, NULL};
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool good = !strcmp(cases[i].want, "ok");

        files.token = file_of("t", "s3cret", 6, cases[i].mode, *state);
        (void)expect(cases[i].name, &files, cases[i].want,
                     good ? NULL : "file_open", *state);
        files.token = NULL;
        files.header = file_of("h", "X: s3cret", 9, cases[i].mode, *state);
        (void)expect(cases[i].name, &files, cases[i].want,
                     good ? NULL : "file_open", *state);
        files.header = NULL;
    }
    files.token = apr_pstrcat(*state, folder, "/none", NULL);
    (void)expect("none there", &files, "fetch_credentials", "file_read",
                 *state);
    files.token = folder;
    (void)expect("a folder", &files, "fetch_credentials", "not a regular file",
                 *state);
    files.token = apr_pstrcat(*state, folder, "/fifo", NULL);
    (void)unlink(files.token);
    assert_int_equal(mkfifo(files.token, 0600), 0);
    (void)expect("a pipe", &files, "fetch_credentials", "not a regular file",
                 *state);
}

static void credentials_know_where_containers_have_secrets(
    void **state BEARER_UNUSED)
{
    static const struct {
        const char *path;
        bool want;
    } cases[] = {
        {"/var/run/secrets/kubernetes.io/serviceaccount/token", true},
        {"/run/secrets/token", true},
        {"/run/secrets", false},
        {"/run/secretsx/token", false},
        {"/srv/run/secrets/token", false},
        {"run/secrets/token", false},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect(cases[i].path, bearer_credentials_is_mounted(cases[i].path)
                                       == cases[i].want);
}

static void credentials_are_given_or_not(void **state BEARER_UNUSED)
{
    const bearer_credentials_t none = {NULL, NULL, NULL, NULL};
    const bearer_credentials_t some[] = {
        {.token = "a"}, {.header = "a"}, {.cert = "a"}, {.key = "a"}};
    apr_size_t i;

    assert_false(bearer_credentials_are_given(&none));
    for (i = 0; i < sizeof(some) / sizeof(some[0]); i++)
        assert_true(bearer_credentials_are_given(&some[i]));
}

/* --- certificates ------------------------------------------------------------- */

static const char *pem_of(EVP_PKEY *key, X509 *cert, const char *phrase,
                          apr_pool_t *pool)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long len;

    if (cert)
        assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
    if (key)
        assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
                             bio, key, phrase ? EVP_aes_128_cbc() : NULL,
                             phrase, phrase ? (int)strlen(phrase) : 0, NULL,
                             NULL),
                         1);
    len = BIO_get_mem_data(bio, &text);
    text = apr_pstrmemdup(pool, text, (apr_size_t)len);
    BIO_free(bio);
    return text;
}

static X509 *certificate(EVP_PKEY *key)
{
    X509 *cert = X509_new();

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

static const char *text_file(const char *name, const char *text, int mode,
                             apr_pool_t *pool)
{
    return file_of(name, text, strlen(text), mode, pool);
}

static void credentials_take_a_certificate_and_its_key(void **state)
{
    EVP_PKEY *own = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
    X509 *cert = certificate(own);
    const char *certs = pem_of(NULL, cert, NULL, *state);
    const char *key = pem_of(own, NULL, NULL, *state);
    bearer_credentials_t files = {.cert = text_file("c", certs, 0644, *state),
                                  .key = text_file("k", key, 0600, *state)};
    const char *good = files.key;

    assert_non_null(expect("a pair", &files, "ok", NULL, *state).pair);
    files.key =
        text_file("k2", pem_of(other, NULL, NULL, *state), 0600, *state);
    (void)expect("another's key", &files, "fetch_credentials",
                 "is not the key of the certificate", *state);
    files.key =
        text_file("k3", pem_of(own, NULL, "s3cret", *state), 0600, *state);
    (void)expect("a passphrase", &files, "fetch_credentials",
                 "without a passphrase", *state);
    files.key = text_file("k4", key, 0644, *state);
    (void)expect("a key for everybody", &files, "fetch_credentials",
                 "key=", *state);
    files.key = good;
    files.cert = text_file("c2", key, 0600, *state);
    (void)expect("no certificate", &files, "fetch_credentials",
                 "no certificate", *state);
    files.cert = text_file("c3", certs, 0666, *state);
    (void)expect("a certificate that all may write", &files,
                 "fetch_credentials", "cert=", *state);
    /* both in one file, which is a secret */
    files.cert = files.key = text_file(
        "both", apr_pstrcat(*state, key, certs, certs, NULL), 0600, *state);
    assert_non_null(expect("one file", &files, "ok", NULL, *state).pair);
    files.cert = files.key =
        text_file("both", apr_pstrcat(*state, key, certs, NULL), 0644, *state);
    (void)expect("one open file", &files, "fetch_credentials", "cert=", *state);
    X509_free(cert);
    EVP_PKEY_free(own);
    EVP_PKEY_free(other);
}

static int make_folder(void **state)
{
    char *made;

    if (unit_setup(state) != 0)
        return -1;
    made = apr_pstrdup(*state, "/tmp/mab-credentials-XXXXXX");
    folder = mkdtemp(made);
    return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"t", "h",  "fifo", "c",  "c2",  "c3",
                                        "k", "k2", "k3",   "k4", "both"};
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unlink(apr_pstrcat(*state, folder, "/", names[i], NULL));
    (void)rmdir(folder);
    return unit_teardown(state);
}

#define ROW(test)                                                              \
    cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(credentials_take_one_token),
        ROW(credentials_refuse_a_token_with_a_nul),
        ROW(credentials_take_one_header),
        ROW(credentials_are_nobody_elses),
        ROW(credentials_know_where_containers_have_secrets),
        ROW(credentials_are_given_or_not),
        ROW(credentials_take_a_certificate_and_its_key),
    };

    return unit_run(tests);
}
