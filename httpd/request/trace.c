/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/trace.h"

#include <http_log.h>

static void write_check(request_rec *r, bearer_stage_t stage, const char *word,
                        const char *particulars)
{
    const bearer_stage_info_t *info = bearer_stage_find(stage);

    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "check %s %s: %s%s%s%s",
                  info->name, word, info->what, *particulars ? " (" : "",
                  particulars, *particulars ? ")" : "");
}

void mab_trace_checks(request_rec *r, const bearer_verdict_t *verdict)
{
    bearer_stage_t failed = bearer_stage_of(verdict->why);
    bearer_stage_t stage = BEARER_STAGE_PLACE;
    const char *slug = bearer_error_find(verdict->why)->slug;

    if (!APLOG_R_IS_LEVEL(r, APLOG_DEBUG))
        return;
    /* a mistake of ours: the line of the refusal says it all */
    if (verdict->why && failed == BEARER_STAGE_COUNT)
        return;
    if (verdict->recalled) {
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                      "checks up to the signature passed with an earlier "
                      "request: the token is remembered (%s)",
                      verdict->proof.issuer->iss.data);
        stage = BEARER_STAGE_EXPIRY;
    }
    for (; stage < failed; stage++) {
        bearer_note_t note = {""};

        bearer_proof_note(stage, &verdict->proof, &note);
        write_check(r, stage, "passed", note.text);
    }
    if (failed < BEARER_STAGE_COUNT)
        write_check(r, failed, "FAILED", slug);
}
