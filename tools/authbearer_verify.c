/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/authbearer.h"

#include <apr_strings.h>

#include "bearer/verify.h"

/* --- the order of checks ------------------------------------------------------ */

/** The checks in the order of bearer/verify.c and bearer/claims.c, each with the
 * reasons it may refuse for. Each reason of a token stands here once: the test
 * of this command looks. What stands above the check that failed has passed,
 * and what stands below was not reached. */
enum {
    STAGE_PLACE,
    STAGE_FORM,
    STAGE_ENCODING,
    STAGE_HEADER,
    STAGE_ALGORITHM,
    STAGE_EXTENSIONS,
    STAGE_KEY_ID,
    STAGE_TYPE,
    STAGE_CLAIMS,
    STAGE_ISSUER,
    STAGE_KEYS,
    STAGE_KEY,
    STAGE_SIGNATURE,
    STAGE_EXPIRY,
    STAGE_NOT_BEFORE,
    STAGE_ISSUED,
    STAGE_AUDIENCE,
    STAGE_REQUIRED,
    STAGE_BINDING,
    STAGE_SUBJECT,
    STAGES
};

static const struct {
    const char *name, *what;
    bearer_reason_t reasons[6]; /* ended by BEARER_OK */
} stages[STAGES] = {
    {"place",
     "there is one token",
     {BEARER_TOKEN_MISSING, BEARER_TOKEN_FORMAT, BEARER_TOKEN_SCHEME,
      BEARER_TOKEN_TWICE}},
    {"form",
     "three parts of an acceptable size",
     {BEARER_TOKEN_SIZE, BEARER_JWS_PARTS, BEARER_JWS_ENCRYPTED}},
    {"encoding",
     "each part is canonical base64url",
     {BEARER_B64_ALPHABET, BEARER_B64_LENGTH, BEARER_B64_CANONICAL}},
    {"header", "the header is a JSON object", {BEARER_HEADER_JSON}},
    {"algorithm",
     "the algorithm is allowed",
     {BEARER_ALG_MISSING, BEARER_ALG_UNKNOWN, BEARER_ALG_FORBIDDEN}},
    {"extensions",
     "no extension is demanded",
     {BEARER_HEADER_CRIT, BEARER_HEADER_B64, BEARER_HEADER_ZIP,
      BEARER_HEADER_ENC}},
    {"key id", "the key id is usable", {BEARER_HEADER_KID}},
    {"type", "the type is accepted", {BEARER_TYP_WRONG}},
    {"claims", "the claims are a JSON object", {BEARER_PAYLOAD_JSON}},
    {"issuer",
     "the issuer is trusted",
     {BEARER_ISS_MISSING, BEARER_ISS_UNKNOWN}},
    {"keys", "the issuer's keys are there", {BEARER_KEYS_UNAVAILABLE}},
    {"key",
     "one of them fits",
     {BEARER_KEY_UNKNOWN, BEARER_KEY_UNFIT, BEARER_KEY_AMBIGUOUS}},
    {"signature", "it signed this", {BEARER_SIG_LENGTH, BEARER_SIG_WRONG}},
    {"expiry",
     "exp is there and not over",
     {BEARER_EXP_MISSING, BEARER_EXP_INVALID, BEARER_EXPIRED}},
    {"not before",
     "nbf, if any, is reached",
     {BEARER_NBF_INVALID, BEARER_NOT_YET}},
    {"issued",
     "iat, age and lifetime are acceptable",
     {BEARER_IAT_INVALID, BEARER_IAT_MISSING, BEARER_IAT_FUTURE, BEARER_TOO_OLD,
      BEARER_TOO_LONG}},
    {"audience",
     "it is meant for us",
     {BEARER_AUD_MISSING, BEARER_AUD_INVALID, BEARER_AUD_WRONG}},
    {"required", "demanded claims are there", {BEARER_CLAIM_MISSING}},
    {"binding", "it is not bound to a key (cnf)", {BEARER_CNF_BOUND}},
    {"subject", "it names a user", {BEARER_SUBJECT_MISSING}},
};

