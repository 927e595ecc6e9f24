/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bearer/net/wire.h"

/* two ends; ours does not block */
static bearer_wire_t open_pair(int *other)
{
    bearer_wire_t wire = {0};
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    wire.fd = fds[0];
    *other = fds[1];
    return wire;
}

static void wire_carries_bytes_both_ways(void **state BEARER_UNUSED)
{
    char buf[8] = "";
    int other;
    bearer_wire_t wire = open_pair(&other);

    assert_int_equal(bearer_wire_send(&wire, "abc", 3), 3);
    assert_int_equal(read(other, buf, sizeof(buf)), 3);
    assert_string_equal(buf, "abc");
    assert_int_equal(write(other, "de\0f", 4), 4);
    assert_int_equal(bearer_wire_recv(&wire, buf, sizeof(buf)), 4);
    assert_memory_equal(buf, "de\0f", 4);
    assert_false(wire.ended || wire.error || bearer_wire_must_wait(&wire));
    (void)close(other);
    (void)close(wire.fd);
}

static void wire_tells_waiting_from_failing(void **state BEARER_UNUSED)
{
    static char block[65536];
    char buf[8];
    int other, n;
    bearer_wire_t wire = open_pair(&other);

    assert_int_equal(bearer_wire_recv(&wire, buf, sizeof(buf)), -1);
    assert_true(bearer_wire_must_wait(&wire));
    assert_false(wire.ended);
    do {
        n = bearer_wire_send(&wire, block, sizeof(block));
    } while (n > 0);
    assert_true(bearer_wire_must_wait(&wire));
    /* whoever is gone is no signal for us (SIGPIPE), and nobody to wait for */
    (void)close(other);
    assert_int_equal(bearer_wire_send(&wire, "x", 1), -1);
    assert_int_equal(wire.error, EPIPE);
    assert_false(bearer_wire_must_wait(&wire));
    (void)close(wire.fd);
}

static void wire_sees_the_end(void **state BEARER_UNUSED)
{
    char buf[8];
    int other;
    bearer_wire_t wire = open_pair(&other);

    (void)close(other);
    assert_int_equal(bearer_wire_recv(&wire, buf, sizeof(buf)), 0);
    assert_true(wire.ended);
    assert_int_equal(wire.error, 0);
    (void)close(wire.fd);
    assert_int_equal(bearer_wire_recv(&wire, buf, sizeof(buf)), -1);
    assert_int_equal(wire.error, EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(wire_carries_bytes_both_ways),
        unit_row(wire_tells_waiting_from_failing),
        unit_row(wire_sees_the_end),
    };

    return unit_run(tests);
}
