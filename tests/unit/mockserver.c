/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/mockserver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define DAY         86400L
#define BLOCKED_MAX 64
#define GOOD_NAMES                                                             \
    "DNS:localhost,DNS:one.test,DNS:two.test,DNS:dual.test,DNS:far.test,"      \
    "IP:127.0.0.1,IP:0:0:0:0:0:0:0:1"

/* mock_pki_t comes first: callers see only that */
typedef struct pki_t {
    mock_pki_t files;
    SSL_CTX *ctx[MOCK_CERT_COUNT];
    const char *directory;
} pki_t;

struct mock_t {
    apr_pool_t *pool;
    mock_script_t script;
    SSL_CTX *ctx;
    pthread_t thread;
    atomic_bool stop;
    int listener;
    apr_port_t port;
    int connections;
    char request[8192];
    char tunnel_request[8192];
    char name[256];
};

struct mock_blocker_t {
    apr_pool_t *pool;
    int listener;
    int clients[BLOCKED_MAX];
    int count;
    apr_port_t port;
};

/* --- certificates ------------------------------------------------------- */

/* everything about one certificate */
typedef struct order_t {
    const char *common_name;
    const char *names; /* NULL: none */
    bool ca;
    long from, to; /* seconds from now */
    X509 *issuer;  /* NULL: itself */
    EVP_PKEY *issuer_key;
} order_t;

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX ctx;
    bool added;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    added = extension && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static X509 *issue(const order_t *order, EVP_PKEY *key)
{
    static long serial;
    X509 *cert = X509_new();
    X509 *issuer = order->issuer ? order->issuer : cert;
    X509_NAME *subject = X509_get_subject_name(cert);

    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), order->from);
    X509_gmtime_adj(X509_getm_notAfter(cert), order->to);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               (const unsigned char *)order->common_name, -1,
                               -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(issuer));
    X509_set_pubkey(cert, key);
    if (!add_extension(cert, issuer, NID_basic_constraints,
                       order->ca ? "critical,CA:TRUE" : "CA:FALSE")
        || (order->names
            && !add_extension(cert, issuer, NID_subject_alt_name, order->names))
        || !X509_sign(cert, order->issuer_key ? order->issuer_key : key,
                      EVP_sha256())) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

static int note_name(SSL *ssl, int *alert BEARER_UNUSED, void *data)
{
    mock_t *mock = SSL_get_app_data(ssl);
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)data;
    if (mock && name)
        apr_cpystrn(mock->name, name, sizeof(mock->name));
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *server_ctx(const order_t *order, EVP_PKEY *key, bool old)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    X509 *cert = issue(order, key);

    SSL_CTX_set_tlsext_servername_callback(ctx, note_name);
    if (old) {
        SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION);
        SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
    }
    SSL_CTX_use_certificate(ctx, cert);
    SSL_CTX_use_PrivateKey(ctx, key);
    X509_free(cert);
    return ctx;
}

static void make_servers(pki_t *pki, X509 *ca, EVP_PKEY *ca_key, X509 *other,
                         EVP_PKEY *other_key, EVP_PKEY *key)
{
    const order_t orders[MOCK_CERT_COUNT] = {
        [MOCK_GOOD] = {"mock", GOOD_NAMES, false, -DAY, DAY, ca, ca_key},
        [MOCK_WRONG_NAME] = {"mock", "DNS:else.test,IP:127.0.0.9", false, -DAY,
                             DAY, ca, ca_key},
        [MOCK_COMMON_NAME] = {"one.test", NULL, false, -DAY, DAY, ca, ca_key},
        [MOCK_EXPIRED] = {"mock", GOOD_NAMES, false, -2 * DAY, -DAY, ca,
                          ca_key},
        [MOCK_NOT_YET] = {"mock", GOOD_NAMES, false, DAY, 2 * DAY, ca, ca_key},
        [MOCK_SELF_SIGNED] = {"mock", GOOD_NAMES, false, -DAY, DAY, NULL, NULL},
        [MOCK_OTHER_CA] = {"mock", GOOD_NAMES, false, -DAY, DAY, other,
                           other_key},
        [MOCK_OLD_TLS] = {"mock", GOOD_NAMES, false, -DAY, DAY, ca, ca_key},
    };
    int i;

    for (i = MOCK_PLAIN + 1; i < MOCK_CERT_COUNT; i++)
        pki->ctx[i] = server_ctx(&orders[i], key, i == MOCK_OLD_TLS);
}

static const char *write_certs(const pki_t *pki, const char *name, X509 *first,
                               X509 *second, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, pki->directory, "/", name, NULL);
    FILE *file = fopen(path, "w");

    if (!file)
        return NULL;
    if (first)
        PEM_write_X509(file, first);
    if (second)
        PEM_write_X509(file, second);
    fclose(file);
    return path;
}

