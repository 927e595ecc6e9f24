/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire - bytes over a socket that never blocks.
 *
 * Owns:     one send and one recv, and what they came to.
 * Does not: open, close or wait (conn), or encrypt (tls).
 * Memory:   none
 * Threads:  one at a time
 */
#ifndef BEARER_WIRE_H
#define BEARER_WIRE_H

#include "bearer/base/base.h"

/** A connected socket. */
typedef struct bearer_wire_t {
    int fd;
    apr_status_t error; /**< of the last send or recv */
    bool ended;         /**< the peer's end of TCP was seen */
} bearer_wire_t;

/** @return bytes sent, or -1: error says why */
int bearer_wire_send(bearer_wire_t *wire, const char *bytes, apr_size_t len);

/** @return bytes received, 0 at the end, or -1: error says why */
int bearer_wire_recv(bearer_wire_t *wire, char *buf, apr_size_t size);

/** Whether the last call failed only because it would have had to wait. */
bool bearer_wire_must_wait(const bearer_wire_t *wire);

#endif
