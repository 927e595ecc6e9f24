/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/net/fetch.h"

#include <errno.h>
#include <sys/socket.h>

#include <apr_atomic.h>
#include <apr_network_io.h>
#include <apr_poll.h>
#include <apr_portable.h>
#include <apr_strings.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "bearer/base/clock.h"
#include "bearer/base/str.h"
#include "bearer/text/url.h"

/* systems without it have SIGPIPE ignored by httpd */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* how long the stop flag may go unseen */
#define SLICE      apr_time_from_msec(100)

#define USER_AGENT "mod_auth_bearer"

struct bearer_fetch_tls_t {
    SSL_CTX *ctx;
    BIO_METHOD *method;
};

/* what is to be done, and by when */
typedef struct plan_t {
    const bearer_fetch_request_t *request;
    bearer_url_t url;
    bearer_url_t proxy;
    bool proxied;
    bearer_note_t *note;
    apr_time_t deadline;
} plan_t;

/* one connection; the end of its pool closes it */
typedef struct conn_t {
    const volatile apr_uint32_t *stop;
    bearer_note_t *note;
    apr_pool_t *pool;
    apr_socket_t *socket;
    int fd;
    SSL *ssl;           /* NULL: plain */
    apr_status_t error; /* of the last send or recv below TLS */
    bool ended;         /* the peer's end of TCP was seen */
    apr_time_t until;
    const char *doing; /* for notes */
    const char *peer;
} conn_t;

void bearer_fetch_end_thread(void)
{
    OPENSSL_thread_stop();
}

/* --- what went wrong ---------------------------------------------------- */

static bearer_reason_t fail(const conn_t *conn, bearer_reason_t why,
                            const char *text)
{
    bearer_note_set(conn->note, "%s %s: %s", conn->doing, conn->peer, text);
    return why;
}

static bearer_reason_t fail_status(const conn_t *conn, bearer_reason_t why,
                                   apr_status_t rv)
{
    char text[96];

    return fail(conn, why, apr_strerror(rv, text, sizeof(text)));
}

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

static bearer_reason_t fail_tls(const conn_t *conn)
{
    long verdict = SSL_get_verify_result(conn->ssl);
    char text[96];

    if (verdict != X509_V_OK)
        return fail(conn, BEARER_FETCH_TLS,
                    X509_verify_cert_error_string(verdict));
    if (conn->error)
        return fail_status(conn, BEARER_FETCH_TLS, conn->error);
    return fail(conn, BEARER_FETCH_TLS, openssl_error(text, sizeof(text)));
}

/* --- waiting ------------------------------------------------------------ */

static bool is_stopped(const conn_t *conn)
{
    return conn->stop
           && apr_atomic_read32((volatile apr_uint32_t *)conn->stop) != 0;
}

/* every read, write and wait comes through here: a peer that is never silent
 * must not outrun the deadline */
static bearer_reason_t check_time(const conn_t *conn, apr_interval_time_t *left)
{
    *left = conn->until - bearer_clock_tick();
    if (is_stopped(conn))
        return BEARER_FETCH_STOPPED;
    if (*left <= 0)
        return fail(conn, BEARER_FETCH_TIMEOUT, "no time left");
    return BEARER_OK;
}

static bearer_reason_t wait_for(conn_t *conn, apr_int16_t events)
{
    apr_pollfd_t pollfd = {0};
    apr_interval_time_t left;
    apr_int32_t ready;
    bearer_reason_t why;
    apr_status_t rv;

    pollfd.p = conn->pool;
    pollfd.desc_type = APR_POLL_SOCKET;
    pollfd.desc.s = conn->socket;
    pollfd.reqevents = events;
    for (;;) {
        why = check_time(conn, &left);
        if (why)
            return why;
        if (left > SLICE)
            left = SLICE;
        /* apr_poll counts in milliseconds and cuts: less than one of them
         * would not wait at all, and this loop would spin */
        left = (left + 999) / 1000 * 1000;
        rv = apr_poll(&pollfd, 1, &ready, left);
        if (rv == APR_SUCCESS)
            return BEARER_OK;
        if (!APR_STATUS_IS_TIMEUP(rv) && !APR_STATUS_IS_EINTR(rv))
            return fail_status(conn, BEARER_FETCH_IO, rv);
    }
}

