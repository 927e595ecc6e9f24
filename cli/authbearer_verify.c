/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include <apr_strings.h>

#include "bearer/gate/prove.h"
#include "bearer/keys/locate.h"
#include "bearer/keys/secret.h"
#include "bearer/text/utf8.h"

/* --- judging ------------------------------------------------------------------ */

/** The result. */
typedef struct verdict_t {
    bearer_reason_t why;
    bearer_note_t note;
    bearer_reason_t cause; /* why there are no keys; BEARER_OK: there are */
    bearer_note_t cause_note;
    const char *cause_where;
    bearer_job_t job;
    tool_found_t found;
    bearer_str_t user;
} verdict_t;

/* the token says whose key to look for, as in the module */
static bearer_reason_t take_kid(tool_t *tool, verdict_t *verdict)
{
    bearer_str_t kid = verdict->job.jws->kid;

    if (tool->source.kind != BEARER_SOURCE_PER_KID)
        return BEARER_OK;
    if (!bearer_kidname_check(kid))
        return BEARER_HEADER_KID;
    tool->kid = apr_pstrmemdup(tool->pool, kid.data, kid.len);
    return BEARER_OK;
}

static bearer_reason_t get_keys(tool_t *tool, verdict_t *verdict)
{
    bearer_reason_t why = take_kid(tool, verdict);

    if (why)
        return why;
    verdict->cause = tool_source_get(tool, &verdict->found);
    if (!verdict->cause)
        return BEARER_OK;
    if (verdict->found.missing) {
        verdict->cause = BEARER_OK;
        bearer_note_set(&verdict->note, "kid %s", tool->kid);
        return BEARER_KEY_UNKNOWN;
    }
    verdict->cause_note = verdict->found.told.note;
    verdict->cause_where = verdict->found.told.tried;
    bearer_note_set(&verdict->note, "%s",
                    bearer_error_text(verdict->cause, NULL, tool->pool));
    if (verdict->cause_note.text[0]) {
        bearer_note_add(&verdict->note, " (");
        bearer_note_join(&verdict->note, &verdict->cause_note);
        bearer_note_add(&verdict->note, ")");
    }
    return BEARER_KEYS_UNAVAILABLE;
}

static bearer_reason_t judge(tool_t *tool, verdict_t *verdict)
{
    bearer_job_t *job = &verdict->job;
    bearer_str_t token;
    bearer_reason_t why;
    bearer_newer_t newer; /* these are the newest */

    why = tool_input_token(&token, tool->pool);
    if (why)
        return why;
    why = bearer_verify_begin(token, &tool->policy, job, &verdict->note,
                              tool->pool);
    if (why)
        return why;
    /* only now: nobody is asked because of a token that nothing can save */
    why = get_keys(tool, verdict);
    if (why)
        return why;
    why = bearer_verify_signature(job, verdict->found.keys, &newer,
                                  &verdict->note);
    if (why)
        return why;
    return bearer_verify_claims(job->claims, &tool->policy, job->issuer,
                                tool->now.wall, &verdict->user, &verdict->note);
}

/* --- showing ------------------------------------------------------------------ */

/* what a check that passed looked at: of a token only iss, kid, alg, typ and
 * times, as in log lines */
static void set_particulars(bearer_stage_t stage, const tool_t *tool,
                            const verdict_t *verdict, bearer_note_t *note)
{
    const bearer_claims_t *claims = verdict->job.claims;
    const tool_found_t *found = &verdict->found;
    bearer_proof_t proof;

    bearer_prove_begin(&verdict->job, &proof);
    bearer_proof_note(stage, &proof, note);
    if (stage == BEARER_STAGE_KEYS && found->keys)
        bearer_note_set(note, "%d from %s", found->keys->count,
                        found->told.tried);
    if (stage == BEARER_STAGE_EXPIRY && claims)
        bearer_note_set(
            note, "%s",
            tool_text_distance(claims->exp, tool->now.wall, tool->pool));
    if (stage == BEARER_STAGE_ISSUED && claims
        && claims->has_iat == BEARER_VALUE_GOT)
        bearer_note_set(
            note, "%s",
            tool_text_distance(claims->iat, tool->now.wall, tool->pool));
}

/* a reason is about the token, or about our own mistake; without keys, or memory,
 * nothing was decided */
static const char *word(const verdict_t *verdict)
{
    if (!verdict->why)
        return "accepted";
    if (verdict->why == BEARER_KEYS_UNAVAILABLE
        || bearer_stage_of(verdict->why) == BEARER_STAGE_COUNT)
        return "undecided";
    return "refused";
}

