/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/net/fetch.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/clock.h"
#include "bearer/base/str.h"
#include "bearer/net/conn.h"
#include "bearer/text/url.h"

#define USER_AGENT "mod_auth_bearer"

/* what is to be done, and by when */
typedef struct plan_t {
    const bearer_fetch_request_t *request;
    bearer_url_t url;
    bearer_url_t target; /* what is connected to, or tunnelled to */
    bearer_url_t proxy;
    bool proxied;
    bearer_note_t *note;
    apr_time_t deadline;
} plan_t;

/* --- talking ------------------------------------------------------------ */

static bearer_reason_t receive(bearer_conn_t *conn, bearer_http_t *http)
{
    bool done = false, clean = false;
    bearer_reason_t why;
    char buf[4096];

    while (!done) {
        bearer_str_t bytes = {buf, 0};

        why = bearer_conn_read(conn, buf, sizeof(buf), &bytes.len, &clean);
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
static bearer_reason_t tunnel(bearer_conn_t *conn, const bearer_url_t *url)
{
    const char *form = strchr(url->host, ':') ? "[%s]:%d" : "%s:%d";
    const char *target = apr_psprintf(conn->pool, form, url->host, url->port);
    bearer_http_t *http = bearer_http_create(0, conn->pool);
    bearer_reason_t why;
    int status;

    conn->doing = "tunnelling through";
    bearer_http_expect_no_body(http);
    why = bearer_conn_write(conn,
                            apr_psprintf(conn->pool,
                                         "CONNECT %s HTTP/1.1\r\n"
                                         "Host: %s\r\n"
                                         "User-Agent: " USER_AGENT "\r\n\r\n",
                                         target, target));
    if (!why)
        why = receive(conn, http);
    if (why == BEARER_FETCH_TIMEOUT || why == BEARER_FETCH_STOPPED)
        return why;
    if (why)
        return bearer_conn_fail(conn, BEARER_FETCH_PROXY,
                                bearer_error_find(why)->sentence);
    status = bearer_http_response(http)->status;
    if (status / 100 != 2)
        return bearer_conn_fail(conn, BEARER_FETCH_PROXY,
                                apr_psprintf(conn->pool, "status %d", status));
    return BEARER_OK;
}

/* 1 TCP, 2 the proxy's tunnel, 3 TLS; plain http needs no tunnel */
static bearer_reason_t open_one(const plan_t *plan, apr_sockaddr_t *address,
                                bearer_conn_t *conn)
{
    bearer_reason_t why;

    conn->doing = "connecting to";
    why = bearer_conn_dial(conn, address);
    if (why || !plan->url.tls)
        return why;
    if (plan->proxied)
        why = tunnel(conn, &plan->target);
    if (why)
        return why;
    conn->doing = apr_psprintf(conn->pool, "TLS with %s %s", plan->url.host,
                               plan->proxied ? "through" : "at");
    return bearer_conn_secure(conn, plan->request->tls, plan->url.host);
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
                                   bearer_conn_t **out, apr_pool_t *pool)
{
    bearer_reason_t why;
    apr_pool_t *own;
    bearer_conn_t *conn;

    note->text[0] = '\0';
    if (apr_pool_create(&own, pool) != APR_SUCCESS)
        return BEARER_NO_MEMORY;
    conn = apr_pcalloc(own, sizeof(*conn));
    conn->pool = own;
    conn->stop = plan->request->stop;
    conn->note = note;
    conn->until = until;
    conn->pair = plan->request->pair;
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
                                     apr_sockaddr_t *address,
                                     bearer_conn_t **out, apr_pool_t *pool)
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

static bearer_reason_t open_connection(const plan_t *plan, bearer_conn_t **out,
                                       apr_pool_t *pool)
{
    const bearer_url_t *peer = plan->proxied ? &plan->proxy : &plan->target;
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
    const char *headers = plan->request->headers;

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
                       condition, headers ? headers : "",
                       "Connection: close\r\n\r\n", NULL);
}

static void look_at(const bearer_conn_t *conn, bearer_fetch_seen_t *seen)
{
    if (!bearer_tls_find_end(conn->tls, &seen->certificate_end))
        seen->certificate_end = 0;
}

static bearer_reason_t exchange(const plan_t *plan, bearer_conn_t *conn,
                                const bearer_http_response_t **out,
                                apr_pool_t *pool)
{
    bearer_http_t *http = bearer_http_create(plan->request->max_body, pool);
    bearer_reason_t why;

    if (plan->request->seen && conn->tls)
        look_at(conn, plan->request->seen);
    conn->until = plan->deadline;
    conn->doing = "talking to";
    why = bearer_conn_write(conn, render_request(plan, conn->pool));
    if (!why)
        why = receive(conn, http);
    if (why)
        return why;
    bearer_conn_close(conn);
    *out = bearer_http_response(http);
    return BEARER_OK;
}

/* Without TLS only the loopback hears us: an address elsewhere or a proxy would take
 * who we are over the network for everybody to read (stolen credentials), and
 * believe keys of whoever answers there (planted keys). */
static bearer_reason_t check_secrecy(const plan_t *plan)
{
    const bearer_fetch_request_t *request = plan->request;

    if (plan->url.tls
        || (!request->address && !(request->proxy && request->headers)))
        return BEARER_OK;
    bearer_note_set(plan->note, "%s",
                    request->address ? "address= with plain http"
                                     : "plain http through a proxy");
    return BEARER_FETCH_CREDENTIALS;
}

static bearer_reason_t parse_addresses(plan_t *plan, apr_pool_t *pool)
{
    const bearer_fetch_request_t *request = plan->request;
    bearer_reason_t why;

    why = bearer_url_parse(request->url, request->http_loopback, &plan->url,
                           plan->note, pool);
    if (why)
        return why;
    plan->target = plan->url;
    why = check_secrecy(plan);
    if (!why && request->address)
        why = bearer_url_parse_address(request->address, &plan->target,
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
    bearer_conn_t *conn = NULL;
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
    return why;
}