/* --- bytes below TLS ---------------------------------------------------- */

/* conn->error says why it is negative; apr_socket_send cannot do this, it may
 * raise SIGPIPE */
static int send_raw(conn_t *conn, const char *bytes, apr_size_t len)
{
    apr_ssize_t n;

    do {
        n = send(conn->fd, bytes, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    conn->error = n < 0 ? errno : APR_SUCCESS;
    return (int)n;
}

static int recv_raw(conn_t *conn, char *buf, apr_size_t size)
{
    apr_ssize_t n;

    do {
        n = recv(conn->fd, buf, size, 0);
    } while (n < 0 && errno == EINTR);
    conn->error = n < 0 ? errno : APR_SUCCESS;
    conn->ended = n == 0;
    return (int)n;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
    conn_t *conn = BIO_get_data(bio);
    int n = send_raw(conn, bytes, (apr_size_t)len);

    BIO_clear_retry_flags(bio);
    if (n < 0 && APR_STATUS_IS_EAGAIN(conn->error))
        BIO_set_retry_write(bio);
    return n;
}

static int bio_read(BIO *bio, char *buf, int size)
{
    conn_t *conn = BIO_get_data(bio);
    int n = recv_raw(conn, buf, (apr_size_t)size);

    BIO_clear_retry_flags(bio);
    if (n < 0 && APR_STATUS_IS_EAGAIN(conn->error))
        BIO_set_retry_read(bio);
    return n;
}

static long bio_ctrl(BIO *bio, int command, long number BEARER_UNUSED,
                     void *pointer BEARER_UNUSED)
{
    const conn_t *conn = BIO_get_data(bio);

    if (command == BIO_CTRL_FLUSH)
        return 1;
    return command == BIO_CTRL_EOF && conn->ended;
}

/* --- trust -------------------------------------------------------------- */

static apr_status_t free_tls(void *data)
{
    bearer_fetch_tls_t *tls = data;

    SSL_CTX_free(tls->ctx);
    BIO_meth_free(tls->method);
    return APR_SUCCESS;
}

static bool set_up_tls(bearer_fetch_tls_t *tls, const char *ca_file)
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
    if (ca_file)
        return SSL_CTX_load_verify_file(tls->ctx, ca_file) == 1;
    return SSL_CTX_set_default_verify_paths(tls->ctx) == 1;
}

bearer_reason_t bearer_fetch_tls_create(const char *ca_file,
                                        bearer_fetch_tls_t **out,
                                        bearer_note_t *note, apr_pool_t *pool)
{
    bearer_fetch_tls_t *tls = apr_pcalloc(pool, sizeof(*tls));
    bool good;

    apr_pool_cleanup_register(pool, tls, free_tls, apr_pool_cleanup_null);
    ERR_clear_error();
    good = set_up_tls(tls, ca_file);
    if (!good) {
        char text[96];

        bearer_note_set(note, "%s: %s",
                        ca_file ? ca_file : "the system's authorities",
                        openssl_error(text, sizeof(text)));
    }
    ERR_clear_error();
    if (!good)
        return BEARER_FILE_READ;
    *out = tls;
    return BEARER_OK;
}

/* --- a connection ------------------------------------------------------- */

static apr_status_t connect_error(int fd)
{
    socklen_t len = sizeof(int);
    int error = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return errno;
    return error;
}

static bearer_reason_t dial(conn_t *conn, apr_sockaddr_t *address)
{
    bearer_reason_t why;
    apr_status_t rv;

    conn->doing = "connecting to";
    rv = apr_socket_create(&conn->socket, address->family, SOCK_STREAM,
                           APR_PROTO_TCP, conn->pool);
    if (rv == APR_SUCCESS)
        rv = apr_socket_timeout_set(conn->socket, 0); /* non-blocking */
    if (rv == APR_SUCCESS)
        rv = apr_os_sock_get(&conn->fd, conn->socket);
    if (rv == APR_SUCCESS)
        rv = apr_socket_connect(conn->socket, address);
    if (APR_STATUS_IS_EINPROGRESS(rv)) {
        why = wait_for(conn, APR_POLLOUT);
        if (why)
            return why;
        rv = connect_error(conn->fd);
    }
    if (rv != APR_SUCCESS)
        return fail_status(conn, BEARER_FETCH_CONNECT, rv);
    return BEARER_OK;
}

static apr_status_t free_ssl(void *data)
{
    SSL_free(data);
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

static bool begin_tls(conn_t *conn, const bearer_fetch_tls_t *tls,
                      const char *host)
{
    BIO *bio;

    conn->ssl = SSL_new(tls->ctx);
    if (!conn->ssl)
        return false;
    apr_pool_cleanup_register(conn->pool, conn->ssl, free_ssl,
                              apr_pool_cleanup_null);
    bio = BIO_new(tls->method);
    if (!bio)
        return false;
    BIO_set_data(bio, conn);
    SSL_set_bio(conn->ssl, bio, bio);
    return expect_host(conn->ssl, host);
}

/* what to wait for after a call that returned n; 0: it failed */
static apr_int16_t wanted(const conn_t *conn, int n, apr_int16_t plain)
{
    int error;

    if (!conn->ssl)
        return APR_STATUS_IS_EAGAIN(conn->error) ? plain : 0;
    error = SSL_get_error(conn->ssl, n);
    if (error == SSL_ERROR_WANT_READ)
        return APR_POLLIN;
    return error == SSL_ERROR_WANT_WRITE ? APR_POLLOUT : 0;
}

static bearer_reason_t secure(conn_t *conn, const plan_t *plan)
{
    const bearer_fetch_tls_t *tls = plan->request->tls;
    const char *host = plan->url.host;
    bearer_reason_t why;
    apr_int16_t events;
    int n;

    conn->doing = apr_psprintf(conn->pool, "TLS with %s %s", host,
                               plan->proxied ? "through" : "at");
    ERR_clear_error();
    if (!tls || !begin_tls(conn, tls, host))
        return fail(conn, BEARER_FETCH_TLS, "it cannot be set up");
    for (;;) {
        ERR_clear_error();
        n = SSL_connect(conn->ssl);
        if (n == 1)
            return BEARER_OK;
        events = wanted(conn, n, 0);
        if (!events)
            return fail_tls(conn);
        why = wait_for(conn, events);
        if (why)
            return why;
    }
}

static bearer_reason_t broken(const conn_t *conn)
{
    if (conn->error || !conn->ssl)
        return fail_status(conn, BEARER_FETCH_IO, conn->error);
    return fail_tls(conn);
}

/* RFC 8446 6.1: the end of a TLS stream is the sender's only after
 * close_notify */
static bearer_reason_t end_of_stream(const conn_t *conn, int n, bool *clean)
{
    *clean = conn->ssl ? SSL_get_error(conn->ssl, n) == SSL_ERROR_ZERO_RETURN
                       : n == 0;
    if (*clean || conn->ended)
        return BEARER_OK;
    return broken(conn);
}

/* len 0 is the end of the stream, clean says whether it is the sender's */
static bearer_reason_t read_some(conn_t *conn, char *buf, int size,
                                 apr_size_t *len, bool *clean)
{
    apr_interval_time_t left;
    apr_int16_t events;
    bearer_reason_t why;
    int n;

    *len = 0;
    for (;;) {
        why = check_time(conn, &left);
        if (why)
            return why;
        ERR_clear_error();
        n = conn->ssl ? SSL_read(conn->ssl, buf, size)
                      : recv_raw(conn, buf, (apr_size_t)size);
        if (n > 0) {
            *len = (apr_size_t)n;
            return BEARER_OK;
        }
        events = wanted(conn, n, APR_POLLIN);
        if (!events)
            return end_of_stream(conn, n, clean);
        why = wait_for(conn, events);
        if (why)
            return why;
    }
}

static bearer_reason_t write_all(conn_t *conn, const char *bytes)
{
    apr_size_t len = strlen(bytes);
    apr_int16_t events;
    bearer_reason_t why;
    int n;

    while (len) {
        ERR_clear_error();
        n = conn->ssl ? SSL_write(conn->ssl, bytes, (int)len)
                      : send_raw(conn, bytes, len);
        if (n > 0) {
            bytes += n;
            len -= (apr_size_t)n;
            continue;
        }
        events = wanted(conn, n, APR_POLLOUT);
        if (!events)
            return broken(conn);
        why = wait_for(conn, events);
        if (why)
            return why;
    }
    return BEARER_OK;
}

static bearer_reason_t receive(conn_t *conn, bearer_http_t *http)
{
    bool done = false, clean = false;
    bearer_reason_t why;
    char buf[4096];

    while (!done) {
        bearer_str_t bytes = {buf, 0};

        why = read_some(conn, buf, sizeof(buf), &bytes.len, &clean);
        if (why)
            return why;
        if (!bytes.len)
            return bearer_http_finish(http, clean, conn->note);
        why = bearer_http_feed(http, bytes, &done, conn->note);
        if (why)
            return why;
    }
    return BEARER_OK;
}

/*
 * RFC 9110 9.3.6. What a proxy sends behind its header is thrown away: a TLS
 * server never speaks first, so it is not the target's.
 */
static bearer_reason_t tunnel(conn_t *conn, const bearer_url_t *url)
{
    const char *form = strchr(url->host, ':') ? "[%s]:%d" : "%s:%d";
    const char *target = apr_psprintf(conn->pool, form, url->host, url->port);
    bearer_http_t *http = bearer_http_create(0, conn->pool);
    bearer_reason_t why;
    int status;

    conn->doing = "tunnelling through";
    bearer_http_expect_no_body(http);
    why = write_all(conn, apr_psprintf(conn->pool,
                                       "CONNECT %s HTTP/1.1\r\n"
                                       "Host: %s\r\n"
                                       "User-Agent: " USER_AGENT "\r\n\r\n",
                                       target, target));
    if (!why)
        why = receive(conn, http);
    if (why == BEARER_FETCH_TIMEOUT || why == BEARER_FETCH_STOPPED)
        return why;
    if (why)
        return fail(conn, BEARER_FETCH_PROXY, bearer_error_find(why)->sentence);
    status = bearer_http_response(http)->status;
    if (status / 100 != 2)
        return fail(conn, BEARER_FETCH_PROXY,
                    apr_psprintf(conn->pool, "status %d", status));
    return BEARER_OK;
}

/* 1 TCP, 2 the proxy's tunnel, 3 TLS; plain http needs no tunnel */
static bearer_reason_t open_one(const plan_t *plan, apr_sockaddr_t *address,
                                conn_t *conn)
{
    bearer_reason_t why = dial(conn, address);

    if (why || !plan->url.tls)
        return why;
    if (plan->proxied)
        why = tunnel(conn, &plan->url);
    if (why)
        return why;
    return secure(conn, plan);
}

static const char *describe(apr_sockaddr_t *address, apr_pool_t *pool)
{
    char ip[64];

    if (apr_sockaddr_ip_getbuf(ip, sizeof(ip), address) != APR_SUCCESS)
        return "?";
    return apr_psprintf(pool, "%s port %d", ip, address->port);
}

static bearer_reason_t try_address(const plan_t *plan, apr_sockaddr_t *address,
                                   apr_time_t until, bearer_note_t *note,
                                   conn_t **out, apr_pool_t *pool)
{
    bearer_reason_t why;
    apr_pool_t *own;
    conn_t *conn;

    note->text[0] = '\0';
    if (apr_pool_create(&own, pool) != APR_SUCCESS)
        return BEARER_NO_MEMORY;
    conn = apr_pcalloc(own, sizeof(*conn));
    conn->pool = own;
    conn->stop = plan->request->stop;
    conn->note = note;
    conn->until = until;
    conn->peer = describe(address, own);
    why = open_one(plan, address, conn);
    if (why) {
        apr_pool_destroy(own);
        return why;
    }
    conn->note = plan->note;
    *out = conn;
    return BEARER_OK;
}

/*
 * Every address in turn. The last failure is told, except that one that got
 * beyond "refused" is not hidden by a later refusal.
 */
static bearer_reason_t try_addresses(const plan_t *plan,
                                     apr_sockaddr_t *address, conn_t **out,
                                     apr_pool_t *pool)
{
    apr_time_t connect_by = bearer_clock_tick() + plan->request->connect;
    bearer_reason_t why, told = BEARER_OK;
    bearer_note_t note, told_note = {""};
    bool last = false;
    int tried;

    if (connect_by > plan->deadline)
        connect_by = plan->deadline;
    for (tried = 1; !last; address = address->next, tried++) {
        apr_time_t now = bearer_clock_tick();

        last = !address->next || tried == BEARER_LIMIT_ADDRESSES;
        why = try_address(plan, address,
                          last ? connect_by : now + (connect_by - now) / 2,
                          &note, out, pool);
        if (!why || why == BEARER_FETCH_STOPPED)
            return why;
        if (!told || why != BEARER_FETCH_CONNECT) {
            told = why;
            told_note = note;
        }
    }
    if (plan->note)
        *plan->note = told_note;
    return told;
}

static bearer_reason_t open_connection(const plan_t *plan, conn_t **out,
                                       apr_pool_t *pool)
{
    const bearer_url_t *peer = plan->proxied ? &plan->proxy : &plan->url;
    apr_sockaddr_t *address;
    apr_status_t rv;
    char text[96];

    rv = apr_sockaddr_info_get(&address, peer->host, APR_UNSPEC, peer->port, 0,
                               pool);
    if (rv == APR_SUCCESS)
        return try_addresses(plan, address, out, pool);
    bearer_note_set(plan->note, "%s: %s", peer->host,
                    apr_strerror(rv, text, sizeof(text)));
    return BEARER_FETCH_RESOLVE;
}

/* --- the exchange ------------------------------------------------------- */

/* a validator of the wire goes back as it came, unless it would cut our
 * request in two (header injection) */
static bool is_sendable(const char *etag)
{
    return *etag && !bearer_str_has_control(bearer_str(etag));
}

static const char *render_request(const plan_t *plan, apr_pool_t *pool)
{
    const char *etag = plan->request->etag;
    const char *condition = "";
    const char *prefix = "";

    if (etag && is_sendable(etag))
        condition = apr_pstrcat(pool, "If-None-Match: ", etag, "\r\n", NULL);
    /* RFC 9112 3.2.2: a proxy without a tunnel is told the whole address */
    if (plan->proxied && !plan->url.tls)
        prefix = apr_pstrcat(pool, "http://", plan->url.authority, NULL);
    return apr_pstrcat(pool, "GET ", prefix, plan->url.path,
                       " HTTP/1.1\r\nHost: ", plan->url.authority,
                       "\r\nUser-Agent: " USER_AGENT
                       "\r\nAccept: application/json, application/jwk-set+json"
                       "\r\nAccept-Encoding: identity\r\n",
                       condition, "Connection: close\r\n\r\n", NULL);
}

static bearer_reason_t exchange(const plan_t *plan, conn_t *conn,
                                const bearer_http_response_t **out,
                                apr_pool_t *pool)
{
    bearer_http_t *http = bearer_http_create(plan->request->max_body, pool);
    bearer_reason_t why;

    conn->until = plan->deadline;
    conn->doing = "talking to";
    why = write_all(conn, render_request(plan, conn->pool));
    if (!why)
        why = receive(conn, http);
    if (why)
        return why;
    /* one close_notify, for a tidy log at the other end; nobody waits */
    ERR_clear_error();
    if (conn->ssl)
        (void)SSL_shutdown(conn->ssl);
    *out = bearer_http_response(http);
    return BEARER_OK;
}

static bearer_reason_t parse_addresses(plan_t *plan, apr_pool_t *pool)
{
    const bearer_fetch_request_t *request = plan->request;
    bearer_reason_t why;

    why = bearer_url_parse(request->url, request->http_loopback, &plan->url,
                           plan->note, pool);
    if (why || !request->proxy)
        return why;
    plan->proxied = true;
    return bearer_url_parse_proxy(request->proxy, &plan->proxy, plan->note,
                                  pool);
}

bearer_reason_t bearer_fetch_get(const bearer_fetch_request_t *request,
                                 const bearer_http_response_t **out,
                                 bearer_note_t *note, apr_pool_t *pool)
{
    plan_t plan = {0};
    conn_t *conn = NULL;
    bearer_reason_t why;
    apr_pool_t *tmp;

    plan.request = request;
    plan.note = note;
    plan.deadline = bearer_clock_tick() + request->timeout;
    if (apr_pool_create(&tmp, pool) != APR_SUCCESS)
        return BEARER_NO_MEMORY;
    why = parse_addresses(&plan, tmp);
    if (!why)
        why = open_connection(&plan, &conn, tmp);
    if (!why)
        why = exchange(&plan, conn, out, pool);
    apr_pool_destroy(tmp);
    /* the thread's queue is shared with mod_ssl, which would trip over it */
    ERR_clear_error();
    return why;
}
