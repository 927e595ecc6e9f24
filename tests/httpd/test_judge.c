/* SPDX-License-Identifier: Apache-2.0 */
/* Whose verdict a request of a chain has. There are no keys inside "httpd -t": what
 * is judged again is refused. */
#include "tests/httpd/inside.h"

#include <http_protocol.h>
#include <http_request.h>

/* a request that was judged good for what it is, by something that depends on it */
static request_rec *admitted(const char *path, unsigned int depends,
                             apr_pool_t *pool)
{
    request_rec *r = inside_request(path, pool);
    mab_request_t *request = inside_admit(r, "{\"sub\":\"alice\"}");

    request->taken = true;
    request->presented.token = unit_str("a.b.c");
    request->presented.method = r->method;
    request->presented.target = r->unparsed_uri;
    request->verdict.subject = unit_str("alice");
    request->verdict.proof.depends = depends;
    return r;
}

static bool is_good(request_rec *r)
{
    mab_request_t *request = mab_judge_request(r);
    bool good = request->verdict.why == BEARER_OK;

    assert_true(request->judged);
    /* a client that is not let in has no claims and no name */
    assert_int_equal(mab_judge_claims(r) != NULL, good);
    assert_int_equal(request->user != NULL, good);
    return good;
}

static void judge_reuses_what_depends_on_the_token_alone(void **state)
{
    static const struct {
        const char *name;
        unsigned int depends;
        const char *method, *path;
        bool reused;
    } rows[] = {
        {"the token alone", 0, "GET", "/plain", true},
        {"the token alone, another method", 0, "POST", "/plain", true},
        {"the token alone, another target", 0, "GET", "/plain/x", true},
        {"the token alone, another place", 0, "GET", "/cors", true},
        {"the token alone, a stricter place", 0, "GET", "/all", false},
        {"method", BEARER_DEPENDS_METHOD, "GET", "/plain", false},
        {"method, another", BEARER_DEPENDS_METHOD, "POST", "/plain", false},
        {"target", BEARER_DEPENDS_TARGET, "GET", "/plain", false},
        {"target, another", BEARER_DEPENDS_TARGET, "GET", "/plain/x", false},
        {"both", BEARER_DEPENDS_METHOD | BEARER_DEPENDS_TARGET, "GET", "/plain",
         false},
    };
    size_t i;
    int sub;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (sub = 0; sub < 2; sub++) {
            request_rec *first = admitted("/plain", rows[i].depends, *state);
            request_rec *r = inside_request(rows[i].path, *state);

            inside_set_method(r, rows[i].method);
            r->prev = sub ? NULL : first;
            r->main = sub ? first : NULL;
            if (is_good(r) != rows[i].reused)
                fail_msg("%s, %s", rows[i].name,
                         sub ? "sub-request" : "redirect");
            /* and the first one keeps its own */
            assert_true(is_good(first));
        }
    }
}

/* a fast redirect makes another request of the same record */
static void judge_looks_again_when_the_request_changes(void **state)
{
    static const struct {
        const char *name;
        unsigned int depends;
        const char *method, *target;
        bool kept;
    } rows[] = {
        {"nothing changes", BEARER_DEPENDS_METHOD | BEARER_DEPENDS_TARGET,
         "GET", "/plain", true},
        {"nothing depends", 0, "POST", "/plain/x", true},
        {"method", BEARER_DEPENDS_METHOD, "POST", "/plain", false},
        {"method, but it is the target", BEARER_DEPENDS_METHOD, "GET",
         "/plain/x", true},
        {"target", BEARER_DEPENDS_TARGET, "GET", "/plain?x", false},
        {"target, but it is the method", BEARER_DEPENDS_TARGET, "POST",
         "/plain", true},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = admitted("/plain", rows[i].depends, *state);
        mab_request_t *request = mab_record_find(r);

        r->unparsed_uri = apr_pstrdup(r->pool, rows[i].target);
        inside_set_method(r, rows[i].method);
        assert_int_equal(mab_judge_claims(r) != NULL, rows[i].kept);
        if (is_good(r) != rows[i].kept)
            fail_msg("%s", rows[i].name);
        assert_ptr_equal(mab_record_find(r), request);
        /* the token is still there, and a second question has the same answer */
        assert_string_equal(request->presented.token.data, "a.b.c");
        assert_string_equal(request->presented.method,
                            rows[i].kept ? "GET" : rows[i].method);
        assert_int_equal(is_good(r), rows[i].kept);
    }
}

/* what was decided without its claims is not served */
static void judge_closes_what_lost_its_record(void **state)
{
    request_rec *r = admitted("/plain", 0, *state);
    ap_conf_vector_t *own = r->per_dir_config;
    mab_request_t *request = mab_record_find(r);

    assert_int_equal(ap_run_fixups(r), OK);
    r->per_dir_config = ap_merge_per_dir_configs(
        r->pool, own, ap_create_per_dir_config(r->pool));
    ap_set_module_config(r->per_dir_config, &auth_bearer_module,
                         (void *)(apr_uintptr_t)request->place);
    assert_null(mab_judge_claims(r));
    r->per_dir_config = own;
    assert_int_equal(ap_run_fixups(r), HTTP_INTERNAL_SERVER_ERROR);
}

int inside_judge(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(judge_reuses_what_depends_on_the_token_alone),
        unit_row(judge_looks_again_when_the_request_changes),
        unit_row(judge_closes_what_lost_its_record),
    };

    return unit_run(tests);
}
