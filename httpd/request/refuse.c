/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/refuse.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>
#include <util_filter.h>

#include "bearer/base/str.h"
#include "bearer/judge/challenge.h"
#include "bearer/judge/scope.h"
#include "httpd/process/log.h"
#include "httpd/process/shared.h"
#include "httpd/request/judge.h"
#include "httpd/request/private.h"

#define FILTER_NAME "AUTH_BEARER_BODY"

/** One answer; see design section 3. */
typedef struct answer_t {
    int status;
    const char *code;
    const char *error;
    const char *message;
} answer_t;

/* --- the log line -------------------------------------------------------------- */

/* whose token, which key and where, as far as the verdict and the configuration
 * know */
static const char *describe(request_rec *r, const mab_request_t *request)
{
    const bearer_verdict_t *verdict = &request->verdict;
    const char *where = mab_conf_place(r)->where;
    const char *issuer = "", *kid = "";
    bearer_note_t note = {""};

    if (verdict->proof.issuer)
        issuer = apr_pstrcat(r->pool, "; issuer \"",
                             verdict->proof.issuer->iss.data, "\"", NULL);
    if (verdict->proof.key.kid.data) {
        bearer_note_set(&note, "%.*s",
                        bearer_note_width(verdict->proof.key.kid),
                        verdict->proof.key.kid.data);
        kid = apr_pstrcat(r->pool, "; kid \"", note.text, "\"", NULL);
    }
    return apr_pstrcat(r->pool, issuer, kid, where ? "; in " : "", where, NULL);
}

static void log_once(request_rec *r, mab_request_t *request,
                     bearer_reason_t why)
{
    int level = mab_log_level(bearer_error_find(why)->level);
    mab_request_t *one;

    if (request->logged)
        return;
    /* once for a page with many parts, too */
    for (one = request; one; one = one->earlier)
        one->logged = true;
    if (!mab_record_leave_trail(r, MAB_LOGGED, why)
        || !APLOG_R_IS_LEVEL(r, level))
        return;
    ap_log_rerror(APLOG_MARK, level, 0, r, "%s%s%s",
                  level <= APLOG_WARNING ? "MAB0401: " : "",
                  bearer_error_text(why, &request->verdict.note, r->pool),
                  describe(r, request));
}

/* --- the answer ------------------------------------------------------------------ */

static bool is_401_for_keys(const mab_request_t *request, bearer_reason_t why)
{
    return why == BEARER_KEYS_UNAVAILABLE
           && request->place->unavailable == MAB_UNAVAILABLE_401;
}

static answer_t find_answer(const request_rec *r, const mab_request_t *request,
                            bearer_reason_t why)
{
    const bearer_reason_info_t *info = bearer_error_find(why);
    answer_t answer = {info->status, info->code, info->error, info->sentence};

    /* where the token was, and how it is written there */
    if ((why == BEARER_TOKEN_FORMAT || why == BEARER_TOKEN_SCHEME)
        && request->verdict.note.text[0])
        answer.message = request->verdict.note.text;
    if (is_401_for_keys(request, why)) {
        answer.status = HTTP_UNAUTHORIZED;
        answer.code = answer.error = "invalid_token";
    }
    /* exact details about what is wrong with a token also help a forger */
    if (request->place->detail == 0 && answer.status == HTTP_UNAUTHORIZED
        && answer.error && strcmp(answer.error, "invalid_token") == 0)
        answer.message = "the token is not accepted";
    /* httpd would do that itself, and our body would not fit */
    if (r->proxyreq == PROXYREQ_PROXY && answer.status == HTTP_UNAUTHORIZED)
        answer.status = HTTP_PROXY_AUTHENTICATION_REQUIRED;
    /* a mistake of ours is for the log */
    if (answer.status == HTTP_INTERNAL_SERVER_ERROR)
        answer.message = "the server is not configured to judge this request";
    return answer;
}

/* mod_authn_core keeps AuthName with its quotes escaped already */
static const char *plain_name(request_rec *r)
{
    const char *from = ap_auth_name(r);
    char *name, *to;

    if (!from)
        return NULL;
    name = to = apr_palloc(r->pool, strlen(from) + 1);
    for (; *from; from++) {
        if (*from == '\\' && from[1])
            from++;
        *to++ = *from;
    }
    *to = '\0';
    return name;
}

/* RFC 6750 3: one parameter at least. The same for all of a server (RFC 9110 11.5),
 * and never from the request: its Host is the client's word. */
static const char *find_realm(request_rec *r)
{
    const char *name = plain_name(r);
    const mab_server_t *server =
        ap_get_module_config(r->server->module_config, &auth_bearer_module);

    if (name)
        return name;
    return server->named ? server->named->server_hostname : "restricted";
}

