/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/base/clock.h"
#include "bearer/net/conn.h"
#include "tests/unit/mockserver.h"

static const mock_pki_t *pki;

/* to nowhere yet; it has longer than any machine needs, valgrind included */
static bearer_conn_t *make(bearer_note_t *note, apr_pool_t *pool)
{
    bearer_conn_t *conn = apr_pcalloc(pool, sizeof(*conn));

    conn->pool = pool;
    conn->until = bearer_clock_tick() + apr_time_from_sec(60);
    conn->note = note;
    conn->doing = "talking to";
    conn->peer = "somebody";
    return conn;
}

static bearer_reason_t dial(bearer_conn_t *conn, apr_port_t port)
{
    apr_sockaddr_t *address;

    assert_int_equal(apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET,
                                           port, 0, conn->pool),
                     APR_SUCCESS);
    return bearer_conn_dial(conn, address);
}

/* open, and secured if the script has a certificate */
static bearer_conn_t *open_to(const mock_script_t *script, const mock_t *mock,
                              bearer_note_t *note, apr_pool_t *pool)
{
    bearer_conn_t *conn = make(note, pool);
    bearer_tls_t *tls = NULL;

    unit_expect_reason("dial", dial(conn, mock_port(mock)), "ok");
    if (script->cert == MOCK_PLAIN)
        return conn;
    unit_expect_reason("trust",
                       bearer_tls_create(pki->ca_file, &tls, NULL, pool), "ok");
    unit_expect_reason("secure", bearer_conn_secure(conn, tls, "127.0.0.1"),
                       "ok");
    return conn;
}

/* gone at once: a mock waits for that, and the pool would take its time */
static void hang_up(bearer_conn_t *conn)
{
    bearer_conn_close(conn);
    assert_int_equal(apr_socket_close(conn->socket), APR_SUCCESS);
}

static void conn_talks_plain_and_with_tls(void **state)
{
    static const struct {
        const char *label;
        mock_script_t script;
        const char *want; /* of the read after the last byte */
        bool clean;
    } rows[] = {
        {"plain", {.answer = "hello"}, "ok", true},
        {"TLS", {.cert = MOCK_GOOD, .answer = "hello"}, "ok", true},
        {"TLS, cut",
         {.cert = MOCK_GOOD, .answer = "hello", .end = MOCK_CUT},
         "ok",
         false},
        {"plain, reset",
         {.answer = "hello", .end = MOCK_RESET},
         "fetch_io",
         false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mock_t *mock = mock_start(&rows[i].script, pki, 0, *state);
        bearer_note_t note = {""};
        bearer_conn_t *conn = open_to(&rows[i].script, mock, &note, *state);
        bearer_reason_t why = BEARER_OK;
        char got[16] = "";
        bool clean = false;
        apr_size_t len, all = 0;

        unit_expect_reason(rows[i].label,
                           bearer_conn_write(conn, "GET / HTTP/1.1\r\n\r\n"),
                           "ok");
        for (;;) {
            why = bearer_conn_read(conn, got + all, 2, &len, &clean);
            all += len;
            if (why || !len || all > sizeof(got) - 3)
                break;
        }
        unit_expect_reason(rows[i].label, why, rows[i].want);
        unit_expect(rows[i].label, clean == rows[i].clean);
        /* what was sent before a reset may be lost with it */
        if (!why)
            unit_expect(rows[i].label, strcmp(got, "hello") == 0);
        hang_up(conn);
        mock_stop(mock);
        unit_expect(rows[i].label,
                    strcmp(mock_request(mock), "GET / HTTP/1.1\r\n\r\n") == 0);
    }
}

/* waits for nobody longer than it may, in whatever it does */
static void conn_keeps_its_deadline(void **state)
{
    static const mock_script_t silent = {.answer = NULL, .end = MOCK_HOLD};
    static const mock_script_t deaf = {
        .cert = MOCK_GOOD, .deaf = true, .end = MOCK_HOLD};
    mock_t *quiet = mock_start(&silent, pki, 0, *state);
    mock_t *mute = mock_start(&deaf, pki, 0, *state);
    bearer_note_t note = {""};
    bearer_conn_t *conn = make(&note, *state);
    bearer_tls_t *tls = NULL;
    apr_size_t len;
    bool clean;
    char byte;

    unit_expect_reason("dial", dial(conn, mock_port(quiet)), "ok");
    conn->until = bearer_clock_tick() + apr_time_from_msec(50);
    unit_expect_reason("read", bearer_conn_read(conn, &byte, 1, &len, &clean),
                       "fetch_timeout");
    assert_string_equal(note.text, "talking to somebody: no time left");
    assert_true(bearer_clock_tick() >= conn->until);
    hang_up(conn);

    conn = make(&note, *state);
    unit_expect_reason(
        "trust", bearer_tls_create(pki->ca_file, &tls, NULL, *state), "ok");
    unit_expect_reason("dial", dial(conn, mock_port(mute)), "ok");
    conn->until = bearer_clock_tick() + apr_time_from_msec(50);
    unit_expect_reason("secure", bearer_conn_secure(conn, tls, "127.0.0.1"),
                       "fetch_timeout");
    hang_up(conn);
    mock_stop(quiet);
    mock_stop(mute);
}

static void conn_stops_when_told(void **state)
{
    static const mock_script_t silent = {.end = MOCK_HOLD};
    mock_t *mock = mock_start(&silent, pki, 0, *state);
    bearer_note_t note = {""};
    bearer_conn_t *conn = make(&note, *state);
    apr_uint32_t stop = 1;
    apr_size_t len;
    bool clean;
    char byte;

    unit_expect_reason("dial", dial(conn, mock_port(mock)), "ok");
    conn->stop = &stop;
    unit_expect_reason("read", bearer_conn_read(conn, &byte, 1, &len, &clean),
                       "fetch_stopped");
    assert_string_equal(note.text, "");
    hang_up(conn);
    mock_stop(mock);
}

static void conn_says_what_failed(void **state)
{
    static const mock_script_t script = {.answer = "hello"};
    mock_blocker_t *blocker = mock_blocker_start(false, "127.0.0.1", 0, *state);
    mock_t *mock = mock_start(&script, pki, 0, *state);
    bearer_note_t note = {""};
    bearer_conn_t *conn = make(&note, *state);

    assert_non_null(blocker);
    conn->doing = "connecting to";
    unit_expect_reason("refused", dial(conn, mock_blocker_port(blocker)),
                       "fetch_connect");
    assert_string_equal(note.text,
                        "connecting to somebody: Connection refused");
    conn = make(&note, *state);
    unit_expect_reason("dial", dial(conn, mock_port(mock)), "ok");
    unit_expect_reason("no trust", bearer_conn_secure(conn, NULL, "127.0.0.1"),
                       "fetch_tls");
    assert_string_equal(note.text, "talking to somebody: it cannot be set up");
    /* nor does anybody have to listen */
    conn->note = NULL;
    unit_expect_reason("no note",
                       bearer_conn_fail(conn, BEARER_FETCH_PROXY, "x"),
                       "fetch_proxy");
    mock_blocker_stop(blocker);
    mock_stop(mock);
}

static int group_setup(void **state)
{
    return mock_group_setup(state, &pki);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit_row(conn_talks_plain_and_with_tls),
        unit_row(conn_keeps_its_deadline),
        unit_row(conn_stops_when_told),
        unit_row(conn_says_what_failed),
    };

    return cmocka_run_group_tests(tests, group_setup, unit_teardown);
}