/* the stage that refuses for this reason; STAGES: none does */
static int stage_of(bearer_reason_t why)
{
    int stage, i;

    for (stage = 0; stage < STAGES && why; stage++) {
        for (i = 0; stages[stage].reasons[i]; i++) {
            if (stages[stage].reasons[i] == why)
                return stage;
        }
    }
    return STAGES;
}

/* --- judging ------------------------------------------------------------------ */

/** What came of it. */
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

static bearer_reason_t get_keys(tool_t *tool, verdict_t *verdict)
{
    verdict->cause = tool_source_get(tool, &verdict->found);
    if (!verdict->cause)
        return BEARER_OK;
    verdict->cause_note = verdict->found.decided->note;
    verdict->cause_where = verdict->found.decided->where;
    bearer_note_set(
        &verdict->note, "%s",
        tool_text_reason(verdict->cause, &verdict->cause_note, tool->pool));
    return BEARER_KEYS_UNAVAILABLE;
}

static bearer_reason_t judge(tool_t *tool, verdict_t *verdict)
{
    bearer_job_t *job = &verdict->job;
    bearer_str_t token;
    bearer_reason_t why;
    bool newer_may_help; /* these are the newest */

    why = tool_input_token(&token, tool->pool);
    if (why)
        return why;
    why = bearer_verify_begin(token, &tool->policy, job, &verdict->note,
                              tool->pool);
    if (why)
        return why;
    /* only now: nobody is asked for the sake of a token that nothing saves */
    why = get_keys(tool, verdict);
    if (why)
        return why;
    why = bearer_verify_signature(job, verdict->found.keys, &newer_may_help,
                                  &verdict->note);
    if (why)
        return why;
    return bearer_verify_claims(job, tool->now.wall, &verdict->user,
                                &verdict->note);
}

/* --- telling ------------------------------------------------------------------ */

/* what a check that passed looked at: of a token only iss, kid, alg, typ and
 * times, as in log lines */
static void set_particulars(int stage, const tool_t *tool,
                            const verdict_t *verdict, bearer_note_t *note)
{
    const bearer_jws_t *jws = verdict->job.jws;
    const bearer_claims_t *claims = verdict->job.claims;
    const tool_step_t *keys = verdict->found.decided;

    if (stage == STAGE_ALGORITHM && jws)
        bearer_note_set(note, "%s", jws->alg->name);
    if (stage == STAGE_KEY_ID && jws)
        bearer_note_set(note, "%.*s", bearer_note_width(jws->kid),
                        jws->kid.data ? jws->kid.data : "none");
    if (stage == STAGE_TYPE && jws)
        bearer_note_set(note, "%.*s", bearer_note_width(jws->typ),
                        jws->typ.data ? jws->typ.data : "none");
    if (stage == STAGE_ISSUER && claims)
        bearer_note_set(note, "%.*s", bearer_note_width(claims->iss),
                        claims->iss.data);
    if (stage == STAGE_KEYS && keys)
        bearer_note_set(note, "%d from %s", verdict->found.keys->count,
                        keys->where);
    if (stage == STAGE_EXPIRY && claims)
        bearer_note_set(
            note, "%s",
            tool_text_distance(claims->exp, tool->now.wall, tool->pool));
    if (stage == STAGE_ISSUED && claims && claims->has_iat == BEARER_JSON_GOT)
        bearer_note_set(
            note, "%s",
            tool_text_distance(claims->iat, tool->now.wall, tool->pool));
}

/* what decides is decided by our own hands or by the token; without keys, or
 * memory, nothing was decided */
static const char *word(const verdict_t *verdict)
{
    if (!verdict->why)
        return "accepted";
    if (verdict->why == BEARER_KEYS_UNAVAILABLE
        || stage_of(verdict->why) == STAGES)
        return "undecided";
    return "refused";
}

