/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/net/tls.h"

#include <apr_poll.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "bearer/jose/crypto.h"

struct bearer_tls_t {
    SSL_CTX *ctx;
    BIO_METHOD *method;
};

struct bearer_tls_session_t {
    SSL *ssl;
    bearer_wire_t *wire;
    int outcome; /* of the last call, as SSL_get_error says it */
};

void bearer_tls_end_thread(void)
{
    OPENSSL_thread_stop();
}

/* --- bytes below -------------------------------------------------------- */

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
    bearer_wire_t *wire = BIO_get_data(bio);
    int n = bearer_wire_send(wire, bytes, (apr_size_t)len);

    BIO_clear_retry_flags(bio);
    if (n < 0 && bearer_wire_must_wait(wire))
        BIO_set_retry_write(bio);
    return n;
}

static int bio_read(BIO *bio, char *buf, int size)
{
    bearer_wire_t *wire = BIO_get_data(bio);
    int n = bearer_wire_recv(wire, buf, (apr_size_t)size);

    BIO_clear_retry_flags(bio);
    if (n < 0 && bearer_wire_must_wait(wire))
        BIO_set_retry_read(bio);
    return n;
}

static long bio_ctrl(BIO *bio, int command, long number BEARER_UNUSED,
                     void *pointer BEARER_UNUSED)
{
    const bearer_wire_t *wire = BIO_get_data(bio);

    if (command == BIO_CTRL_FLUSH)
        return 1;
    return command == BIO_CTRL_EOF && wire->ended;
}

/* --- what went wrong ---------------------------------------------------- */

/* the oldest error of OpenSSL's queue is the cause, later ones are echoes */
static const char *openssl_error(char *buf, apr_size_t size)
{
    unsigned long error = ERR_peek_error();
    const char *text;

    if (ERR_SYSTEM_ERROR(error))
        return apr_strerror(ERR_GET_REASON(error), buf, size);
    text = error ? ERR_reason_error_string(error) : NULL;
    return text ? text : "no reason given";
}

const char *bearer_tls_problem(const bearer_tls_session_t *session, char *buf,
                               apr_size_t size)
{
    long verdict = SSL_get_verify_result(session->ssl);

    if (verdict != X509_V_OK)
        return X509_verify_cert_error_string(verdict);
    if (session->wire->error)
        return apr_strerror(session->wire->error, buf, size);
    return openssl_error(buf, size);
}

/* --- trust -------------------------------------------------------------- */

static apr_status_t free_tls(void *data)
{
    bearer_tls_t *tls = data;

    SSL_CTX_free(tls->ctx);
    BIO_meth_free(tls->method);
    return APR_SUCCESS;
}

static bool set_up_tls(bearer_tls_t *tls, const char *ca)
{
    /* no index of its own: OpenSSL has only 127 of them per process, and a
     * graceful restart makes a new method each time */
    tls->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "bearer fetch");
    tls->ctx = SSL_CTX_new(TLS_client_method());
    if (!tls->method || !tls->ctx
        || !BIO_meth_set_create(tls->method, bio_create)
        || !BIO_meth_set_write(tls->method, bio_write)
        || !BIO_meth_set_read(tls->method, bio_read)
        || !BIO_meth_set_ctrl(tls->method, bio_ctrl))
        return false;
    SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_options(tls->ctx, SSL_OP_NO_RENEGOTIATION);
    /* whatever openssl.cnf says: a cut without close_notify is told apart from
     * an end (truncation attack) */
    SSL_CTX_clear_options(tls->ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* RFC 8996; the system may ask for more */
    if (SSL_CTX_get_min_proto_version(tls->ctx) < TLS1_2_VERSION
        && !SSL_CTX_set_min_proto_version(tls->ctx, TLS1_2_VERSION))
        return false;
    if ((!ca || *ca == '+') && SSL_CTX_set_default_verify_paths(tls->ctx) != 1)
        return false;
    return !ca || SSL_CTX_load_verify_file(tls->ctx, ca + (*ca == '+')) == 1;
}

bearer_reason_t bearer_tls_create(const char *ca, bearer_tls_t **out,
                                  bearer_note_t *note, apr_pool_t *pool)
{
    bearer_tls_t *tls = apr_pcalloc(pool, sizeof(*tls));
    bool good;

    apr_pool_cleanup_register(pool, tls, free_tls, apr_pool_cleanup_null);
    ERR_clear_error();
    good = set_up_tls(tls, ca);
    if (!good) {
        char text[96];

        bearer_note_set(note, "%s: %s",
                        ca ? ca + (*ca == '+') : "the system's authorities",
                        openssl_error(text, sizeof(text)));
    }
    ERR_clear_error();
    if (!good)
        return BEARER_FILE_READ;
    *out = tls;
    return BEARER_OK;
}

/* --- who we are --------------------------------------------------------- */

struct bearer_tls_pair_t {
    X509 *cert;
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
};

static apr_status_t free_pair(void *data)
{
    bearer_tls_pair_t *pair = data;

    X509_free(pair->cert);
    sk_X509_pop_free(pair->chain, X509_free);
    EVP_PKEY_free(pair->key);
    return APR_SUCCESS;
}

/* OpenSSL's own would ask at the terminal, and wait */
static int no_passphrase(char *buf BEARER_UNUSED, int size BEARER_UNUSED,
                         int writing BEARER_UNUSED, void *baton BEARER_UNUSED)
{
    return -1;
}

