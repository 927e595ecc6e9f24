/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mockserver - a scripted, misbehaving HTTP(S) server in a thread.
 *
 * Owns:     listening, TLS with certificates made at run time, the script.
 * Does not: parse what it gets, or judge (test_fetch).
 * Memory:   servers live in the pool of the test; certificates in their pool
 * Threads:  one more for each server, which ends with mock_stop
 */
#ifndef BEARER_TESTS_MOCKSERVER_H
#define BEARER_TESTS_MOCKSERVER_H

#include <signal.h>

#include <apr_network_io.h>
#include <apr_pools.h>

#include "bearer/base/base.h"
#include "tests/unit/unit.h"

/** Who a server says it is. */
typedef enum mock_cert_t {
    MOCK_PLAIN, /**< no TLS at all */
    MOCK_GOOD,  /**< for 127.0.0.1, ::1, localhost and *.test names */
    MOCK_WRONG_NAME,
    MOCK_COMMON_NAME, /**< the right name, but only as the common name */
    MOCK_EXPIRED,
    MOCK_NOT_YET,
    MOCK_SELF_SIGNED,
    MOCK_OTHER_CA, /**< good, but from the second authority */
    MOCK_OLD_TLS,  /**< good, but nothing newer than TLS 1.1 */
    MOCK_CERT_COUNT
} mock_cert_t;

/** What a server does at the end of its script. */
typedef enum mock_end_t {
    MOCK_CLOSE, /**< ends as it should: close_notify, FIN */
    MOCK_HOLD,  /**< waits until the client goes away */
    MOCK_CUT,   /**< FIN without close_notify */
    MOCK_RESET, /**< RST */
    MOCK_BREAK  /**< FIN, then RST: a client that writes now gets SIGPIPE */
} mock_end_t;

/**
 * What happens on each connection, in this order; NULL skips a step.
 * Everything but tunnel happens inside TLS if there is a certificate.
 */
typedef struct mock_script_t {
    const char *address; /**< NULL: 127.0.0.1 */
    const char *tunnel;  /**< answer to a first request, before TLS */
    bool tunnel_only;    /**< nothing follows it but the end */
    bool deaf;           /**< waits for a byte and does not read it */
    bool eager;          /**< does not wait for the request */
    mock_cert_t cert;
    const char *answer; /**< after the request */
    apr_size_t len;     /**< of the answer; 0: its strlen */
    const char *drip;   /**< one byte every 10 ms */
    const char *flood;  /**< again and again until the client goes away */
    mock_end_t end;
} mock_script_t;

/** Authorities, certificates and CA files in a directory of their own. */
typedef struct mock_pki_t {
    const char *ca_file;      /**< the authority of MOCK_GOOD */
    const char *both_file;    /**< that of MOCK_OTHER_CA, then ours */
    const char *empty_file;   /**< nothing */
    const char *missing_file; /**< there is no such file */
} mock_pki_t;

/** NULL if it fails; files go with the pool. */
const mock_pki_t *mock_pki_create(apr_pool_t *pool);

/** The set-up of a group of tests: *state is a pool with certificates in it. */
static inline int mock_group_setup(void **state, const mock_pki_t **pki)
{
    /* httpd ignores it; here it would show that we raise it */
    (void)signal(SIGPIPE, SIG_DFL);
    if (unit_group_setup(state) != 0 || unit_setup(state) != 0)
        return -1;
    *pki = mock_pki_create(*state);
    return *pki ? 0 : -1;
}

/** A running server. */
typedef struct mock_t mock_t;

/** NULL if it cannot listen there; port 0 takes a free one. */
mock_t *mock_start(const mock_script_t *script, const mock_pki_t *pki,
                   apr_port_t port, apr_pool_t *pool);

/** Ends the thread, as the end of the pool does; what it saw can be asked for
 * afterwards. */
void mock_stop(mock_t *mock);

apr_port_t mock_port(const mock_t *mock);

/** The last request, "" if none came. */
const char *mock_request(const mock_t *mock);

/** The last request before the tunnel, "" if none came. */
const char *mock_tunnel_request(const mock_t *mock);

/** The last name that a client asked for (SNI), "" if none. */
const char *mock_name(const mock_t *mock);

/** How many connections there were. */
int mock_connections(const mock_t *mock);

/**
 * A socket that accepts no connection: bound only (refuses), or listening with its
 * queue full (does not answer). End it with mock_blocker_stop.
 */
typedef struct mock_blocker_t mock_blocker_t;

/** NULL if this system cannot make one. */
mock_blocker_t *mock_blocker_start(bool full, const char *address,
                                   apr_port_t port, apr_pool_t *pool);

apr_port_t mock_blocker_port(const mock_blocker_t *blocker);

void mock_blocker_stop(mock_blocker_t *blocker);

#endif
