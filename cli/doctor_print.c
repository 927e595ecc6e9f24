/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "bearer/base/str.h"

/* where texts begin and end on a line */
#define LEFT  10
#define RIGHT 79

/* --- lines ------------------------------------------------------------------------- */

/* what a terminal would obey, and what is not ASCII, as \xHH */
static void print_plain(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (bearer_str_is_printable(text[i]))
            putchar(text[i]);
        else
            printf("\\x%02x", (unsigned char)text[i]);
    }
}

/* words that do not fit go to the next line, under the first */
static void print_wrapped(const char *label, const char *text)
{
    bearer_str_t rest = bearer_str(text), word;
    size_t column = LEFT;

    printf("  %-*s", LEFT - 2, label);
    while (bearer_str_next_word(&rest, &word)) {
        if (column > LEFT && column + 1 + word.len > RIGHT) {
            printf("\n%*s", LEFT, "");
            column = LEFT;
        }
        else if (column > LEFT) {
            putchar(' ');
            column++;
        }
        print_plain(word.data, word.len);
        column += word.len;
    }
    putchar('\n');
}

/* kind NULL: goes on with a second line */
static void print_heading(const char *kind, const char *text)
{
    printf("%s%s", kind ? "\n" : "  ", kind ? kind : "");
    print_plain(text, strlen(text));
    putchar('\n');
}

/* to be copied: on one line, however long */
static void print_line(const char *text)
{
    printf("%*s%s\n", LEFT + 4, "", text);
}

static void print_finding(const doctor_finding_t *finding)
{
    print_wrapped(doctor_find_level(finding->level), finding->sentence);
    if (finding->advice || finding->line)
        print_wrapped("  ->", finding->advice ? finding->advice : "write:");
    if (finding->line)
        print_line(finding->line);
}

static void print_findings(const doctor_model_t *model, doctor_about_t about,
                           int index, doctor_level_t level)
{
    int i;

    for (i = 0; i < model->found->nelts; i++) {
        const doctor_finding_t *one =
            &APR_ARRAY_IDX(model->found, i, doctor_finding_t);

        if (one->about == about && one->index == index && one->level == level)
            print_finding(one);
    }
}

static bool has(const doctor_model_t *model, doctor_id_t id, int index)
{
    int i;

    for (i = 0; i < model->found->nelts; i++) {
        const doctor_finding_t *one =
            &APR_ARRAY_IDX(model->found, i, doctor_finding_t);

        if (one->id == id && one->index == index)
            return true;
    }
    return false;
}

/* the worst first */
static void print_about(const doctor_model_t *model, doctor_about_t about,
                        int index)
{
    print_findings(model, about, index, DOCTOR_WRONG);
    print_findings(model, about, index, DOCTOR_UNWISE);
}

static const char *counted(int count, const char *noun, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%d %s%s", count, noun, count == 1 ? "" : "s");
}

/* --- an issuer ------------------------------------------------------------------------ */

/* "RSA 2048, EC 256" */
static const char *sizes(const bearer_jwks_t *keys, apr_pool_t *pool)
{
    const char *text = "";
    int i;

    for (i = 0; i < keys->count && i < 8; i++)
        text = apr_psprintf(pool, "%s%s%s %d", text, i ? ", " : "",
                            bearer_alg_kty_name(keys->keys[i]->kty),
                            keys->keys[i]->bits);
    return i < keys->count ? apr_pstrcat(pool, text, ", ...", NULL) : text;
}

static const char *file_text(const doctor_source_t *source, apr_pool_t *pool)
{
    const doctor_file_t *file = &source->file;

    if (!file->seen)
        return source->source.location;
    return apr_psprintf(pool, "%s (owner %s, group %s, mode %04o)",
                        source->source.location, file->owner, file->group,
                        file->mode);
}

static void print_keys(const doctor_source_t *source, apr_pool_t *pool)
{
    const bearer_source_t *from = &source->source;

    if (from->kind == BEARER_SOURCE_SECRET) {
        print_wrapped("well", apr_pstrcat(pool, "a shared secret in ",
                                          file_text(source, pool), NULL));
        return;
    }
    if (from->kind == BEARER_SOURCE_PER_KID)
        print_wrapped("", "its keys are fetched one by one, as tokens name "
                          "them: authbearer keys asks for one");
    else if (!source->looked)
        print_wrapped("", "its keys were not fetched (--no-fetch)");
    if (!doctor_has_keys(source))
        return;
    print_wrapped("well",
                  apr_psprintf(pool, "%s (%s) from %s",
                               counted(source->keys->count, "key", pool),
                               sizes(source->keys, pool),
                               from->kind == BEARER_SOURCE_FILE
                                   ? file_text(source, pool)
                                   : source->told.tried));
    if (from->kind != BEARER_SOURCE_FILE)
        print_wrapped(
            "well",
            apr_psprintf(
                pool,
                "they are fetched again within %s, and stay "
                "in use for %s if that fails",
                tool_text_span(source->fresh, pool),
                tool_text_span(apr_time_sec(from->schedule.stale), pool)));
}

