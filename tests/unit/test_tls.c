/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong between two strangers is in test_fetch; here, what a session says
 * of it. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <apr_poll.h>
#include <openssl/err.h>

#include "bearer/net/tls.h"
#include "tests/unit/mockserver.h"

static const mock_pki_t *pki;

/* a socket that blocks, so that nothing has to be waited for */
static bearer_wire_t dial(const mock_t *mock)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(mock_port(mock))};
    bearer_wire_t wire = {.fd = socket(AF_INET, SOCK_STREAM, 0)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(
        connect(wire.fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return wire;
}

static bearer_tls_t *trust(const char *ca_file, apr_pool_t *pool)
{
    bearer_tls_t *tls = NULL;

    unit_expect_reason("trust", bearer_tls_create(ca_file, &tls, NULL, pool),
                       "ok");
    return tls;
}

static void tls_needs_readable_authorities(void **state)
{
    const char *const files[] = {
        pki->missing_file, pki->empty_file, "/",
        apr_pstrcat(*state, "+", pki->missing_file, NULL)};
    apr_size_t i;

    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        bearer_tls_t *tls = NULL;
        bearer_note_t note = {""};

        unit_expect_reason(files[i],
                           bearer_tls_create(files[i], &tls, &note, *state),
                           "file_read");
        unit_expect(files[i], !tls);
        unit_expect(files[i], strstr(note.text, files[i] + (*files[i] == '+'))
                                  == note.text);
        unit_expect(files[i], !strstr(note.text, "no reason"));
        unit_expect(files[i], ERR_peek_error() == 0);
    }
}

static void tls_checks_who_is_there(void **state)
{
    static const struct {
        const char *label;
        mock_cert_t cert;
        const char *host;
        const char *problem; /* NULL: none */
    } rows[] = {
        {"an address", MOCK_GOOD, "127.0.0.1", NULL},
        {"a name", MOCK_GOOD, "one.test", NULL},
        {"another address", MOCK_GOOD, "127.0.0.2", "IP address mismatch"},
        {"another name", MOCK_GOOD, "a.example", "hostname mismatch"},
        {"a common name", MOCK_COMMON_NAME, "one.test", "hostname mismatch"},
        {"another authority", MOCK_OTHER_CA, "one.test",
         "unable to get local issuer certificate"},
        {"yesterday's", MOCK_EXPIRED, "one.test", "certificate has expired"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mock_script_t script = {.cert = rows[i].cert, .answer = "hello"};
        mock_t *mock = mock_start(&script, pki, 0, *state);
        bearer_wire_t wire = dial(mock);
        char text[96];
        apr_pool_t *pool;
        bearer_tls_session_t *session;
        apr_int64_t end = 0;
        int n;

        assert_int_equal(apr_pool_create(&pool, *state), APR_SUCCESS);
        session = bearer_tls_begin(trust(pki->ca_file, pool), &wire,
                                   rows[i].host, pool);
        assert_non_null(session);
        n = bearer_tls_connect(session);
        unit_expect(rows[i].label, (n == 1) == !rows[i].problem);
        unit_expect(rows[i].label, bearer_tls_wants(session) == 0);
        if (!rows[i].problem)
            unit_expect(rows[i].label,
                        bearer_tls_find_end(session, &end)
                            && end > apr_time_sec(apr_time_now()));
        if (rows[i].problem)
            unit_expect(
                rows[i].label,
                strcasecmp(bearer_tls_problem(session, text, sizeof(text)),
                           rows[i].problem)
                    == 0);
        apr_pool_destroy(pool);
        /* mod_ssl would trip over it */
        unit_expect(rows[i].label, ERR_peek_error() == 0);
        (void)close(wire.fd);
        mock_stop(mock);
    }
}

/* beside the system's, or instead of them */
static void tls_trusts_a_file_beside_the_system(void **state)
{
    const struct {
        const char *label, *ca;
        bool good;
    } rows[] = {
        {"only ours", pki->ca_file, true},
        {"ours, too", apr_pstrcat(*state, "+", pki->ca_file, NULL), true},
        {"the system's", NULL, false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mock_script_t script = {.cert = MOCK_GOOD, .answer = "hello"};
        mock_t *mock = mock_start(&script, pki, 0, *state);
        bearer_wire_t wire = dial(mock);
        bearer_tls_session_t *session = bearer_tls_begin(
            trust(rows[i].ca, *state), &wire, "127.0.0.1", *state);

        unit_expect(rows[i].label,
                    (bearer_tls_connect(session) == 1) == rows[i].good);
        (void)close(wire.fd);
        mock_stop(mock);
    }
}

static void tls_tells_an_end_from_a_cut(void **state)
{
    static const struct {
        const char *label;
        mock_end_t end;
        bool closed;
    } rows[] = {
        {"close_notify", MOCK_CLOSE, true},
        {"truncated", MOCK_CUT, false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mock_script_t script = {
            .cert = MOCK_GOOD, .answer = "hello", .end = rows[i].end};
        mock_t *mock = mock_start(&script, pki, 0, *state);
        bearer_wire_t wire = dial(mock);
        bearer_tls_session_t *session = bearer_tls_begin(
            trust(pki->ca_file, *state), &wire, "127.0.0.1", *state);
        char buf[64] = "";

        assert_int_equal(bearer_tls_connect(session), 1);
        assert_int_equal(bearer_tls_write(session, "hi\r\n\r\n", 6), 6);
        assert_int_equal(bearer_tls_read(session, buf, sizeof(buf)), 5);
        assert_string_equal(buf, "hello");
        assert_false(bearer_tls_is_closed(session));
        assert_true(bearer_tls_read(session, buf, sizeof(buf)) <= 0);
        unit_expect(rows[i].label, wire.ended == !rows[i].closed);
        unit_expect(rows[i].label,
                    bearer_tls_is_closed(session) == rows[i].closed);
        unit_expect(rows[i].label, bearer_tls_wants(session) == 0);
        bearer_tls_close(session);
        (void)close(wire.fd);
        mock_stop(mock);
    }
}

static int group_setup(void **state)
{
    return mock_group_setup(state, &pki);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit_row(tls_needs_readable_authorities),
        unit_row(tls_checks_who_is_there),
        unit_row(tls_trusts_a_file_beside_the_system),
        unit_row(tls_tells_an_end_from_a_cut),
    };

    return cmocka_run_group_tests(tests, group_setup, unit_teardown);
}