static void print_text(const tool_t *tool, const verdict_t *verdict)
{
    bearer_stage_t failed = bearer_stage_of(verdict->why);
    bearer_stage_t stage;

    if (verdict->why)
        printf("%s: %s\n", word(verdict),
               bearer_error_text(verdict->why, &verdict->note, tool->pool));
    else
        printf("accepted: user %s\n",
               tool_text_string(verdict->user, tool->pool));
    if (verdict->cause)
        printf("asked: %s\n",
               tool_text_string((bearer_str_t){verdict->cause_where,
                                               strlen(verdict->cause_where)},
                                tool->pool));
    putchar('\n');
    for (stage = 0; stage < BEARER_STAGE_COUNT; stage++) {
        bearer_note_t note = {""};

        if (stage < failed)
            set_particulars(stage, tool, verdict, &note);
        if (stage == failed)
            bearer_note_set(&note, "%s", bearer_error_find(verdict->why)->slug);
        printf("%-11s  %-10s  %s%s%s%s\n",
               stage < failed    ? "passed"
               : stage == failed ? "FAILED"
                                 : "not reached",
               bearer_stage_find(stage)->name, bearer_stage_find(stage)->what,
               note.text[0] ? " (" : "", note.text, note.text[0] ? ")" : "");
    }
}

static void add_checks(bearer_write_t *json, const tool_t *tool,
                       const verdict_t *verdict)
{
    bearer_stage_t failed = bearer_stage_of(verdict->why);
    bearer_stage_t stage;

    bearer_write_open(json, "checks", '[');
    for (stage = 0; stage < BEARER_STAGE_COUNT; stage++) {
        bearer_note_t note = {""};

        bearer_write_open(json, NULL, '{');
        bearer_write_text(json, "check", bearer_stage_find(stage)->name);
        bearer_write_text(json, "result",
                          stage < failed    ? "passed"
                          : stage == failed ? "failed"
                                            : "not reached");
        if (stage < failed)
            set_particulars(stage, tool, verdict, &note);
        if (note.text[0])
            bearer_write_text(json, "note", note.text);
        bearer_write_close(json);
    }
    bearer_write_close(json);
}

static void print_json(const tool_t *tool, const verdict_t *verdict)
{
    const bearer_reason_info_t *info = bearer_error_find(verdict->why);
    const char *asked = verdict->cause ? verdict->cause_where : "";
    bearer_str_t where = {asked, strlen(asked)};
    bearer_write_t json;

    tool_text_begin_json(&json, tool->pool);
    bearer_write_text(&json, "verdict", word(verdict));
    tool_text_add_reason(&json, verdict->why, &verdict->note);
    bearer_write_integer(&json, "status", info->status);
    bearer_write_text(&json, "code", info->code);
    bearer_write_integer(&json, "at", tool->now.wall);
    if (!verdict->why)
        bearer_write_string(&json, "user", verdict->user);
    if (verdict->cause) {
        bearer_write_open(&json, "cause", '{');
        tool_text_add_reason(&json, verdict->cause, &verdict->cause_note);
        /* the name of a file may hold any bytes */
        if (bearer_utf8_check(where))
            bearer_write_string(&json, "where", where);
        bearer_write_close(&json);
    }
    add_checks(&json, tool, verdict);
    tool_text_print_json(&json);
}

/* --- the command -------------------------------------------------------------- */

/* the library's own checks of a policy, in the command's words */
static int check_policy(tool_t *tool)
{
    bearer_note_t note = {""};
    bearer_reason_t why = BEARER_OK;

    if (!tool->policy.issuer_count)
        return tool_complain("--issuer is missing: who must have signed the "
                             "token");
    if (tool->source.kind == BEARER_SOURCE_PER_KID && *tool->kid)
        return tool_complain("--keys: pem-per-kid: ends with a slash here: the "
                             "token says whose key follows");
    /* as the module, but for what a shell can put in the place of a file */
    if (tool->source.kind == BEARER_SOURCE_SECRET)
        why = bearer_secret_read(tool->source.location, true,
                                 &tool->issuer.secret, &note, tool->pool);
    if (why)
        return tool_complain("--secret: %s",
                             bearer_error_text(why, &note, tool->pool));
    bearer_policy_freeze(&tool->policy, tool->pool);
    why = bearer_policy_check(&tool->policy, NULL);
    if (why == BEARER_POLICY_AUDIENCE)
        return tool_complain("--audience is missing: whom the token must be "
                             "meant for, or \"any\"");
    if (why == BEARER_POLICY_ANY)
        return tool_complain("--audience any: --audience-claim and trust "
                             "domains (spiffe://...) want a value that is "
                             "compared");
    if (why)
        return tool_complain("--alg leaves no usable algorithm: HS256, HS384 "
                             "and HS512 go with --secret, the others with "
                             "keys");
    return TOOL_GOOD;
}

int tool_verify(tool_t *tool)
{
    verdict_t *verdict = apr_pcalloc(tool->pool, sizeof(*verdict));
    const bearer_path_t **sub = apr_palloc(tool->pool, sizeof(*sub));
    int status = check_policy(tool);

    if (status)
        return status;
    if (!tool->policy.user_count
        && !bearer_path_parse("sub", sub, NULL, tool->pool)) {
        tool->policy.user = sub;
        tool->policy.user_count = 1;
    }
    verdict->why = judge(tool, verdict);
    if (tool->json)
        print_json(tool, verdict);
    else
        print_text(tool, verdict);
    if (!verdict->why)
        return TOOL_GOOD;
    return strcmp(word(verdict), "refused") == 0 ? TOOL_REFUSED
                                                 : TOOL_UNDECIDED;
}