/* what the answers told besides, if it was well */
static void print_answers(const doctor_model_t *model, int index)
{
    const doctor_source_t *source =
        &APR_ARRAY_IDX(model->sources, index, doctor_source_t);
    const doctor_answer_t *last;

    if (!source->answers->nelts)
        return;
    last = &APR_ARRAY_IDX(source->answers, source->answers->nelts - 1,
                          doctor_answer_t);
    if (last->dated && !has(model, DOCTOR_CLOCK, index))
        print_wrapped("well",
                      apr_psprintf(model->pool,
                                   "its clock agrees with this machine's (%d s "
                                   "apart)",
                                   abs((int)last->ahead)));
    if (last->certificate_end && !has(model, DOCTOR_CERTIFICATE, index))
        print_wrapped("well", apr_pstrcat(model->pool,
                                          "its TLS certificate is good "
                                          "until ",
                                          tool_text_date(last->certificate_end,
                                                         model->pool),
                                          NULL));
}

static void print_source(const doctor_model_t *model, int index)
{
    const doctor_source_t *source =
        &APR_ARRAY_IDX(model->sources, index, doctor_source_t);

    print_heading("issuer ", source->source.issuer);
    print_heading(NULL, source->where);
    print_about(model, DOCTOR_ISSUER, index);
    print_keys(source, model->pool);
    print_answers(model, index);
}

/* --- a place -------------------------------------------------------------------------- */

/* "<Location "/api"> at file:line" */
static const char *place_name(const doctor_place_t *place, apr_pool_t *pool)
{
    static const char before[] = "AuthType in ", after[] = " is Bearer";
    const char *where = place->where;
    apr_size_t len = strlen(where), end = sizeof(after) - 1;

    if (strncmp(where, before, sizeof(before) - 1) == 0) {
        where += sizeof(before) - 1;
        len -= sizeof(before) - 1;
    }
    if (len > end && strcmp(where + len - end, after) == 0)
        len -= end;
    return apr_pstrmemdup(pool, where, len);
}

static void print_trust(const doctor_trust_t *trust, apr_pool_t *pool)
{
    const char *all = trust->any ? "anybody" : "";
    int i;

    if (!trust->any && !trust->audiences->nelts)
        return;
    if (trust->source->looked && !trust->source->keys) {
        print_wrapped("",
                      apr_pstrcat(pool, "without keys, tokens of ", trust->iss,
                                  " cannot be judged here", NULL));
        return;
    }
    for (i = 0; i < trust->audiences->nelts; i++)
        all =
            apr_pstrcat(pool, all, i ? " or " : "",
                        APR_ARRAY_IDX(trust->audiences, i, const char *), NULL);
    print_wrapped(
        "well",
        apr_pstrcat(pool, "accepts tokens of ", trust->iss, " for ", all,
                    trust->chosen ? ", signed with " : "",
                    trust->chosen ? bearer_alg_names(trust->algs, pool) : "",
                    NULL));
}

/* who gets in with such a token */
static void print_require(const doctor_place_t *place, apr_pool_t *pool)
{
    const char *all = "requires ";
    int i;

    for (i = 0; i < place->require->nelts; i++)
        all = apr_pstrcat(pool, all, i ? "; " : "",
                          APR_ARRAY_IDX(place->require, i, const char *), NULL);
    if (i)
        print_wrapped(place->asked_elsewhere ? "" : "well", all);
}

static void print_place(const doctor_model_t *model, int index)
{
    const doctor_place_t *place =
        &APR_ARRAY_IDX(model->places, index, doctor_place_t);
    int i;

    print_heading("", place_name(place, model->pool));
    print_about(model, DOCTOR_PLACE, index);
    for (i = 0; i < place->trusts->nelts; i++)
        print_trust(&APR_ARRAY_IDX(place->trusts, i, doctor_trust_t),
                    model->pool);
    print_require(place, model->pool);
}

/* --- all of it ------------------------------------------------------------------------ */

