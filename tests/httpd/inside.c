/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/httpd/inside.h"

#include <fcntl.h>
#include <unistd.h>

#include <apr_portable.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "httpd/process/child.h"
#include "httpd/process/shared.h"
#include "httpd/request/uri.h"
#include "tests/unit/mint.h"

extern module AP_MODULE_DECLARE_DATA inside_module
    __attribute__((visibility("default")));

static server_rec *server;

/* --- requests ---------------------------------------------------------------------- */

static apr_status_t collect(ap_filter_t *filter, apr_bucket_brigade *in)
{
    inside_output_t *output = filter->ctx;

    APR_BRIGADE_CONCAT(output->all, in);
    return APR_SUCCESS;
}

static conn_rec *make_connection(apr_pool_t *pool)
{
    conn_rec *c = apr_pcalloc(pool, sizeof(*c));

    c->pool = pool;
    c->base_server = server;
    c->conn_config = ap_create_conn_config(pool);
    c->notes = apr_table_make(pool, 2);
    c->bucket_alloc = apr_bucket_alloc_create(pool);
    c->client_ip = c->local_ip = (char *)"127.0.0.1";
    (void)apr_sockaddr_info_get(&c->client_addr, c->client_ip, APR_INET, 4711,
                                0, pool);
    c->local_addr = c->client_addr;
    return c;
}

void inside_set_method(request_rec *r, const char *method)
{
    r->method = method;
    r->method_number = ap_method_number_of(method);
    r->the_request =
        apr_pstrcat(r->pool, method, " ", r->unparsed_uri, " HTTP/1.1", NULL);
}

static void set_target(request_rec *r, const char *path)
{
    r->unparsed_uri = apr_pstrdup(r->pool, path);
    assert_int_equal(apr_uri_parse(r->pool, path, &r->parsed_uri), 0);
    r->uri = r->parsed_uri.path;
    r->args = r->parsed_uri.query;
    inside_set_method(r, "GET");
}

request_rec *inside_arrival(const char *target, apr_pool_t *pool)
{
    request_rec *r;
    inside_output_t *output;

    /* each has its own, as in httpd: some things are kept with it */
    (void)apr_pool_create(&pool, pool);
    r = apr_pcalloc(pool, sizeof(*r));
    output = apr_pcalloc(pool, sizeof(*output));
    r->pool = pool;
    r->server = server;
    r->connection = make_connection(pool);
    r->headers_in = apr_table_make(pool, 8);
    r->headers_out = apr_table_make(pool, 8);
    r->err_headers_out = apr_table_make(pool, 8);
    r->trailers_in = apr_table_make(pool, 1);
    r->trailers_out = apr_table_make(pool, 1);
    r->subprocess_env = apr_table_make(pool, 8);
    r->notes = apr_table_make(pool, 8);
    r->allowed_methods = ap_make_method_list(pool, 2);
    r->request_config = ap_create_request_config(pool);
    r->per_dir_config = server->lookup_defaults;
    r->useragent_addr = r->connection->client_addr;
    r->useragent_ip = r->connection->client_ip;
    r->protocol = (char *)"HTTP/1.1";
    r->proto_num = HTTP_VERSION(1, 1);
    r->hostname = "localhost";
    r->status = HTTP_OK;
    set_target(r, target);
    ap_run_create_request(r);
    /* only ours: the body, without a header before it */
    r->output_filters = r->proto_output_filters = NULL;
    output->all = apr_brigade_create(pool, r->connection->bucket_alloc);
    ap_add_output_filter("INSIDE", output, r, r->connection);
    r->output_filters = r->proto_output_filters;
    return r;
}

request_rec *inside_request(const char *path, apr_pool_t *pool)
{
    request_rec *r = inside_arrival(path, pool);

    assert_int_equal(ap_location_walk(r), OK);
    return r;
}

int (*inside_program)(request_rec *r);

static int run_program(request_rec *r)
{
    if (!r->handler || strcmp(r->handler, "inside") != 0)
        return DECLINED;
    if (inside_program)
        return inside_program(r);
    ap_rputs("inside", r);
    return OK;
}

int (*inside_fixup)(request_rec *r);

static int run_fixup(request_rec *r)
{
    return inside_fixup ? inside_fixup(r) : DECLINED;
}

int inside_process(request_rec *r)
{
    int status;

    /* there is no body to read, and nobody to read it from */
    r->connection->keepalive = AP_CONN_CLOSE;
    (void)ap_run_post_read_request(r);
    status = ap_run_quick_handler(r, 0);
    if (status == DECLINED)
        status = ap_process_request_internal(r);
    if (status == OK)
        status = ap_invoke_handler(r);
    ap_die(status == DONE ? OK : status, r);
    /* running the hook would also call mod_logio, which does not know such a
     * connection */
    mab_uri_redact(r);
    return status;
}

/* --- tokens ------------------------------------------------------------------------- */

void inside_open(void)
{
    static apr_pool_t *life;

    if (life)
        return;
    /* for as long as the process runs: what is opened stays open */
    assert_int_equal(apr_pool_create(&life, server->process->pool), 0);
    assert_int_equal(mab_shared_open(life, life, server), OK);
    mab_child_open(life, server);
    assert_non_null(mab_child_gate());
}

const char *inside_token(const char *claims, apr_pool_t *pool)
{
    /* of tests/httpd/run; the year is 2200: clocks are not looked at */
    return mint_secret_token(
        "{'alg':'HS256','typ':'JWT'}",
        apr_pstrcat(pool,
                    "{'iss':'https://s.example','aud':'api','exp':7258118400,",
                    claims, "}", NULL),
        "a secret for tests, long enough for all algorithms of the kind, not "
        "any",
        pool);
}

