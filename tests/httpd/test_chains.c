/* SPDX-License-Identifier: Apache-2.0 */
/* Whole requests with real tokens, through all hooks: what a program inside sees of
 * them, of their parts and of where they are sent on to. */
#include "tests/httpd/inside.h"

#include <http_protocol.h>
#include <http_request.h>
#include <util_script.h>

static void chains_admit(void **state)
{
    const char *token = inside_token("'sub':'alice'", *state);
    request_rec *r = inside_arrival("/secret", *state);

    inside_open();
    apr_table_setn(r->headers_in, "Authorization",
                   apr_pstrcat(r->pool, "Bearer ", token, NULL));
    assert_int_equal(inside_process(r), OK);
    assert_string_equal(inside_body(r), "inside");
    assert_string_equal(r->user, "alice");
    r = inside_arrival("/secret", *state);
    assert_int_equal(inside_process(r), HTTP_UNAUTHORIZED);
}

int inside_chains(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(chains_admit),
    };

    return unit_run(tests);
}