static bool read_certs(bearer_tls_pair_t *pair, bearer_str_t text)
{
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
    X509 *one;

    pair->chain = sk_X509_new_null();
    while (bio && pair->chain) {
        one = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
        if (!one)
            break;
        if (!pair->cert)
            pair->cert = one;
        else if (!sk_X509_push(pair->chain, one))
            X509_free(one);
    }
    BIO_free(bio);
    return pair->cert != NULL;
}

static bool read_key(bearer_tls_pair_t *pair, bearer_str_t text)
{
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);

    if (bio)
        pair->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    return pair->key != NULL;
}

static const char *fill_pair(bearer_tls_pair_t *pair, bearer_str_t certs,
                             bearer_str_t key)
{
    if (!read_certs(pair, certs))
        return "cert= has no certificate in PEM";
    if (!read_key(pair, key))
        return "key= has no private key in PEM that opens without a passphrase";
    if (X509_check_private_key(pair->cert, pair->key) != 1)
        return "key= is not the key of the certificate in cert=";
    return NULL;
}

bearer_reason_t bearer_tls_parse_pair(bearer_str_t certs, bearer_str_t key,
                                      bearer_tls_pair_t **out,
                                      bearer_note_t *note, apr_pool_t *pool)
{
    bearer_tls_pair_t *pair = apr_pcalloc(pool, sizeof(*pair));
    const char *wrong;

    apr_pool_cleanup_register(pool, pair, free_pair, apr_pool_cleanup_null);
    ERR_clear_error();
    wrong = fill_pair(pair, certs, key);
    ERR_clear_error();
    if (wrong) {
        bearer_note_set(note, "%s", wrong);
        return BEARER_FETCH_CREDENTIALS;
    }
    *out = pair;
    return BEARER_OK;
}

/* --- a session ---------------------------------------------------------- */

/* the thread's queue is shared with mod_ssl, which would trip over what is left */
static apr_status_t free_session(void *data)
{
    SSL_free(data);
    ERR_clear_error();
    return APR_SUCCESS;
}

/* RFC 9110 4.3.4: the certificate must be for this name or IP address, by its
 * subjectAltName; the common name counts no more */
static bool expect_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
                                        | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host))
        return true;
    /* RFC 6066 3: only names, not addresses, are told to the server */
    return SSL_set1_host(ssl, host) && SSL_set_tlsext_host_name(ssl, host);
}

static bool set_up_session(const bearer_tls_t *tls,
                           bearer_tls_session_t *session, const char *host,
                           apr_pool_t *pool)
{
    BIO *bio;

    session->ssl = SSL_new(tls->ctx);
    if (!session->ssl)
        return false;
    apr_pool_cleanup_register(pool, session->ssl, free_session,
                              apr_pool_cleanup_null);
    bio = BIO_new(tls->method);
    if (!bio)
        return false;
    BIO_set_data(bio, session->wire);
    SSL_set_bio(session->ssl, bio, bio);
    return expect_host(session->ssl, host);
}

bearer_tls_session_t *bearer_tls_begin(const bearer_tls_t *tls,
                                       bearer_wire_t *wire, const char *host,
                                       apr_pool_t *pool)
{
    bearer_tls_session_t *session = apr_pcalloc(pool, sizeof(*session));

    session->wire = wire;
    ERR_clear_error();
    if (set_up_session(tls, session, host, pool))
        return session;
    ERR_clear_error();
    return NULL;
}

bool bearer_tls_show(bearer_tls_session_t *session,
                     const bearer_tls_pair_t *pair)
{
    ERR_clear_error();
    return SSL_use_cert_and_key(session->ssl, pair->cert, pair->key,
                                pair->chain, 1)
           == 1;
}

static int note_outcome(bearer_tls_session_t *session, int n)
{
    session->outcome = SSL_get_error(session->ssl, n);
    return n;
}

int bearer_tls_connect(bearer_tls_session_t *session)
{
    ERR_clear_error();
    return note_outcome(session, SSL_connect(session->ssl));
}

int bearer_tls_read(bearer_tls_session_t *session, char *buf, int size)
{
    ERR_clear_error();
    return note_outcome(session, SSL_read(session->ssl, buf, size));
}

int bearer_tls_write(bearer_tls_session_t *session, const char *bytes, int len)
{
    ERR_clear_error();
    return note_outcome(session, SSL_write(session->ssl, bytes, len));
}

apr_int16_t bearer_tls_wants(const bearer_tls_session_t *session)
{
    if (session->outcome == SSL_ERROR_WANT_READ)
        return APR_POLLIN;
    return session->outcome == SSL_ERROR_WANT_WRITE ? APR_POLLOUT : 0;
}

/* RFC 8446 6.1: the end of a stream is the sender's only after close_notify;
 * anybody on the path can end TCP */
bool bearer_tls_is_closed(const bearer_tls_session_t *session)
{
    return session->outcome == SSL_ERROR_ZERO_RETURN;
}

bool bearer_tls_find_end(const bearer_tls_session_t *session, apr_int64_t *out)
{
    STACK_OF(X509) *chain = SSL_get0_verified_chain(session->ssl);
    bool found = false;
    apr_int64_t end;
    int i;

    for (i = 0; i < sk_X509_num(chain); i++) {
        if (!bearer_crypto_find_end(sk_X509_value(chain, i), &end))
            continue;
        if (!found || end < *out)
            *out = end;
        found = true;
    }
    return found;
}

void bearer_tls_close(bearer_tls_session_t *session)
{
    ERR_clear_error();
    (void)SSL_shutdown(session->ssl);
}
