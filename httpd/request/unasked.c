/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/unasked.h"

#include <string.h>

#include <apr_atomic.h>
#include <http_log.h>
#include <http_request.h>

static void warn(request_rec *r, const mab_place_t *place)
{
    if (apr_atomic_xchg32(place->asked->told, 1))
        return;
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  "MAB0410: %s: a request without a good token was let in: "
                  "what decided about it did not ask for one. The Require "
                  "lines of a section that comes later (<Location> after "
                  "<Directory>) replace those of AuthType Bearer's; write "
                  "\"Require valid-user\" into the last one, "
                  "\"AuthBearerOptional On\" if tokens are optional, "
                  "\"Require all granted\" beside AuthType Bearer if nobody "
                  "needs one, or \"AuthType None\" where a part is open",
                  place->where);
}

/* not what its Require lines say, but what was done counts: where they let it in
 * nobody was asked, and with "Satisfy Any" not even they were */
static bool is_let_in(const mab_request_t *request)
{
    return request->admitted && (request->unasked || !request->concluded);
}

/* the administrator says so there */
static bool is_meant(const mab_place_t *place)
{
    return place->optional == 1 || !place->asked || place->asked->granted;
}

/* an answer to a refusal, or not yet the answer: mod_rewrite's next round may refuse
 * (RewriteRule ... [F]) */
static bool is_no_admission(const request_rec *r)
{
    /* a browser's preflight never has a token (Require method OPTIONS) */
    if (r->method_number == M_OPTIONS)
        return true;
    if (r->handler && strcmp(r->handler, "redirect-handler") == 0)
        return true;
    for (r = r->prev; r; r = r->prev) {
        if (r->status == HTTP_FORBIDDEN || r->status == HTTP_UNAUTHORIZED)
            return true;
    }
    return false;
}

void mab_unasked_tell(request_rec *r)
{
    const request_rec *one;

    for (one = r; one; one = one->prev) {
        const mab_request_t *request = mab_record_find(one);

        if (request && is_let_in(request) && !is_meant(request->place)
            && !is_no_admission(r))
            warn(r, request->place);
    }
}

void mab_unasked_fail(request_rec *r, const mab_place_t *place, int status)
{
    /* httpd says AH01627, which does not tell where or what to do */
    if (status == HTTP_INTERNAL_SERVER_ERROR && place->asked
        && !ap_some_auth_required(r))
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "MAB0411: %s: no Require line applies here, so httpd "
                      "answers 500 (AH01627); write \"Require valid-user\" "
                      "beside AuthType Bearer",
                      place->where);
}
