/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/net/wire.h"

#include <errno.h>
#include <sys/socket.h>

#include <apr_errno.h>

/* systems without it have SIGPIPE ignored by httpd */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* apr_socket_send cannot do this, it may raise SIGPIPE */
int bearer_wire_send(bearer_wire_t *wire, const char *bytes, apr_size_t len)
{
    apr_ssize_t n;

    do {
        n = send(wire->fd, bytes, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    wire->error = n < 0 ? errno : APR_SUCCESS;
    return (int)n;
}

int bearer_wire_recv(bearer_wire_t *wire, char *buf, apr_size_t size)
{
    apr_ssize_t n;

    do {
        n = recv(wire->fd, buf, size, 0);
    } while (n < 0 && errno == EINTR);
    wire->error = n < 0 ? errno : APR_SUCCESS;
    wire->ended = n == 0;
    return (int)n;
}

bool bearer_wire_must_wait(const bearer_wire_t *wire)
{
    return APR_STATUS_IS_EAGAIN(wire->error);
}