static void set_challenge(request_rec *r, const mab_request_t *request,
                          const answer_t *answer)
{
    bearer_challenge_t challenge = {.realm = find_realm(r),
                                    .error = answer->error};
    const char *field = r->proxyreq == PROXYREQ_PROXY ? "Proxy-Authenticate"
                                                      : "WWW-Authenticate";

    if (answer->error)
        challenge.description = answer->message;
    if (request->place->resource)
        challenge.resource_metadata = request->place->resource->metadata_url;
    /* all that the next token needs, so that one more visit to the issuer is enough;
     * a request that is malformed needs no other token */
    if (answer->status != HTTP_BAD_REQUEST)
        challenge.scope = request->scopes;
    apr_table_setn(r->err_headers_out, field,
                   bearer_challenge_render(&challenge, r->pool));
    /* for git, docker and browsers, which send Basic only when they are asked to;
     * others look at the first challenge alone */
    if ((answer->status == HTTP_UNAUTHORIZED
         || answer->status == HTTP_PROXY_AUTHENTICATION_REQUIRED)
        && mab_conf_find_source(request->place, MAB_BASIC))
        apr_table_addn(r->err_headers_out, field,
                       bearer_challenge_basic(challenge.realm, r->pool));
}

static int refuse(request_rec *r, mab_request_t *request, bearer_reason_t why)
{
    answer_t answer = find_answer(r, request, why);

    log_once(r, request, why);
    /* a page with a refused part is not for those who may see that part */
    if (r->main)
        mab_private_tell(r);
    apr_table_setn(r->notes, "bearer-code", answer.code);
    apr_table_setn(r->notes, "bearer-reason", bearer_error_find(why)->slug);
    if (request->verdict.proof.issuer)
        apr_table_setn(r->notes, "bearer-iss",
                       request->verdict.proof.issuer->iss.data);
    if (answer.status < HTTP_INTERNAL_SERVER_ERROR)
        set_challenge(r, request, &answer);
    if (answer.status == HTTP_SERVICE_UNAVAILABLE)
        apr_table_setn(r->err_headers_out, "Retry-After",
                       apr_itoa(r->pool, mab_shared_retry_after(
                                             request->verdict.proof.issuer)));
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    request->status = answer.status;
    request->body = NULL;
    if (request->place->errors != MAB_ERRORS_OFF)
        request->body = bearer_challenge_body(answer.code, answer.status,
                                              answer.message, r->pool);
    return answer.status;
}

void mab_refuse_tell_log(const request_rec *r)
{
    static const char *const names[] = {"bearer-code", "bearer-reason",
                                        "bearer-iss"};
    size_t i;

    for (; r->next; r = r->next) {
        for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            const char *value = apr_table_get(r->notes, names[i]);

            if (value && !apr_table_get(r->next->notes, names[i]))
                apr_table_setn(r->next->notes, names[i], value);
        }
    }
}

int mab_refuse_verdict(request_rec *r, mab_request_t *request)
{
    return refuse(r, request, request->verdict.why);
}

int mab_refuse_scope(request_rec *r, mab_request_t *request)
{
    if (!request->logged)
        mab_judge_count(r, BEARER_SCOPE_SHORT);
    return refuse(r, request, BEARER_SCOPE_SHORT);
}

static bool lacks_one(request_rec *r, const char *scopes)
{
    const bearer_claims_t *claims = mab_judge_claims(r);
    bearer_str_t rest = bearer_str(scopes), word;

    while (claims && bearer_str_next_word(&rest, &word)) {
        const char *scope = apr_pstrmemdup(r->pool, word.data, word.len);

        if (!bearer_scope_held(&scope, 1, claims))
            return true;
    }
    return false;
}

void mab_refuse_complete_scopes(request_rec *r, mab_request_t *request)
{
    if (request->demanded && lacks_one(r, request->demanded))
        request->scopes = request->demanded;
}

/* --- the body -------------------------------------------------------------------- */

/* throws httpd's page away and sends ours instead, once */
static apr_status_t replace_body(ap_filter_t *filter, apr_bucket_brigade *in)
{
    const char *body = filter->ctx;
    apr_bucket_brigade *out;
    request_rec *r = filter->r;
    apr_bucket_alloc_t *alloc = filter->c->bucket_alloc;

    if (!body) {
        apr_brigade_cleanup(in);
        return APR_SUCCESS;
    }
    filter->ctx = NULL;
    apr_brigade_cleanup(in);
    ap_set_content_type(r, "application/json");
    apr_table_unset(r->headers_out, "Content-Language");
    ap_set_content_length(r, (apr_off_t)strlen(body));
    out = apr_brigade_create(r->pool, alloc);
    APR_BRIGADE_INSERT_TAIL(
        out, apr_bucket_pool_create(body, strlen(body), r->pool, alloc));
    APR_BRIGADE_INSERT_TAIL(out, apr_bucket_eos_create(alloc));
    return ap_pass_brigade(filter->next, out);
}

void mab_refuse_insert_filter(request_rec *r)
{
    const mab_request_t *request = mab_record_find(r);

    if (!request || !request->body || r->status != request->status)
        return;
    /* the administrator's ErrorDocument wins over our body */
    if (ap_response_code_string(r, ap_index_of_response(r->status)))
        return;
    ap_add_output_filter(FILTER_NAME, (void *)request->body, r, r->connection);
}

void mab_refuse_register(void)
{
    ap_register_output_filter(FILTER_NAME, replace_body, NULL,
                              AP_FTYPE_RESOURCE);
}