const char *inside_body(request_rec *r)
{
    ap_filter_t *filter = r->output_filters;
    char *body = NULL;
    apr_size_t len = 0;

    (void)ap_rflush(r);
    while (strcasecmp(filter->frec->name, "INSIDE") != 0)
        filter = filter->next;
    assert_int_equal(apr_brigade_pflatten(((inside_output_t *)filter->ctx)->all,
                                          &body, &len, r->pool),
                     APR_SUCCESS);
    return apr_pstrmemdup(r->pool, body, len);
}

mab_request_t *inside_admit(request_rec *r, const char *claims)
{
    mab_request_t *request = mab_record_begin(r);

    assert_int_equal(bearer_claims_parse(unit_str(claims),
                                         &request->verdict.proof.claims, NULL,
                                         r->pool),
                     BEARER_OK);
    request->verdict.why = BEARER_OK;
    request->judged = true;
    request->user = r->user = (char *)"alice";
    return request;
}

/* --- the log ---------------------------------------------------------------------- */

static struct {
    bool on;
    int own;   /* the standard error */
    int level; /* the server's */
    apr_size_t len;
    char text[65536];
} heard;

static void hear(const ap_errorlog_info *info BEARER_UNUSED, const char *line)
{
    if (heard.on)
        heard.len += (apr_size_t)apr_snprintf(heard.text + heard.len,
                                              sizeof(heard.text) - heard.len,
                                              "%s\n", line);
}

void inside_listen(request_rec *r)
{
    static struct ap_logconf loud = {.level = APLOG_TRACE8};
    int null = open("/dev/null", O_WRONLY);

    r->log = &loud;
    heard.on = true;
    heard.len = 0;
    heard.text[0] = '\0';
    heard.level = server->log.level;
    server->log.level = APLOG_DEBUG;
    heard.own = dup(STDERR_FILENO);
    (void)dup2(null, STDERR_FILENO);
    (void)close(null);
}

const char *inside_heard(apr_pool_t *pool)
{
    heard.on = false;
    server->log.level = heard.level;
    (void)dup2(heard.own, STDERR_FILENO);
    (void)close(heard.own);
    return apr_pstrmemdup(pool, heard.text, heard.len);
}

/* --- directives ---------------------------------------------------------------------- */

cmd_parms *inside_command(const char *name, const char *args, apr_pool_t *pool)
{
    cmd_parms *cmd = apr_pcalloc(pool, sizeof(*cmd));
    command_rec *record = apr_pcalloc(pool, sizeof(*record));
    ap_directive_t *directive = apr_pcalloc(pool, sizeof(*directive));

    record->name = name;
    directive->directive = name;
    directive->args = args;
    directive->filename = "made.conf";
    directive->line_num = 7;
    cmd->pool = pool;
    (void)apr_pool_create(&cmd->temp_pool, pool);
    cmd->server = server;
    cmd->cmd = record;
    cmd->directive = directive;
    cmd->path = (char *)"/";
    cmd->override = cmd->limited = -1;
    return cmd;
}

static apr_status_t get_line(void *buf, size_t size, void *param)
{
    const char **rest = param;
    const char *end = strchr(*rest, '\n');
    apr_size_t len = end ? (apr_size_t)(end - *rest) : strlen(*rest);

    if (!**rest)
        return APR_EOF;
    /* a full buffer is the beginning of a longer line */
    if (len + 1 >= size) {
        len = size - 1;
        end = NULL;
    }
    memcpy(buf, *rest, len);
    ((char *)buf)[len] = '\0';
    *rest += end ? len + 1 : len;
    return APR_SUCCESS;
}

ap_directive_t *inside_read(const char *text, cmd_parms *cmd)
{
    ap_directive_t *tree = NULL;
    const char *error;

    cmd->config_file = ap_pcfg_open_custom(cmd->pool, "made.conf", &text, NULL,
                                           get_line, NULL);
    error = ap_build_config(cmd, cmd->pool, cmd->temp_pool, &tree);
    if (error)
        fail_msg("%s", error);
    return tree;
}

/* --- chance ---------------------------------------------------------------------------- */

unsigned int inside_random(unsigned int bound)
{
    static apr_uint64_t state = 20261;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned int)(state >> 33) % bound;
}

const char *inside_random_text(const char *const *pieces, int most,
                               apr_pool_t *pool)
{
    unsigned int count = 0;
    int left = (int)inside_random((unsigned int)most + 1);
    const char *text = "";

    while (pieces[count])
        count++;
    for (; left; left--)
        text = apr_pstrcat(pool, text, pieces[inside_random(count)], NULL);
    return text;
}

/* --- the module -------------------------------------------------------------------------- */

#define RUN(name) failed += inside_##name();

/* the last line is for tests/httpd/run, which accepts no other end */
static void run_all(apr_pool_t *pconf, server_rec *s)
{
    int failed = 0;

    server = s;
    /* "httpd -t" ends before it; core's finds AuthType and AuthName there */
    failed += ap_run_post_config(pconf, pconf, pconf, s) != OK;
    INSIDE_SUITES(RUN)
    (void)fprintf(stdout, "inside: %d failed\n", failed);
    (void)fflush(stdout);
}

static void register_hooks(apr_pool_t *pool BEARER_UNUSED)
{
    ap_hook_test_config(run_all, NULL, NULL, APR_HOOK_LAST);
    ap_hook_error_log(hear, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_fixups(run_fixup, NULL, NULL, APR_HOOK_LAST);
    ap_hook_handler(run_program, NULL, NULL, APR_HOOK_MIDDLE);
    ap_register_output_filter("INSIDE", collect, NULL, AP_FTYPE_PROTOCOL);
}

module AP_MODULE_DECLARE_DATA inside_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
    AP_MODULE_FLAG_NONE,
#endif
};