static void print_text(const tool_t *tool, const verdict_t *verdict)
{
    int failed = stage_of(verdict->why);
    int stage;

    if (verdict->why)
        printf("%s: %s\n", word(verdict),
               tool_text_reason(verdict->why, &verdict->note, tool->pool));
    else
        printf("accepted: user %s\n",
               tool_text_string(verdict->user, tool->pool));
    if (verdict->cause)
        printf("asked: %s\n",
               tool_text_string((bearer_str_t){verdict->cause_where,
                                               strlen(verdict->cause_where)},
                                tool->pool));
    putchar('\n');
    for (stage = 0; stage < STAGES; stage++) {
        bearer_note_t note = {""};

        if (stage < failed)
            set_particulars(stage, tool, verdict, &note);
        if (stage == failed)
            bearer_note_set(&note, "%s", bearer_error_find(verdict->why)->slug);
        printf("%-11s  %-10s  %s%s%s%s\n",
               stage < failed    ? "passed"
               : stage == failed ? "FAILED"
                                 : "not reached",
               stages[stage].name, stages[stage].what, note.text[0] ? " (" : "",
               note.text, note.text[0] ? ")" : "");
    }
}

static json_t *render_checks(const tool_t *tool, const verdict_t *verdict)
{
    json_t *checks = json_array();
    int failed = stage_of(verdict->why);
    int stage;

    for (stage = 0; stage < STAGES; stage++) {
        json_t *check = json_object();
        bearer_note_t note = {""};

        json_object_set_new(check, "check", json_string(stages[stage].name));
        json_object_set_new(check, "result",
                            json_string(stage < failed    ? "passed"
                                        : stage == failed ? "failed"
                                                          : "not reached"));
        if (stage < failed)
            set_particulars(stage, tool, verdict, &note);
        if (note.text[0])
            json_object_set_new(check, "note", json_string(note.text));
        json_array_append_new(checks, check);
    }
    return checks;
}

static void print_json(const tool_t *tool, const verdict_t *verdict)
{
    const bearer_reason_info_t *info = bearer_error_find(verdict->why);
    json_t *json = json_object();
    json_t *cause;

    json_object_set_new(json, "verdict", json_string(word(verdict)));
    tool_text_add_reason(json, verdict->why, &verdict->note);
    json_object_set_new(json, "status", json_integer(info->status));
    json_object_set_new(json, "code", json_string(info->code));
    json_object_set_new(json, "at", json_integer(tool->now.wall));
    if (!verdict->why)
        json_object_set_new(
            json, "user", json_stringn(verdict->user.data, verdict->user.len));
    if (verdict->cause) {
        cause = json_object();
        tool_text_add_reason(cause, verdict->cause, &verdict->cause_note);
        json_object_set_new(cause, "where", json_string(verdict->cause_where));
        json_object_set_new(json, "cause", cause);
    }
    json_object_set_new(json, "checks", render_checks(tool, verdict));
    tool_text_print_json(json);
}

/* --- the command -------------------------------------------------------------- */

/* the library's own checks of a policy, in the command's words */
static int check_policy(tool_t *tool)
{
    bearer_note_t note = {""};
    bearer_reason_t why = BEARER_OK;

    if (!tool->policy.issuer_count)
        return tool_complain("--issuer is missing: who must have signed it");
    if (tool->secret)
        why = tool_source_read_secret(tool, &note);
    if (why)
        return tool_complain("--secret: %s",
                             tool_text_reason(why, &note, tool->pool));
    why = bearer_policy_check(&tool->policy, NULL);
    if (why == BEARER_POLICY_AUDIENCE)
        return tool_complain("--audience is missing: who it must be meant for, "
                             "or \"any\"");
    if (why)
        return tool_complain("--alg leaves no algorithm: HS256, HS384, HS512 "
                             "are for --secret, the others for keys");
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
        && !bearer_json_path_parse("sub", sub, NULL, tool->pool)) {
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
