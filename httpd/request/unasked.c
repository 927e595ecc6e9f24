/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/unasked.h"

#include <apr_atomic.h>
#include <http_log.h>
#include <http_request.h>

/* a section that leaves it to others who gets in */
static bool is_silent(const mab_place_t *place)
{
    return place->asked && !place->asked->lines;
}

static void warn(request_rec *r, const mab_place_t *place)
{
    if (place->optional == 1 || apr_atomic_xchg32(place->asked->told, 1))
        return;
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  "MAB0410: %s: a request without a good token was let in: "
                  "there is no Require line beside AuthType Bearer, and those "
                  "that apply from elsewhere did not ask for a token; write "
                  "\"Require valid-user\" there, \"AuthBearerOptional On\" if "
                  "tokens are optional, or \"Require all granted\" if nobody "
                  "needs one",
                  place->where);
}

void mab_unasked_fail(request_rec *r, const mab_place_t *place, int status)
{
    /* httpd says AH01627, which does not tell where or what to do */
    if (status == HTTP_INTERNAL_SERVER_ERROR && is_silent(place)
        && !ap_some_auth_required(r))
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "MAB0411: %s: no Require line applies here, so httpd "
                      "answers 500 (AH01627); write \"Require valid-user\" "
                      "beside AuthType Bearer",
                      place->where);
}

void mab_unasked_tell(request_rec *r, const mab_place_t *place, int status)
{
    if (status == OK && is_silent(place))
        warn(r, place);
    else
        mab_unasked_fail(r, place, status);
}