static apr_status_t free_pki(void *data)
{
    pki_t *pki = data;
    int i;

    for (i = 0; i < MOCK_CERT_COUNT; i++)
        SSL_CTX_free(pki->ctx[i]);
    unlink(pki->files.ca_file);
    unlink(pki->files.both_file);
    unlink(pki->files.empty_file);
    rmdir(pki->directory);
    return APR_SUCCESS;
}

const mock_pki_t *mock_pki_create(apr_pool_t *pool)
{
    static const order_t ca_order = {"mock CA", NULL, true, -DAY,
                                     DAY,       NULL, NULL};
    static const order_t other_order = {"other CA", NULL, true, -DAY,
                                        DAY,        NULL, NULL};
    EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    EVP_PKEY *other_key = EVP_EC_gen("P-256");
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *ca = issue(&ca_order, ca_key);
    X509 *other = issue(&other_order, other_key);
    pki_t *pki = apr_pcalloc(pool, sizeof(*pki));

    pki->directory = mkdtemp(apr_pstrdup(pool, "/tmp/bearer-mock-XXXXXX"));
    if (!pki->directory || !ca || !other)
        return NULL;
    make_servers(pki, ca, ca_key, other, other_key, key);
    pki->files.ca_file = write_certs(pki, "ca.pem", ca, NULL, pool);
    pki->files.both_file = write_certs(pki, "both.pem", other, ca, pool);
    pki->files.empty_file = write_certs(pki, "empty.pem", NULL, NULL, pool);
    pki->files.missing_file = apr_pstrcat(pool, pki->directory, "/no", NULL);
    X509_free(ca);
    X509_free(other);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(other_key);
    EVP_PKEY_free(key);
    apr_pool_cleanup_register(pool, pki, free_pki, apr_pool_cleanup_null);
    return &pki->files;
}

/* --- sockets ------------------------------------------------------------ */

typedef union address_t {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} address_t;

static socklen_t fill_address(address_t *out, const char *text, apr_port_t port)
{
    memset(out, 0, sizeof(*out));
    if (strchr(text, ':')) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        inet_pton(AF_INET6, text, &out->v6.sin6_addr);
        return sizeof(out->v6);
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(port);
    inet_pton(AF_INET, text, &out->v4.sin_addr);
    return sizeof(out->v4);
}

/* bound, not listening; -1 if it cannot be */
static int bind_to(const char *text, apr_port_t *port)
{
    address_t address;
    socklen_t len = fill_address(&address, text, *port);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, &address.any, len) != 0
        || getsockname(fd, &address.any, &len) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port
                                                   : address.v6.sin6_port);
    return fd;
}

static bool is_ready(int fd, short events, int milliseconds)
{
    struct pollfd pollfd = {fd, events, 0};

    return poll(&pollfd, 1, milliseconds) == 1;
}

/* --- the script --------------------------------------------------------- */

static int put(SSL *ssl, int fd, const char *bytes, apr_size_t len)
{
    if (!len)
        return 1;
    if (ssl)
        return SSL_write(ssl, bytes, (int)len) == (int)len;
    while (len) {
        apr_ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

        if (n <= 0)
            return 0;
        bytes += n;
        len -= (apr_size_t)n;
    }
    return 1;
}

static int get(SSL *ssl, int fd, char *buf, int size)
{
    if (ssl)
        return SSL_read(ssl, buf, size);
    return (int)recv(fd, buf, (apr_size_t)size, 0);
}

static bool get_request(SSL *ssl, int fd, char *buf, apr_size_t size)
{
    apr_size_t len = 0;

    buf[0] = '\0';
    while (!strstr(buf, "\r\n\r\n")) {
        int n = get(ssl, fd, buf + len, (int)(size - len - 1));

        if (n <= 0)
            return false;
        len += (apr_size_t)n;
        buf[len] = '\0';
    }
    return true;
}

static void put_answer(const mock_script_t *script, SSL *ssl, int fd)
{
    const char *c;
    apr_size_t len = script->len;

    if (script->answer && !len)
        len = strlen(script->answer);
    if (script->answer && !put(ssl, fd, script->answer, len))
        return;
    for (c = script->drip; c && *c; c++) {
        if (!put(ssl, fd, c, 1))
            return;
        apr_sleep(apr_time_from_msec(10));
    }
    while (script->flood
           && put(ssl, fd, script->flood, strlen(script->flood))) {
    }
}

static void talk(mock_t *mock, SSL *ssl, int fd)
{
    const mock_script_t *script = &mock->script;

    if (script->tunnel) {
        if (!get_request(NULL, fd, mock->tunnel_request,
                         sizeof(mock->tunnel_request)))
            return;
        put(NULL, fd, script->tunnel, strlen(script->tunnel));
    }
    /* the client has finished connecting once it has said something */
    if (script->deaf)
        (void)is_ready(fd, POLLIN, 20000);
    if (script->tunnel_only || script->deaf)
        return;
    if (ssl && SSL_accept(ssl) != 1)
        return;
    if (script->eager
        || get_request(ssl, fd, mock->request, sizeof(mock->request)))
        put_answer(script, ssl, fd);
}

