/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>

#include <apr_atomic.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "bearer/net/fetch.h"
#include "tests/unit/mockserver.h"

/* time enough for what must succeed, and little for what must time out */
#define PATIENT   apr_time_from_sec(15)
#define SHORT     apr_time_from_msec(250)

#define OK_LINE   "HTTP/1.1 200 OK\r\n"
#define HELLO     OK_LINE "Content-Length: 5\r\n\r\nhello"
#define CHUNKED   OK_LINE "Transfer-Encoding: chunked\r\n\r\n"

#define FLOOD_LEN 4096

static const mock_pki_t *pki;

/* --- names -------------------------------------------------------------- */

/*
 * The resolver of this process, APR's included: the tests ask no other, and
 * names can have the addresses that a test needs.
 */
static const struct {
    const char *name;
    const char *addresses[10];
} hosts[] = {
    {"localhost", {"127.0.0.1"}},
    {"one.test", {"127.0.0.1"}},
    {"two.test", {"127.0.0.2", "127.0.0.1"}},
    {"dual.test", {"::1", "127.0.0.1"}},
    {"many.test",
     {"127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2",
      "127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.1"}},
};

static struct addrinfo *make_address(const char *text, const char *service)
{
    struct addrinfo *info = calloc(1, sizeof(*info));
    struct sockaddr_in6 *v6 = calloc(1, sizeof(*v6));
    struct sockaddr_in *v4 = (struct sockaddr_in *)v6;
    apr_port_t port = service ? (apr_port_t)strtol(service, NULL, 10) : 0;

    info->ai_socktype = SOCK_STREAM;
    info->ai_addr = (struct sockaddr *)v6;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        info->ai_family = AF_INET;
        info->ai_addrlen = sizeof(*v4);
        return info;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        info->ai_family = AF_INET6;
        info->ai_addrlen = sizeof(*v6);
        return info;
    }
    freeaddrinfo(info);
    return NULL;
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints BEARER_UNUSED,
                struct addrinfo **out)
{
    struct addrinfo **next = out;
    apr_size_t i, j;

    *out = make_address(name, service);
    if (*out)
        return 0;
    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (strcmp(hosts[i].name, name) != 0)
            continue;
        for (j = 0; hosts[i].addresses[j]; j++) {
            *next = make_address(hosts[i].addresses[j], service);
            next = &(*next)->ai_next;
        }
        return 0;
    }
    return EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *info)
{
    while (info) {
        struct addrinfo *next = info->ai_next;

        free(info->ai_addr);
        free(info);
        info = next;
    }
}

/* --- one fetch ---------------------------------------------------------- */

static bearer_tls_t *trust(const char *ca_file, apr_pool_t *pool)
{
    bearer_tls_t *tls = NULL;
    bearer_note_t note = {""};

    unit_expect_reason(ca_file, bearer_tls_create(ca_file, &tls, &note, pool),
                       "ok");
    return tls;
}

static bearer_fetch_request_t request_for(const char *url, apr_pool_t *pool)
{
    bearer_fetch_request_t request = {0};

    request.url = url;
    request.http_loopback = true;
    request.timeout = PATIENT;
    request.connect = PATIENT;
    request.max_body = 1024;
    request.tls = trust(pki->ca_file, pool);
    return request;
}

/* also checks what every fetch has to leave behind */
static const bearer_http_response_t *expect_fetch(
    const char *name, const bearer_fetch_request_t *request, const char *want,
    bearer_note_t *note, apr_pool_t *pool)
{
    const bearer_http_response_t *response = NULL;
    bearer_note_t own = {""};

    note = note ? note : &own;
    unit_expect_reason(name, bearer_fetch_get(request, &response, note, pool),
                       want);
    unit_expect(name, (response != NULL) == (strcmp(want, "ok") == 0));
    unit_expect(name, ERR_peek_error() == 0);
    return response;
}

static const char *url_of(bool tls, const char *host, apr_port_t port,
                          apr_pool_t *pool)
{
    return apr_psprintf(pool, "http%s://%s:%d/keys?x=1", tls ? "s" : "", host,
                        (int)port);
}

/* --- the table ---------------------------------------------------------- */

/* when the time is up in a row that is about that */
typedef enum limit_t {
    NO_LIMIT,
    TOTAL,     /* the deadline is short */
    CONNECTING /* the connect time is short, the deadline is not */
} limit_t;

typedef enum authority_t { OUR_CA, OTHER_CA, BOTH_CAS, SYSTEM_CAS } authority_t;

typedef struct row_t {
    const char *name;
    mock_script_t script;
    const char *host; /* NULL: 127.0.0.1 */
    bool https;       /* as the client sees it; MOCK_PLAIN servers too */
    authority_t authority;
    bool proxied;
    limit_t limit;
    int verdict; /* of the certificate; its text is in the note */
    const char *want;
    int status;
    const char *body;
} row_t;