static int count(const doctor_model_t *model, doctor_level_t level)
{
    int i, number = 0;

    for (i = 0; i < model->found->nelts; i++)
        number +=
            APR_ARRAY_IDX(model->found, i, doctor_finding_t).level == level;
    return number;
}

static void print_sum(const doctor_model_t *model)
{
    int wrong = count(model, DOCTOR_WRONG),
        unwise = count(model, DOCTOR_UNWISE);

    putchar('\n');
    if (!wrong && !unwise)
        printf("all is well\n");
    else
        printf("%d wrong, %d unwise\n", wrong, unwise);
}

void doctor_print_text(const doctor_model_t *model)
{
    int i;

    printf("httpd\n");
    print_about(model, DOCTOR_HTTPD, 0);
    if (model->starts)
        print_wrapped(
            "well",
            apr_pstrcat(model->pool, "the configuration is valid: ",
                        counted(model->places->nelts, "place", model->pool),
                        " with AuthType Bearer, ",
                        counted(model->sources->nelts, "issuer", model->pool),
                        NULL));
    for (i = 0; i < model->sources->nelts; i++)
        print_source(model, i);
    for (i = 0; i < model->places->nelts; i++)
        print_place(model, i);
    print_sum(model);
}

/* --- JSON ------------------------------------------------------------------------------ */

static const char *subject(const doctor_model_t *model,
                           const doctor_finding_t *finding)
{
    if (finding->about == DOCTOR_ISSUER)
        return APR_ARRAY_IDX(model->sources, finding->index, doctor_source_t)
            .where;
    if (finding->about == DOCTOR_PLACE)
        return place_name(
            &APR_ARRAY_IDX(model->places, finding->index, doctor_place_t),
            model->pool);
    return NULL;
}

static void add_finding(bearer_write_t *json, const doctor_model_t *model,
                        const doctor_finding_t *finding)
{
    static const char *const about[] = {"httpd", "issuer", "place"};

    bearer_write_open(json, NULL, '{');
    bearer_write_text(json, "finding", finding->slug);
    bearer_write_text(json, "level", doctor_find_level(finding->level));
    bearer_write_text(json, "about", about[finding->about]);
    bearer_write_text(json, "where", subject(model, finding));
    bearer_write_text(json, "sentence", finding->sentence);
    bearer_write_text(json, "advice", finding->advice);
    bearer_write_text(json, "line", finding->line);
    bearer_write_close(json);
}

static void add_source(bearer_write_t *json, const doctor_model_t *model,
                       int index)
{
    const doctor_source_t *source =
        &APR_ARRAY_IDX(model->sources, index, doctor_source_t);

    bearer_write_open(json, NULL, '{');
    bearer_write_text(json, "issuer", source->source.issuer);
    bearer_write_text(json, "where", source->where);
    bearer_write_text(
        json, "level",
        doctor_find_level(doctor_find_worst(model, DOCTOR_ISSUER, index)));
    if (source->looked)
        bearer_write_integer(json, "keys",
                             source->keys ? source->keys->count : 0);
    else
        bearer_write_null(json, "keys");
    bearer_write_close(json);
}

static void add_place(bearer_write_t *json, const doctor_model_t *model,
                      int index)
{
    bearer_write_open(json, NULL, '{');
    bearer_write_text(
        json, "where",
        place_name(&APR_ARRAY_IDX(model->places, index, doctor_place_t),
                   model->pool));
    bearer_write_text(
        json, "level",
        doctor_find_level(doctor_find_worst(model, DOCTOR_PLACE, index)));
    bearer_write_close(json);
}

void doctor_print_json(const doctor_model_t *model)
{
    bearer_write_t json;
    int i;

    tool_text_begin_json(&json, model->pool);
    bearer_write_text(
        &json, "level",
        doctor_find_level(doctor_find_worst(model, DOCTOR_HTTPD, -1)));
    bearer_write_integer(&json, "wrong", count(model, DOCTOR_WRONG));
    bearer_write_integer(&json, "unwise", count(model, DOCTOR_UNWISE));
    bearer_write_open(&json, "findings", '[');
    for (i = 0; i < model->found->nelts; i++)
        add_finding(&json, model,
                    &APR_ARRAY_IDX(model->found, i, doctor_finding_t));
    bearer_write_close(&json);
    bearer_write_open(&json, "issuers", '[');
    for (i = 0; i < model->sources->nelts; i++)
        add_source(&json, model, i);
    bearer_write_close(&json);
    bearer_write_open(&json, "places", '[');
    for (i = 0; i < model->places->nelts; i++)
        add_place(&json, model, i);
    bearer_write_close(&json);
    tool_text_print_json(&json);
}