static void finish(const mock_script_t *script, SSL *ssl, int fd)
{
    static const struct linger at_once = {1, 0};
    char buf[256];

    if (script->end == MOCK_CLOSE && ssl && SSL_is_init_finished(ssl))
        SSL_shutdown(ssl);
    if (script->end != MOCK_HOLD && script->end != MOCK_RESET)
        shutdown(fd, SHUT_WR);
    if (script->end == MOCK_RESET || script->end == MOCK_BREAK) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        return;
    }
    /* a close with unread bytes would be a reset */
    while (recv(fd, buf, sizeof(buf), 0) > 0) {
    }
}

static void serve(mock_t *mock, int fd)
{
    /* nothing here takes that long; a test must not hang when it fails */
    struct timeval patience = {20, 0};
    SSL *ssl = NULL;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    mock->connections++;
    if (mock->ctx) {
        ssl = SSL_new(mock->ctx);
        SSL_set_app_data(ssl, mock);
        SSL_set_fd(ssl, fd);
    }
    talk(mock, ssl, fd);
    finish(&mock->script, ssl, fd);
    SSL_free(ssl);
    close(fd);
    ERR_clear_error();
}

static void *run(void *data)
{
    mock_t *mock = data;
    sigset_t set;

    /* for OpenSSL's writes here; the client has to do without */
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    while (!atomic_load(&mock->stop)) {
        int fd;

        if (!is_ready(mock->listener, POLLIN, 10))
            continue;
        fd = accept(mock->listener, NULL, NULL);
        if (fd >= 0)
            serve(mock, fd);
    }
    return NULL;
}

static apr_status_t end_mock(void *data)
{
    mock_t *mock = data;

    atomic_store(&mock->stop, true);
    pthread_join(mock->thread, NULL);
    close(mock->listener);
    return APR_SUCCESS;
}

mock_t *mock_start(const mock_script_t *script, const mock_pki_t *pki,
                   apr_port_t port, apr_pool_t *pool)
{
    mock_t *mock = apr_pcalloc(pool, sizeof(*mock));

    mock->pool = pool;
    mock->script = *script;
    mock->ctx = ((const pki_t *)pki)->ctx[script->cert];
    mock->port = port;
    mock->listener =
        bind_to(script->address ? script->address : "127.0.0.1", &mock->port);
    if (mock->listener < 0)
        return NULL;
    if (listen(mock->listener, 16) != 0
        || pthread_create(&mock->thread, NULL, run, mock) != 0) {
        close(mock->listener);
        return NULL;
    }
    apr_pool_cleanup_register(pool, mock, end_mock, apr_pool_cleanup_null);
    return mock;
}

void mock_stop(mock_t *mock)
{
    apr_pool_cleanup_run(mock->pool, mock, end_mock);
}

apr_port_t mock_port(const mock_t *mock)
{
    return mock->port;
}

const char *mock_request(const mock_t *mock)
{
    return mock->request;
}

const char *mock_tunnel_request(const mock_t *mock)
{
    return mock->tunnel_request;
}

const char *mock_name(const mock_t *mock)
{
    return mock->name;
}

int mock_connections(const mock_t *mock)
{
    return mock->connections;
}

/* --- sockets that accept nobody ------------------------------------------- */

/* connects until no connection is accepted any more */
static bool fill_queue(mock_blocker_t *blocker, const char *text)
{
    address_t address;
    socklen_t len = fill_address(&address, text, blocker->port);

    while (blocker->count < BLOCKED_MAX) {
        int fd = socket(address.any.sa_family,
                        SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
            return false;
        blocker->clients[blocker->count++] = fd;
        if (connect(fd, &address.any, len) != 0 && errno == EINPROGRESS
            && !is_ready(fd, POLLOUT, 100))
            return true;
    }
    return false;
}

static apr_status_t end_blocker(void *data)
{
    mock_blocker_t *blocker = data;

    while (blocker->count)
        close(blocker->clients[--blocker->count]);
    close(blocker->listener);
    return APR_SUCCESS;
}

mock_blocker_t *mock_blocker_start(bool full, const char *address,
                                   apr_port_t port, apr_pool_t *pool)
{
    mock_blocker_t *blocker = apr_pcalloc(pool, sizeof(*blocker));

    blocker->pool = pool;
    blocker->port = port;
    blocker->listener = bind_to(address, &blocker->port);
    if (blocker->listener < 0)
        return NULL;
    apr_pool_cleanup_register(pool, blocker, end_blocker,
                              apr_pool_cleanup_null);
    if (full
        && (listen(blocker->listener, 0) != 0
            || !fill_queue(blocker, address))) {
        mock_blocker_stop(blocker);
        return NULL;
    }
    return blocker;
}

apr_port_t mock_blocker_port(const mock_blocker_t *blocker)
{
    return blocker->port;
}

void mock_blocker_stop(mock_blocker_t *blocker)
{
    apr_pool_cleanup_run(blocker->pool, blocker, end_blocker);
}