static const row_t good_rows[] = {
    {.name = "a length",
     .script = {.answer = HELLO},
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "a length, connection kept open",
     .script = {.answer = HELLO, .end = MOCK_HOLD},
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "chunks",
     .script = {.answer = CHUNKED "5\r\nhello\r\n0\r\n\r\n", .end = MOCK_HOLD},
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "HTTP/1.0 until the end",
     .script = {.answer = "HTTP/1.0 200 OK\r\n\r\nhello"},
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "bytes one by one",
     .script = {.drip = HELLO},
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "an answer that takes longer than connecting may",
     .script = {.drip = HELLO},
     .limit = CONNECTING,
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "100 Continue first",
     .script = {.answer = "HTTP/1.1 100 Continue\r\n\r\n" HELLO},
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "204",
     .script = {.answer = "HTTP/1.1 204 No Content\r\n\r\n", .end = MOCK_HOLD},
     .want = "ok",
     .status = 204,
     .body = ""},
    {.name = "304",
     .script = {.answer = "HTTP/1.1 304 Not Modified\r\n\r\n",
                .end = MOCK_HOLD},
     .want = "ok",
     .status = 304,
     .body = ""},
    {.name = "302 is not followed",
     .script = {.answer = "HTTP/1.1 302 Found\r\nLocation: /x\r\n"
                          "Content-Length: 0\r\n\r\n"},
     .want = "ok",
     .status = 302,
     .body = ""},
    {.name = "401 is an answer",
     .script = {.answer = "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic\r\n"
                          "Content-Length: 0\r\n\r\n"},
     .want = "ok",
     .status = 401,
     .body = ""},
    {.name = "404",
     .script = {.answer = "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno"},
     .want = "ok",
     .status = 404,
     .body = "no"},
    {.name = "500",
     .script = {.answer = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"},
     .want = "ok",
     .status = 500,
     .body = ""},
    {.name = "a name",
     .script = {.answer = HELLO},
     .host = "localhost",
     .want = "ok",
     .status = 200,
     .body = "hello"},

    {.name = "TLS to an address",
     .script = {.cert = MOCK_GOOD, .answer = HELLO},
     .https = true,
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "TLS to a name",
     .script = {.cert = MOCK_GOOD, .answer = HELLO},
     .https = true,
     .host = "one.test",
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "TLS, bytes one by one, kept open",
     .script = {.cert = MOCK_GOOD, .drip = HELLO, .end = MOCK_HOLD},
     .https = true,
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "TLS until close_notify",
     .script = {.cert = MOCK_GOOD, .answer = OK_LINE "\r\nhello"},
     .https = true,
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "TLS cut behind a length",
     .script = {.cert = MOCK_GOOD, .answer = HELLO, .end = MOCK_CUT},
     .https = true,
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "the authority is the second of the file",
     .script = {.cert = MOCK_GOOD, .answer = HELLO},
     .https = true,
     .authority = BOTH_CAS,
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "the authority is the first of the file",
     .script = {.cert = MOCK_OTHER_CA, .answer = HELLO},
     .https = true,
     .authority = BOTH_CAS,
     .want = "ok",
     .status = 200,
     .body = "hello"},

    {.name = "a tunnel",
     .script = {.tunnel = "HTTP/1.1 200 Connected\r\n\r\n",
                .cert = MOCK_GOOD,
                .answer = HELLO},
     .host = "far.test",
     .https = true,
     .proxied = true,
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "a tunnel by HTTP/1.0, with a length",
     .script = {.tunnel = "HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n",
                .cert = MOCK_GOOD,
                .answer = HELLO},
     .host = "far.test",
     .https = true,
     .proxied = true,
     .want = "ok",
     .status = 200,
     .body = "hello"},
    {.name = "a proxy without a tunnel",
     .script = {.answer = HELLO},
     .proxied = true,
     .want = "ok",
     .status = 200,
     .body = "hello"},
};

static const row_t bad_rows[] = {
    {.name = "truncated by length",
     .script = {.answer = OK_LINE "Content-Length: 6\r\n\r\nhello"},
     .want = "http_truncated"},
    {.name = "truncated in a chunk",
     .script = {.answer = CHUNKED "6\r\nhello"},
     .want = "http_truncated"},
    {.name = "truncated at the end of a chunk",
     .script = {.answer = CHUNKED "5\r\nhello\r\n"},
     .want = "http_truncated"},
    {.name = "closed without an answer",
     .script = {.answer = NULL},
     .want = "http_truncated"},
    {.name = "not HTTP",
     .script = {.answer = "SSH-2.0-x\r\n", .end = MOCK_HOLD},
     .want = "http_form"},
    {.name = "length and chunks",
     .script = {.answer = OK_LINE "Content-Length: 5\r\nTransfer-Encoding: "
                                  "chunked\r\n\r\n",
                .end = MOCK_HOLD},
     .want = "http_form"},
    {.name = "gzip although not asked for",
     .script = {.answer = OK_LINE "Content-Encoding: gzip\r\n"
                                  "Content-Length: 2\r\n\r\n\x1f\x8b",
                .end = MOCK_HOLD},
     .want = "http_encoding"},
    {.name = "a header without an end",
     .script = {.answer = OK_LINE, .flood = "X: yyyyyyyyyyyyyyyyyyyyyyyy\r\n"},
     .want = "http_header_size"},
    {.name = "interim answers without an end",
     .script = {.flood = "HTTP/1.1 100 Continue\r\n\r\n"},
     .want = "http_form"},
    {.name = "a length over the limit",
     .script = {.answer = OK_LINE "Content-Length: 1025\r\n\r\n",
                .end = MOCK_HOLD},
     .want = "http_body_size"},
    {.name = "chunks over the limit",
     .script = {.answer = CHUNKED, .flood = "5\r\nhello\r\n"},
     .want = "http_body_size"},
    {.name = "a body without an end",
     .script = {.answer = OK_LINE "\r\n", .flood = "hello"},
     .want = "http_body_size"},
    {.name = "reset in the body",
     .script = {.answer = OK_LINE "Content-Length: 9\r\n\r\nhello",
                .end = MOCK_RESET},
     .want = "fetch_io"},
    {.name = "reset in the body, TLS",
     .script = {.cert = MOCK_GOOD,
                .answer = OK_LINE "Content-Length: 9\r\n\r\nhello",
                .end = MOCK_RESET},
     .https = true,
     .want = "fetch_io"},

    {.name = "TLS cut without close_notify, no length",
     .script = {.cert = MOCK_GOOD,
                .answer = OK_LINE "\r\nhello",
                .end = MOCK_CUT},
     .https = true,
     .want = "http_truncated"},
    {.name = "TLS closed too early",
     .script = {.cert = MOCK_GOOD,
                .answer = OK_LINE "Content-Length: 6\r\n\r\nhello"},
     .https = true,
     .want = "http_truncated"},
    {.name = "a header without an end, TLS",
     .script = {.cert = MOCK_GOOD,
                .answer = OK_LINE,
                .flood = "X: yyyyyyyyyyyyyyyyyyyyyyyy\r\n"},
     .https = true,
     .want = "http_header_size"},
    {.name = "a wrong name",
     .script = {.cert = MOCK_WRONG_NAME, .answer = HELLO},
     .https = true,
     .host = "one.test",
     .verdict = X509_V_ERR_HOSTNAME_MISMATCH,
     .want = "fetch_tls"},
    {.name = "a wrong address",
     .script = {.cert = MOCK_WRONG_NAME, .answer = HELLO},
     .https = true,
     .verdict = X509_V_ERR_IP_ADDRESS_MISMATCH,
     .want = "fetch_tls"},
    {.name = "the name only as the common name",
     .script = {.cert = MOCK_COMMON_NAME, .answer = HELLO},
     .https = true,
     .host = "one.test",
     .verdict = X509_V_ERR_HOSTNAME_MISMATCH,
     .want = "fetch_tls"},
    {.name = "expired",
     .script = {.cert = MOCK_EXPIRED, .answer = HELLO},
     .https = true,
     .verdict = X509_V_ERR_CERT_HAS_EXPIRED,
     .want = "fetch_tls"},
    {.name = "not yet valid",
     .script = {.cert = MOCK_NOT_YET, .answer = HELLO},
     .https = true,
     .verdict = X509_V_ERR_CERT_NOT_YET_VALID,
     .want = "fetch_tls"},
    {.name = "self-signed",
     .script = {.cert = MOCK_SELF_SIGNED, .answer = HELLO},
     .https = true,
     .verdict = X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
     .want = "fetch_tls"},
    {.name = "an unknown authority",
     .script = {.cert = MOCK_OTHER_CA, .answer = HELLO},
     .https = true,
     .verdict = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     .want = "fetch_tls"},
    {.name = "an authority that the system does not know",
     .script = {.cert = MOCK_GOOD, .answer = HELLO},
     .https = true,
     .authority = SYSTEM_CAS,
     .verdict = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     .want = "fetch_tls"},
    {.name = "TLS 1.1",
     .script = {.cert = MOCK_OLD_TLS, .answer = HELLO},
     .https = true,
     .want = "fetch_tls"},
    {.name = "plain HTTP where TLS should be",
     .script = {.eager = true, .answer = HELLO, .end = MOCK_HOLD},
     .https = true,
     .want = "fetch_tls"},
    {.name = "reset in the handshake",
     .script = {.deaf = true, .end = MOCK_RESET},
     .https = true,
     .want = "fetch_tls"},
    {.name = "closed in the handshake",
     .script = {.deaf = true, .end = MOCK_CUT},
     .https = true,
     .want = "fetch_tls"},
    {.name = "a proxy that breaks the tunnel",
     .script = {.tunnel = "HTTP/1.1 200 Connected\r\n\r\n",
                .tunnel_only = true,
                .end = MOCK_BREAK},
     .host = "far.test",
     .https = true,
     .proxied = true,
     .want = "fetch_tls"},

    {.name = "a proxy that refuses",
     .script = {.tunnel = "HTTP/1.1 407 Who\r\nContent-Length: 9\r\n\r\n",
                .tunnel_only = true,
                .end = MOCK_HOLD},
     .host = "far.test",
     .https = true,
     .proxied = true,
     .want = "fetch_proxy"},
    {.name = "a proxy that answers nonsense",
     .script = {.tunnel = "hello\r\n", .tunnel_only = true, .end = MOCK_HOLD},
     .host = "far.test",
     .https = true,
     .proxied = true,
     .want = "fetch_proxy"},
    {.name = "a proxy that hangs up",
     .script = {.tunnel = "", .tunnel_only = true},
     .host = "far.test",
     .https = true,
     .proxied = true,
     .want = "fetch_proxy"},
    {.name = "a tunnel to somebody else",
     .script = {.tunnel = "HTTP/1.1 200 Connected\r\n\r\n",
                .cert = MOCK_WRONG_NAME,
                .answer = HELLO},
     .host = "far.test",
     .https = true,
     .proxied = true,
     .verdict = X509_V_ERR_HOSTNAME_MISMATCH,
     .want = "fetch_tls"},

    {.name = "a silent server",
     .script = {.end = MOCK_HOLD},
     .limit = TOTAL,
     .want = "fetch_timeout"},
    {.name = "a silent server, TLS",
     .script = {.cert = MOCK_GOOD, .end = MOCK_HOLD},
     .https = true,
     .limit = TOTAL,
     .want = "fetch_timeout"},
    {.name = "a header byte by byte",
     .script = {.answer = OK_LINE "X: ",
                .drip = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                .end = MOCK_HOLD},
     .limit = TOTAL,
     .want = "fetch_timeout"},
    {.name = "a body byte by byte",
     .script = {.answer = OK_LINE "Content-Length: 200\r\n\r\n",
                .drip = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                .end = MOCK_HOLD},
     .limit = TOTAL,
     .want = "fetch_timeout"},
    {.name = "a TLS hole",
     .script = {.deaf = true, .end = MOCK_HOLD},
     .https = true,
     .limit = CONNECTING,
     .want = "fetch_timeout"},
    {.name = "a silent proxy",
     .script = {.deaf = true, .end = MOCK_HOLD},
     .host = "far.test",
     .https = true,
     .proxied = true,
     .limit = CONNECTING,
     .want = "fetch_timeout"},
    {.name = "a TLS hole behind a proxy",
     .script = {.tunnel = "HTTP/1.1 200 Connected\r\n\r\n",
                .tunnel_only = true,
                .end = MOCK_HOLD},
     .host = "far.test",
     .https = true,
     .proxied = true,
     .limit = CONNECTING,
     .want = "fetch_timeout"},
};

static bearer_tls_t *authority_of(const row_t *row, apr_pool_t *pool)
{
    if (row->authority == SYSTEM_CAS)
        return trust(NULL, pool);
    if (row->authority == BOTH_CAS)
        return trust(pki->both_file, pool);
    return trust(pki->ca_file, pool);
}

static void run_row(const row_t *row, apr_pool_t *pool)
{
    mock_t *mock = mock_start(&row->script, pki, 0, pool);
    const char *host = row->host ? row->host : "127.0.0.1";
    bearer_fetch_request_t request;
    const bearer_http_response_t *response;
    bearer_note_t note = {""};

    unit_expect(row->name, mock != NULL);
    request =
        request_for(url_of(row->https, host, mock_port(mock), pool), pool);
    request.tls = authority_of(row, pool);
    if (row->proxied)
        request.proxy =
            apr_psprintf(pool, "http://127.0.0.1:%d", (int)mock_port(mock));
    if (row->limit == TOTAL)
        request.timeout = SHORT;
    if (row->limit == CONNECTING)
        request.connect = SHORT;
    response = expect_fetch(row->name, &request, row->want, &note, pool);
    mock_stop(mock);

    unit_expect(row->name, mock_connections(mock) == 1);
    if (row->verdict
        && !strstr(note.text, X509_verify_cert_error_string(row->verdict)))
        fail_msg("%s: the note says \"%s\"", row->name, note.text);
    if (!response)
        return;
    unit_expect(row->name, response->status == row->status);
    unit_expect(row->name, strcmp(response->body.data, row->body) == 0);
}

static void fetch_gets_what_is_there(void **state)
{
    apr_size_t i;

    for (i = 0; i < sizeof(good_rows) / sizeof(good_rows[0]); i++)
        run_row(&good_rows[i], *state);
}

static void fetch_refuses_what_is_wrong(void **state)
{
    apr_size_t i;

    for (i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++)
        run_row(&bad_rows[i], *state);
}

/* --- what is sent ------------------------------------------------------- */

static void fetch_sends_one_plain_get(void **state)
{
    static const mock_script_t script = {.answer = HELLO};
    mock_t *mock = mock_start(&script, pki, 0, *state);
    bearer_fetch_request_t request = request_for(
        url_of(false, "localhost", mock_port(mock), *state), *state);
    const char *want =
        apr_psprintf(*state,
                     "GET /keys?x=1 HTTP/1.1\r\n"
                     "Host: localhost:%d\r\n"
                     "User-Agent: mod_auth_bearer\r\n"
                     "Accept: application/json, application/jwk-set+json\r\n"
                     "Accept-Encoding: identity\r\n"
                     "Connection: close\r\n\r\n",
                     (int)mock_port(mock));

    (void)expect_fetch("plain", &request, "ok", NULL, *state);
    mock_stop(mock);
    assert_string_equal(mock_request(mock), want);
}

static const char *sent_with_etag(const char *etag, apr_pool_t *pool)
{
    static const mock_script_t script = {
        .answer = "HTTP/1.1 304 Not Modified\r\nETag: \"b\"\r\n\r\n"};
    mock_t *mock = mock_start(&script, pki, 0, pool);
    bearer_fetch_request_t request =
        request_for(url_of(false, "127.0.0.1", mock_port(mock), pool), pool);
    const bearer_http_response_t *response;

    request.etag = etag;
    response = expect_fetch(etag, &request, "ok", NULL, pool);
    mock_stop(mock);
    assert_int_equal(response->status, 304);
    assert_string_equal(response->etag, "\"b\"");
    return mock_request(mock);
}

static void fetch_sends_the_validator(void **state)
{
    assert_non_null(strstr(sent_with_etag("W/\"a b\"", *state),
                           "\r\nIf-None-Match: W/\"a b\"\r\n"));
}

static void fetch_sends_no_validator_that_cuts_the_request(void **state)
{
    assert_null(strstr(sent_with_etag("a\r\nEvil: 1", *state), "Evil"));
    assert_null(strstr(sent_with_etag("", *state), "If-None-Match"));
}

static void fetch_tells_the_server_names_only(void **state)
{
    static const mock_script_t script = {.cert = MOCK_GOOD, .answer = HELLO};
    static const char *const names[][2] = {
        {"one.test", "one.test"},
        {"127.0.0.1", ""},
    };
    apr_size_t i;

    for (i = 0; i < 2; i++) {
        mock_t *mock = mock_start(&script, pki, 0, *state);
        bearer_fetch_request_t request = request_for(
            url_of(true, names[i][0], mock_port(mock), *state), *state);

        (void)expect_fetch(names[i][0], &request, "ok", NULL, *state);
        mock_stop(mock);
        assert_string_equal(mock_name(mock), names[i][1]);
    }
}

static void fetch_asks_the_proxy_for_a_tunnel(void **state)
{
    static const mock_script_t script = {.tunnel =
                                             "HTTP/1.1 200 Connected\r\n\r\n",
                                         .cert = MOCK_GOOD,
                                         .answer = HELLO};
    mock_t *mock = mock_start(&script, pki, 0, *state);
    /* nobody but the proxy may resolve the target: this name does not */
    bearer_fetch_request_t request =
        request_for("https://far.test/keys", *state);

    request.proxy =
        apr_psprintf(*state, "http://localhost:%d/", (int)mock_port(mock));
    (void)expect_fetch("tunnel", &request, "ok", NULL, *state);
    mock_stop(mock);
    assert_string_equal(mock_tunnel_request(mock),
                        "CONNECT far.test:443 HTTP/1.1\r\n"
                        "Host: far.test:443\r\n"
                        "User-Agent: mod_auth_bearer\r\n\r\n");
    assert_non_null(strstr(mock_request(mock), "GET /keys HTTP/1.1\r\n"
                                               "Host: far.test\r\n"));
    assert_string_equal(mock_name(mock), "far.test");
}

static void fetch_connects_to_another_address(void **state)
{
    static const mock_script_t script = {.cert = MOCK_GOOD, .answer = HELLO};
    mock_t *mock = mock_start(&script, pki, 0, *state);
    /* no resolver knows the name, which the certificate has */
    bearer_fetch_request_t request =
        request_for("https://api.cluster.test/keys", *state);

    request.address =
        apr_psprintf(*state, "127.0.0.1:%d", (int)mock_port(mock));
    (void)expect_fetch("address", &request, "fetch_tls", NULL, *state);
    mock_stop(mock);
    assert_string_equal(mock_name(mock), "api.cluster.test");
    mock = mock_start(&script, pki, 0, *state);
    request.url = "https://one.test/keys";
    request.address =
        apr_psprintf(*state, "127.0.0.1:%d", (int)mock_port(mock));
    (void)expect_fetch("address", &request, "ok", NULL, *state);
    mock_stop(mock);
    assert_string_equal(mock_name(mock), "one.test");
    assert_non_null(strstr(mock_request(mock), "\r\nHost: one.test\r\n"));
    /* the name of the URL is what counts */
    mock = mock_start(&script, pki, 0, *state);
    request.url = "https://other.example/keys";
    request.address =
        apr_psprintf(*state, "127.0.0.1:%d", (int)mock_port(mock));
    (void)expect_fetch("another name", &request, "fetch_tls", NULL, *state);
    mock_stop(mock);
    assert_string_equal(mock_request(mock), "");
}

static void fetch_tunnels_to_another_address(void **state)
{
    static const mock_script_t script = {.tunnel =
                                             "HTTP/1.1 200 Connected\r\n\r\n",
                                         .cert = MOCK_GOOD,
                                         .answer = HELLO};
    mock_t *mock = mock_start(&script, pki, 0, *state);
    bearer_fetch_request_t request =
        request_for("https://one.test/keys", *state);

    request.proxy =
        apr_psprintf(*state, "http://localhost:%d/", (int)mock_port(mock));
    request.address = "far.test:6443";
    request.headers = "Authorization: Bearer a\r\n";
    (void)expect_fetch("tunnel", &request, "ok", NULL, *state);
    mock_stop(mock);
    /* the proxy learns where to, and nothing of who we are */
    assert_string_equal(mock_tunnel_request(mock),
                        "CONNECT far.test:6443 HTTP/1.1\r\n"
                        "Host: far.test:6443\r\n"
                        "User-Agent: mod_auth_bearer\r\n\r\n");
    assert_non_null(strstr(mock_request(mock),
                           "\r\nAuthorization: Bearer a\r\nConnection: "
                           "close\r\n\r\n"));
}

static void fetch_says_who_we_are_in_secret_only(void **state)
{
    static const struct {
        const char *name, *url, *address, *proxy, *headers, *want;
    } cases[] = {
        {"an address without TLS", "http://127.0.0.1:1/", "127.0.0.1:1", NULL,
         NULL, "fetch_credentials"},
        {"who we are through a proxy without TLS", "http://127.0.0.1:1/", NULL,
         "http://127.0.0.1:1", "A: b\r\n", "fetch_credentials"},
        {"nothing through a proxy without TLS", "http://127.0.0.1:1/", NULL,
         "http://127.0.0.1:1", NULL, "fetch_connect"},
        {"who we are to the loopback", "http://127.0.0.1:1/", NULL, NULL,
         "A: b\r\n", "fetch_connect"},
        {"not an address", "https://127.0.0.1:1/", "127.0.0.1", NULL, NULL,
         "url_form"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_fetch_request_t request = request_for(cases[i].url, *state);

        request.address = cases[i].address;
        request.proxy = cases[i].proxy;
        request.headers = cases[i].headers;
        (void)expect_fetch(cases[i].name, &request, cases[i].want, NULL,
                           *state);
    }
}

static void fetch_writes_addresses_of_six_with_brackets(void **state)
{
    static const mock_script_t script = {.tunnel = "HTTP/1.1 403 No\r\n\r\n",
                                         .tunnel_only = true};
    mock_t *mock = mock_start(&script, pki, 0, *state);
    bearer_fetch_request_t request = request_for("https://[::2]/x", *state);

    request.proxy =
        apr_psprintf(*state, "http://127.0.0.1:%d", (int)mock_port(mock));
    (void)expect_fetch("brackets", &request, "fetch_proxy", NULL, *state);
    mock_stop(mock);
    assert_non_null(strstr(mock_tunnel_request(mock),
                           "CONNECT [::2]:443 HTTP/1.1\r\nHost: [::2]:443\r"));
}

static void fetch_tells_a_proxy_the_whole_address(void **state)
{
    static const mock_script_t script = {.answer = HELLO};
    mock_t *mock = mock_start(&script, pki, 0, *state);
    bearer_fetch_request_t request =
        request_for("http://localhost/keys", *state);

    request.proxy =
        apr_psprintf(*state, "http://127.0.0.1:%d", (int)mock_port(mock));
    (void)expect_fetch("absolute form", &request, "ok", NULL, *state);
    mock_stop(mock);
    assert_non_null(strstr(mock_request(mock),
                           "GET http://localhost/keys HTTP/1.1\r\n"
                           "Host: localhost\r\n"));
}

/* --- addresses ---------------------------------------------------------- */

static void fetch_refuses_addresses_before_it_connects(void **state)
{
    static const struct {
        const char *url;
        const char *proxy;
        bool http_loopback;
        const char *want;
    } cases[] = {
        {"keys", NULL, true, "url_form"},
        {"http://localhost/", NULL, false, "url_scheme"},
        {"http://one.test/", NULL, true, "url_scheme"},
        {"https://a@one.test/", NULL, true, "url_parts"},
        {"https://one.test/", "https://one.test:1", true, "url_scheme"},
        {"https://one.test/", "http://one.test:1/x", true, "url_parts"},
        {"https://one.test/", "one.test:1", true, "url_form"},
        {"https://none.test/", NULL, true, "fetch_resolve"},
        {"https://one.test/", "http://none.test:1", true, "fetch_resolve"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_fetch_request_t request = request_for(cases[i].url, *state);

        request.proxy = cases[i].proxy;
        request.http_loopback = cases[i].http_loopback;
        (void)expect_fetch(cases[i].url, &request, cases[i].want, NULL, *state);
    }
}

static void fetch_reports_a_refused_connection(void **state)
{
    mock_blocker_t *blocker = mock_blocker_start(false, "127.0.0.1", 0, *state);
    apr_port_t port = mock_blocker_port(blocker);
    bearer_fetch_request_t request =
        request_for(url_of(false, "127.0.0.1", port, *state), *state);
    bearer_note_t note = {""};

    (void)expect_fetch("direct", &request, "fetch_connect", &note, *state);
    assert_non_null(strstr(note.text, "127.0.0.1"));
    request.url = "https://far.test/";
    request.proxy = apr_psprintf(*state, "http://127.0.0.1:%d", (int)port);
    (void)expect_fetch("proxy", &request, "fetch_connect", NULL, *state);
    mock_blocker_stop(blocker);
}

static void fetch_gives_up_on_a_slow_connection(void **state)
{
    mock_blocker_t *blocker = mock_blocker_start(true, "127.0.0.1", 0, *state);
    bearer_fetch_request_t request;

    if (!blocker) {
        print_message("no address here that lets a connection hang\n");
        skip();
    }
    request = request_for(
        url_of(false, "127.0.0.1", mock_blocker_port(blocker), *state), *state);
    request.connect = SHORT;
    (void)expect_fetch("connect time", &request, "fetch_timeout", NULL, *state);
    request.connect = PATIENT;
    request.timeout = SHORT;
    (void)expect_fetch("deadline", &request, "fetch_timeout", NULL, *state);
    mock_blocker_stop(blocker);
}

/* the server on 127.0.0.1, something unhelpful on the address before it */
static void expect_second(const char *host, const char *first, bool full,
                          const char *want, apr_pool_t *pool)
{
    static const mock_script_t script = {.answer = HELLO, .cert = MOCK_GOOD};
    mock_t *mock = mock_start(&script, pki, 0, pool);
    mock_blocker_t *blocker =
        mock_blocker_start(full, first, mock_port(mock), pool);
    bearer_fetch_request_t request;

    if (!blocker) {
        mock_stop(mock);
        print_message("%s cannot be had here\n", first);
        skip();
    }
    request = request_for(url_of(true, host, mock_port(mock), pool), pool);
    if (full)
        request.connect = apr_time_from_msec(600);
    (void)expect_fetch(host, &request, want, NULL, pool);
    mock_stop(mock);
    mock_blocker_stop(blocker);
}

static void fetch_takes_the_second_address(void **state)
{
    expect_second("two.test", "127.0.0.2", false, "ok", *state);
}

static void fetch_leaves_a_hanging_address_in_time(void **state)
{
    expect_second("two.test", "127.0.0.2", true, "ok", *state);
}

static void fetch_takes_the_second_family(void **state)
{
    expect_second("dual.test", "::1", false, "ok", *state);
}

static void fetch_tries_a_limited_number_of_addresses(void **state)
{
    expect_second("many.test", "127.0.0.2", false, "fetch_connect", *state);
}

static void fetch_succeeds_without_a_note(void **state)
{
    static const mock_script_t script = {.answer = HELLO, .cert = MOCK_GOOD};
    mock_t *mock = mock_start(&script, pki, 0, *state);
    mock_blocker_t *blocker =
        mock_blocker_start(false, "127.0.0.2", mock_port(mock), *state);
    bearer_fetch_request_t request =
        request_for(url_of(true, "two.test", mock_port(mock), *state), *state);
    const bearer_http_response_t *response;
    bearer_note_t note = {""};

    assert_non_null(blocker);
    (void)expect_fetch("with", &request, "ok", &note, *state);
    assert_string_equal(note.text, "");
    unit_expect_reason(
        "none", bearer_fetch_get(&request, &response, NULL, *state), "ok");
    mock_stop(mock);
    unit_expect_reason("none",
                       bearer_fetch_get(&request, &response, NULL, *state),
                       "fetch_connect");
    mock_blocker_stop(blocker);
}

static void fetch_takes_the_second_address_after_a_wrong_one(void **state)
{
    static const mock_script_t good = {.answer = HELLO, .cert = MOCK_GOOD};
    static const mock_script_t bad = {
        .address = "127.0.0.2", .answer = HELLO, .cert = MOCK_EXPIRED};
    mock_t *mock = mock_start(&good, pki, 0, *state);
    mock_t *wrong = mock_start(&bad, pki, mock_port(mock), *state);
    bearer_fetch_request_t request =
        request_for(url_of(true, "two.test", mock_port(mock), *state), *state);

    assert_non_null(wrong);
    (void)expect_fetch("expired, then good", &request, "ok", NULL, *state);
    mock_stop(mock);
    mock_stop(wrong);
    assert_int_equal(mock_connections(wrong), 1);
}

static void fetch_does_not_hide_a_failure_behind_a_refusal(void **state)
{
    static const mock_script_t bad = {
        .address = "127.0.0.2", .answer = HELLO, .cert = MOCK_EXPIRED};
    mock_t *wrong = mock_start(&bad, pki, 0, *state);
    mock_blocker_t *blocker =
        mock_blocker_start(false, "127.0.0.1", mock_port(wrong), *state);
    bearer_fetch_request_t request =
        request_for(url_of(true, "two.test", mock_port(wrong), *state), *state);
    bearer_note_t note = {""};

    assert_non_null(blocker);
    (void)expect_fetch("expired, then refused", &request, "fetch_tls", &note,
                       *state);
    mock_stop(wrong);
    mock_blocker_stop(blocker);
    assert_non_null(strstr(
        note.text, X509_verify_cert_error_string(X509_V_ERR_CERT_HAS_EXPIRED)));
}

static void fetch_reads_from_an_address_of_six(void **state)
{
    static const mock_script_t script = {
        .address = "::1", .answer = HELLO, .cert = MOCK_GOOD};
    mock_t *mock = mock_start(&script, pki, 0, *state);
    bearer_fetch_request_t request;

    if (!mock) {
        print_message("no IPv6 here\n");
        skip();
    }
    request =
        request_for(url_of(true, "[::1]", mock_port(mock), *state), *state);
    (void)expect_fetch("[::1]", &request, "ok", NULL, *state);
    mock_stop(mock);
    assert_non_null(
        strstr(mock_request(mock), apr_psprintf(*state, "Host: [::1]:%d\r\n",
                                                (int)mock_port(mock))));
    assert_string_equal(mock_name(mock), "");
}

/* --- time, stop, trust -------------------------------------------------- */

static void fetch_keeps_the_deadline_when_the_peer_never_stops(void **state)
{
    /* a byte of body for many bytes of framing: no limit is met soon */
    char *flood = apr_palloc(*state, FLOOD_LEN + 1);
    mock_script_t script = {.answer = CHUNKED, .flood = flood};
    bearer_fetch_request_t request;
    mock_t *mock;
    int i;

    memset(flood, 'x', FLOOD_LEN);
    for (i = 0; i + 256 <= FLOOD_LEN; i += 256) {
        memcpy(flood + i, "1;", 2);
        memcpy(flood + i + 251, "\r\na\r\n", 5);
    }
    flood[FLOOD_LEN] = '\0';
    mock = mock_start(&script, pki, 0, *state);
    request = request_for(url_of(false, "127.0.0.1", mock_port(mock), *state),
                          *state);
    request.timeout = SHORT;
    request.max_body = 1 << 30;
    (void)expect_fetch("flood", &request, "fetch_timeout", NULL, *state);
    mock_stop(mock);
}

static void fetch_does_nothing_when_it_is_stopped(void **state)
{
    static const mock_script_t script = {.answer = HELLO};
    static const apr_uint32_t stop = 1;
    mock_t *mock = mock_start(&script, pki, 0, *state);
    bearer_fetch_request_t request = request_for(
        url_of(false, "127.0.0.1", mock_port(mock), *state), *state);

    request.stop = &stop;
    (void)expect_fetch("stopped", &request, "fetch_stopped", NULL, *state);
    mock_stop(mock);
}

static void *stop_soon(void *data)
{
    apr_sleep(apr_time_from_msec(100));
    apr_atomic_set32(data, 1);
    return NULL;
}

/* if the flag is not seen, the deadline decides, with another reason */
static void expect_stopped(const char *name, const mock_script_t *script,
                           bool tls, apr_pool_t *pool)
{
    mock_t *mock = mock_start(script, pki, 0, pool);
    bearer_fetch_request_t request =
        request_for(url_of(tls, "127.0.0.1", mock_port(mock), pool), pool);
    apr_uint32_t stop = 0;
    pthread_t thread;

    request.stop = &stop;
    request.timeout = request.connect = apr_time_from_sec(5);
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    (void)expect_fetch(name, &request, "fetch_stopped", NULL, pool);
    pthread_join(thread, NULL);
    mock_stop(mock);
}

static void fetch_stops_soon(void **state)
{
    static const mock_script_t silent = {.end = MOCK_HOLD};
    static const mock_script_t deaf = {.deaf = true, .end = MOCK_HOLD};

    expect_stopped("reading", &silent, false, *state);
    expect_stopped("handshake", &deaf, true, *state);
}

static void fetch_refuses_https_without_trust(void **state)
{
    static const mock_script_t script = {.answer = HELLO};
    mock_t *mock = mock_start(&script, pki, 0, *state);
    bearer_fetch_request_t request =
        request_for(url_of(true, "127.0.0.1", mock_port(mock), *state), *state);

    request.tls = NULL;
    (void)expect_fetch("no trust", &request, "fetch_tls", NULL, *state);
    mock_stop(mock);
}

/* --- threads and leaks -------------------------------------------------- */

/* one fetching thread */
typedef struct fetcher_t {
    bearer_fetch_request_t request;
    apr_pool_t *pool;
    int good;
} fetcher_t;

static void *fetch_often(void *data)
{
    fetcher_t *fetcher = data;
    int i;

    for (i = 0; i < 8; i++) {
        const bearer_http_response_t *response;
        bearer_note_t note;

        if (bearer_fetch_get(&fetcher->request, &response, &note, fetcher->pool)
            == BEARER_OK)
            fetcher->good++;
    }
    return NULL;
}

static void fetch_shares_trust_between_threads(void **state)
{
    static const mock_script_t script = {.answer = HELLO, .cert = MOCK_GOOD};
    mock_t *mock = mock_start(&script, pki, 0, *state);
    fetcher_t fetchers[4];
    pthread_t threads[4];
    int i;

    for (i = 0; i < 4; i++) {
        memset(&fetchers[i], 0, sizeof(fetchers[i]));
        assert_int_equal(apr_pool_create(&fetchers[i].pool, NULL), 0);
        fetchers[i].request = request_for(
            url_of(true, "one.test", mock_port(mock), *state), *state);
        fetchers[i].request.tls = fetchers[0].request.tls;
        assert_int_equal(
            pthread_create(&threads[i], NULL, fetch_often, &fetchers[i]), 0);
    }
    for (i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        apr_pool_destroy(fetchers[i].pool);
        assert_int_equal(fetchers[i].good, 8);
    }
    mock_stop(mock);
}

static int open_files(void)
{
    int fd, count = 0;

    for (fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void fetch_leaves_nothing_open(void **state)
{
    int before = open_files();

    run_row(&good_rows[0], *state);
    run_row(&bad_rows[0], *state);
    fetch_reports_a_refused_connection(state);
    fetch_does_not_hide_a_failure_behind_a_refusal(state);
    assert_int_equal(open_files(), before);
}

/* --- all of it ---------------------------------------------------------- */

static int group_setup(void **state)
{
    return mock_group_setup(state, &pki);
}

static int group_teardown(void **state)
{
    return unit_teardown(state);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit_row(fetch_gets_what_is_there),
        unit_row(fetch_refuses_what_is_wrong),
        unit_row(fetch_sends_one_plain_get),
        unit_row(fetch_sends_the_validator),
        unit_row(fetch_sends_no_validator_that_cuts_the_request),
        unit_row(fetch_tells_the_server_names_only),
        unit_row(fetch_asks_the_proxy_for_a_tunnel),
        unit_row(fetch_connects_to_another_address),
        unit_row(fetch_tunnels_to_another_address),
        unit_row(fetch_says_who_we_are_in_secret_only),
        unit_row(fetch_writes_addresses_of_six_with_brackets),
        unit_row(fetch_tells_a_proxy_the_whole_address),
        unit_row(fetch_refuses_addresses_before_it_connects),
        unit_row(fetch_reports_a_refused_connection),
        unit_row(fetch_gives_up_on_a_slow_connection),
        unit_row(fetch_takes_the_second_address),
        unit_row(fetch_leaves_a_hanging_address_in_time),
        unit_row(fetch_takes_the_second_family),
        unit_row(fetch_tries_a_limited_number_of_addresses),
        unit_row(fetch_succeeds_without_a_note),
        unit_row(fetch_takes_the_second_address_after_a_wrong_one),
        unit_row(fetch_does_not_hide_a_failure_behind_a_refusal),
        unit_row(fetch_reads_from_an_address_of_six),
        unit_row(fetch_keeps_the_deadline_when_the_peer_never_stops),
        unit_row(fetch_does_nothing_when_it_is_stopped),
        unit_row(fetch_stops_soon),
        unit_row(fetch_refuses_https_without_trust),
        unit_row(fetch_shares_trust_between_threads),
        unit_row(fetch_leaves_nothing_open),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
