/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/net/conn.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <apr_atomic.h>
#include <apr_poll.h>
#include <apr_portable.h>

#include "bearer/base/clock.h"

/* how long the stop flag may go unseen */
#define SLICE apr_time_from_msec(100)

/* --- what went wrong ---------------------------------------------------- */

bearer_reason_t bearer_conn_fail(const bearer_conn_t *conn, bearer_reason_t why,
                                 const char *text)
{
    bearer_note_set(conn->note, "%s %s: %s", conn->doing, conn->peer, text);
    return why;
}

static bearer_reason_t fail_status(const bearer_conn_t *conn,
                                   bearer_reason_t why, apr_status_t rv)
{
    char text[96];

    return bearer_conn_fail(conn, why, apr_strerror(rv, text, sizeof(text)));
}

static bearer_reason_t fail_tls(const bearer_conn_t *conn)
{
    char text[96];

    return bearer_conn_fail(conn, BEARER_FETCH_TLS,
                            bearer_tls_problem(conn->tls, text, sizeof(text)));
}

static bearer_reason_t broken(const bearer_conn_t *conn)
{
    if (conn->wire.error || !conn->tls)
        return fail_status(conn, BEARER_FETCH_IO, conn->wire.error);
    return fail_tls(conn);
}

/* --- waiting ------------------------------------------------------------ */

static bool is_stopped(const bearer_conn_t *conn)
{
    return conn->stop
           && apr_atomic_read32((volatile apr_uint32_t *)conn->stop) != 0;
}

/* every read, write and wait comes through here: a peer that is never silent
 * must not outrun the deadline */
static bearer_reason_t check_time(const bearer_conn_t *conn,
                                  apr_interval_time_t *left)
{
    *left = conn->until - bearer_clock_tick();
    if (is_stopped(conn))
        return BEARER_FETCH_STOPPED;
    if (*left <= 0)
        return bearer_conn_fail(conn, BEARER_FETCH_TIMEOUT, "no time left");
    return BEARER_OK;
}

static bearer_reason_t wait_for(bearer_conn_t *conn, apr_int16_t events)
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

/* what to wait for after a call that was not done; 0: it failed, or it is the end */
static apr_int16_t wanted(const bearer_conn_t *conn, apr_int16_t plain)
{
    if (conn->tls)
        return bearer_tls_wants(conn->tls);
    return bearer_wire_must_wait(&conn->wire) ? plain : 0;
}

/* --- opening ------------------------------------------------------------ */

static apr_status_t connect_error(int fd)
{
    socklen_t len = sizeof(int);
    int error = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return errno;
    return error;
}

bearer_reason_t bearer_conn_dial(bearer_conn_t *conn, apr_sockaddr_t *address)
{
    bearer_reason_t why;
    apr_status_t rv;

    rv = apr_socket_create(&conn->socket, address->family, SOCK_STREAM,
                           APR_PROTO_TCP, conn->pool);
    if (rv == APR_SUCCESS)
        rv = apr_socket_timeout_set(conn->socket, 0); /* non-blocking */
    if (rv == APR_SUCCESS)
        rv = apr_os_sock_get(&conn->wire.fd, conn->socket);
    if (rv == APR_SUCCESS)
        rv = apr_socket_connect(conn->socket, address);
    if (APR_STATUS_IS_EINPROGRESS(rv)) {
        why = wait_for(conn, APR_POLLOUT);
        if (why)
            return why;
        rv = connect_error(conn->wire.fd);
    }
    if (rv != APR_SUCCESS)
        return fail_status(conn, BEARER_FETCH_CONNECT, rv);
    return BEARER_OK;
}

bearer_reason_t bearer_conn_secure(bearer_conn_t *conn, const bearer_tls_t *tls,
                                   const char *host)
{
    bearer_reason_t why;
    apr_int16_t events;

    if (tls)
        conn->tls = bearer_tls_begin(tls, &conn->wire, host, conn->pool);
    if (!conn->tls)
        return bearer_conn_fail(conn, BEARER_FETCH_TLS, "it cannot be set up");
    if (conn->pair && !bearer_tls_show(conn->tls, conn->pair))
        return fail_tls(conn);
    while (bearer_tls_connect(conn->tls) != 1) {
        events = wanted(conn, 0);
        if (!events)
            return fail_tls(conn);
        why = wait_for(conn, events);
        if (why)
            return why;
    }
    return BEARER_OK;
}

/* --- bytes -------------------------------------------------------------- */

static bearer_reason_t end_of_stream(const bearer_conn_t *conn, int n,
                                     bool *clean)
{
    *clean = conn->tls ? bearer_tls_is_closed(conn->tls) : n == 0;
    if (*clean || conn->wire.ended)
        return BEARER_OK;
    return broken(conn);
}

bearer_reason_t bearer_conn_read(bearer_conn_t *conn, char *buf, int size,
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
        n = conn->tls ? bearer_tls_read(conn->tls, buf, size)
                      : bearer_wire_recv(&conn->wire, buf, (apr_size_t)size);
        if (n > 0) {
            *len = (apr_size_t)n;
            return BEARER_OK;
        }
        events = wanted(conn, APR_POLLIN);
        if (!events)
            return end_of_stream(conn, n, clean);
        why = wait_for(conn, events);
        if (why)
            return why;
    }
}

bearer_reason_t bearer_conn_write(bearer_conn_t *conn, const char *text)
{
    apr_size_t len = strlen(text);
    apr_int16_t events;
    bearer_reason_t why;
    int n;

    while (len) {
        n = conn->tls ? bearer_tls_write(conn->tls, text, (int)len)
                      : bearer_wire_send(&conn->wire, text, len);
        if (n > 0) {
            text += n;
            len -= (apr_size_t)n;
            continue;
        }
        events = wanted(conn, APR_POLLOUT);
        if (!events)
            return broken(conn);
        why = wait_for(conn, events);
        if (why)
            return why;
    }
    return BEARER_OK;
}

void bearer_conn_close(bearer_conn_t *conn)
{
    if (conn->tls)
        bearer_tls_close(conn->tls);
}
