/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor.h"

#include <apr_strings.h>

#include "bearer/base/str.h"

#define DAY ((apr_int64_t)86400)
/* certificates that end so soon are told */
#define SOON (14 * DAY)
/* nobody's outage should be longer */
#define LONG_STALE (7 * DAY)
/* Date has whole seconds, and an answer takes its time */
#define ROUNDING 2

/* one thing that is looked at, by its place in its list */
typedef struct check_t {
    doctor_model_t *model;
    int index;
} check_t;

static void find(const check_t *check, doctor_id_t id, const char *one,
                 const char *two, const char *three)
{
    const doctor_words_t words = {one, two, three, NULL};

    (void)doctor_find(check->model, id, check->index, words);
}

/* --- what httpd says --------------------------------------------------------------- */

/* what follows "WHERE: ", or NULL: it is about something else */
static const char *said_of(const char *text, const char *where)
{
    apr_size_t len = strlen(where);

    return strncmp(text, where, len) == 0 && text[len] == ':' ? text + len + 2
                                                              : NULL;
}

static void find_said(doctor_model_t *model, const doctor_said_t *said,
                      doctor_id_t id, int index, const char *text)
{
    const doctor_words_t words = {text, NULL, NULL, NULL};
    doctor_finding_t *finding = doctor_find(model, id, index, words);

    /* the number is known already, and never changes its meaning either */
    if (said->number)
        finding->slug = said->number;
}

/* "in <Location "/api"> at file:", of a directive; *len of it, 0: it is in no section */
static const char *section_of(const char *where, apr_size_t *len)
{
    const char *begin = strstr(where, " in <");
    const char *at = begin ? strstr(begin, "> at ") : NULL;
    const char *end = at ? strchr(at, ':') : NULL;

    *len = end ? (apr_size_t)(end - begin) : 0;
    return begin;
}

/* whether a message begins with another directive of a place's section */
static bool is_beside(const char *text, const char *where)
{
    apr_size_t len, other;
    const char *one = section_of(where, &len), *its = section_of(text, &other);

    return strncmp(text, "AuthBearer", 10) == 0 && len && len == other
           && strncmp(one, its, len) == 0;
}

static void sort_said(doctor_model_t *model, const doctor_said_t *said)
{
    const char *text = NULL;
    int i;

    for (i = 0; i < model->sources->nelts && !said->wrong; i++) {
        text = said_of(said->text,
                       APR_ARRAY_IDX(model->sources, i, doctor_source_t).where);
        if (text) {
            find_said(model, said, DOCTOR_SAID_OF_ISSUER, i, text);
            return;
        }
    }
    for (i = 0; i < model->places->nelts && !said->wrong; i++) {
        text = said_of(said->text,
                       APR_ARRAY_IDX(model->places, i, doctor_place_t).where);
        if (!text
            && is_beside(said->text,
                         APR_ARRAY_IDX(model->places, i, doctor_place_t).where))
            text = said->text;
        if (text) {
            find_said(model, said, DOCTOR_SAID_OF_PLACE, i, text);
            return;
        }
    }
    find_said(model, said, said->wrong ? DOCTOR_START : DOCTOR_SAID_OF_HTTPD, 0,
              said->text);
}

/* --- httpd ---------------------------------------------------------------------------- */

static bool is_used(const doctor_model_t *model, int server)
{
    int i;

    for (i = 0; i < model->places->nelts; i++) {
        if (APR_ARRAY_IDX(model->places, i, doctor_place_t).server == server)
            return true;
    }
    return false;
}

static void check_httpd(doctor_model_t *model)
{
    const check_t check = {model, 0};
    int i;

    if (!model->watchdog)
        find(&check, DOCTOR_NO_WATCHDOG, NULL, NULL, NULL);
    if (!model->places->nelts)
        find(&check, DOCTOR_NO_PLACES, NULL, NULL, NULL);
    for (i = 0; i < model->servers->nelts; i++) {
        const doctor_server_t *server =
            &APR_ARRAY_IDX(model->servers, i, doctor_server_t);

        if (!server->tls && !model->loopback && is_used(model, i))
            find(&check, DOCTOR_PLAIN_HTTP, server->name, NULL, NULL);
    }
}

/* --- the keys of an issuer -------------------------------------------------------------- */

static const char *kid_text(bearer_str_t kid, apr_pool_t *pool)
{
    bearer_note_t note = {""};

    if (!kid.data)
        return "without kid";
    bearer_note_set(&note, "%.*s", bearer_note_width(kid), kid.data);
    return apr_psprintf(pool, "\"%s\"", note.text);
}

/* a key of a JWK set that cannot be used, though it is for signatures */
static void check_published(const check_t *check, const bearer_value_t *json,
                            bearer_jwk_use_t use)
{
    apr_pool_t *pool = check->model->pool;
    const bearer_jwk_t *key;
    bearer_note_t note = {""};
    bearer_reason_t why = bearer_jwk_parse_for(use, json, &key, &note, pool);
    bearer_str_t kid = {NULL, 0};

    if (!why || why == BEARER_JWK_USE)
        return;
    (void)bearer_value_get_string(json, "kid", &kid);
    find(check, DOCTOR_KEY_UNUSABLE, kid_text(kid, pool),
         bearer_error_text(why, &note, pool), NULL);
}

static void check_kids(const check_t *check, const bearer_jwks_t *keys)
{
    int i, j;

    for (i = 0; i < keys->count; i++) {
        const bearer_jwk_t *key = keys->keys[i];

        for (j = 0; j < i; j++) {
            if (key->kid.data && (key->algs & keys->keys[j]->algs)
                && bearer_str_equal(key->kid, keys->keys[j]->kid)) {
                find(check, DOCTOR_KID_TWICE,
                     kid_text(key->kid, check->model->pool), NULL, NULL);
                return;
            }
        }
    }
}

/* the particulars of a reason, without the word that some begin with */
static const char *particulars(const bearer_note_t *note)
{
    static const char issuer[] = "issuer ";

    return strncmp(note->text, issuer, sizeof(issuer) - 1) == 0
               ? note->text + sizeof(issuer) - 1
               : note->text;
}

/* Whether they differ by a slash at the end or by case alone, which is a mistake of
 * writing: any other name is for the metadata's writer to choose, and is none to copy
 * (an option in an issuer's name, a variable of httpd's, another issuer) */
static bool is_nearly(const char *one, const char *other)
{
    apr_size_t len = strlen(one), its = strlen(other);
    apr_size_t i;

    for (i = 0; one[i]; i++) {
        if (!bearer_str_is_printable(one[i]))
            return false;
    }
    len -= len && one[len - 1] == '/';
    its -= its && other[its - 1] == '/';
    return len == its && strncasecmp(one, other, len) == 0;
}

/* why there are none */
static void check_missing(const check_t *check, const doctor_source_t *source)
{
    apr_pool_t *pool = check->model->pool;
    const bearer_outcome_t *told = &source->told;
    const char *tried = told->tried ? told->tried : source->source.issuer;
    const doctor_words_t words = {
        tried, bearer_error_text(told->why, &told->note, pool), NULL, NULL};
    doctor_words_t cure = {tried, particulars(&told->note),
                           source->source.issuer, NULL};
    doctor_finding_t *finding;
    bearer_url_t url;

    if (!bearer_url_parse(tried, source->source.http_loopback, &url, NULL,
                          pool))
        cure.one = url.host;
    finding =
        doctor_find(check->model, DOCTOR_KEYS_MISSING, check->index, words);
    if (told->why != BEARER_DISCOVERY_ISSUER || is_nearly(cure.two, cure.three))
        doctor_find_cure(check->model, finding, told->why, cure);
}

static void check_keys(const check_t *check, const doctor_source_t *source)
{
    const bearer_value_t *at = bearer_value_first(source->published);
    bearer_jwk_use_t use =
        source->source.svid ? BEARER_JWK_FOR_SVID : BEARER_JWK_FOR_SIG;
    int count = 0;

    for (; at && count < BEARER_LIMIT_KEYS; count++) {
        check_published(check, at, use);
        at = bearer_value_next(source->published, at);
    }
    if (source->keys)
        check_kids(check, source->keys);
    else if (source->looked)
        check_missing(check, source);
}

/* --- clocks and certificates -------------------------------------------------------------- */

/* the least leeway of the places that trust this issuer */
static apr_int64_t least_leeway(const check_t *check,
                                const doctor_source_t *source)
{
    apr_int64_t least = -1;
    int i, j;

    for (i = 0; i < check->model->places->nelts; i++) {
        const doctor_place_t *place =
            &APR_ARRAY_IDX(check->model->places, i, doctor_place_t);

        for (j = 0; j < place->trusts->nelts; j++) {
            if (APR_ARRAY_IDX(place->trusts, j, doctor_trust_t).source == source
                && (least < 0 || place->leeway < least))
                least = place->leeway;
        }
    }
    return least;
}

static bool check_clock(const check_t *check, const doctor_answer_t *answer,
                        apr_int64_t leeway)
{
    apr_pool_t *pool = check->model->pool;
    apr_int64_t off = answer->ahead < 0 ? -answer->ahead : answer->ahead;

    if (!answer->dated || leeway < 0 || off <= leeway + ROUNDING)
        return false;
    find(check, DOCTOR_CLOCK, answer->host,
         apr_pstrcat(pool, tool_text_span(off, pool),
                     answer->ahead < 0 ? " behind" : " ahead of", NULL),
         tool_text_span(leeway, pool));
    return true;
}

static bool check_certificate(const check_t *check,
                              const doctor_answer_t *answer)
{
    apr_pool_t *pool = check->model->pool;
    apr_int64_t end = answer->certificate_end;

    if (!end || end > check->model->now + SOON)
        return false;
    find(check, DOCTOR_CERTIFICATE, answer->host, tool_text_date(end, pool),
         tool_text_distance(end, check->model->now, pool));
    return true;
}

/* one of each kind is enough, as both addresses are mostly of one host */
static void check_answers(const check_t *check, const doctor_source_t *source)
{
    apr_int64_t leeway = least_leeway(check, source);
    bool clock = false, certificate = false;
    int i;

    for (i = 0; i < source->answers->nelts; i++) {
        const doctor_answer_t *answer =
            &APR_ARRAY_IDX(source->answers, i, doctor_answer_t);

        clock = clock || check_clock(check, answer, leeway);
        certificate = certificate || check_certificate(check, answer);
    }
}

static void check_file(const check_t *check, const doctor_source_t *source)
{
    apr_pool_t *pool = check->model->pool;
    const char *path = source->source.location;
    apr_int64_t end = source->file_end, now = check->model->now;

    if (end && end <= now + SOON)
        find(check, end <= now ? DOCTOR_FILE_ENDED : DOCTOR_FILE_ENDS, path,
             tool_text_date(end, pool), tool_text_distance(end, now, pool));
    if (source->source.kind == BEARER_SOURCE_SECRET && source->file.seen
        && source->file.group_reads)
        find(check, DOCTOR_SECRET_READ, path, source->file.group, NULL);
}

/* --- times of the schedule ------------------------------------------------------------------ */

/* what the keys' own answer says of how long it is good; -1: nothing */
static apr_int64_t good_for(const doctor_source_t *source)
{
    const apr_array_header_t *all = source->answers;

    if (!all->nelts || !source->keys)
        return -1;
    return APR_ARRAY_IDX(all, all->nelts - 1, doctor_answer_t).good_for;
}

static void check_schedule(const check_t *check, const doctor_source_t *source)
{
    apr_pool_t *pool = check->model->pool;
    apr_int64_t stale = apr_time_sec(source->source.schedule.stale);
    apr_int64_t refresh = apr_time_sec(source->source.schedule.refresh);
    apr_int64_t good = good_for(source);
    apr_int64_t next =
        doctor_has_keys(source) && source->fresh >= 0 ? source->fresh : refresh;

    if (!bearer_source_is_fetched(&source->source))
        return;
    if (stale < next)
        find(check, DOCTOR_STALE_FIRST, tool_text_span(stale, pool),
             tool_text_span(next, pool), NULL);
    if (stale > LONG_STALE)
        find(check, DOCTOR_STALE_LONG, tool_text_span(stale, pool), NULL, NULL);
    /* an hour is as often as anybody needs to be asked */
    if (refresh < 600 && good >= 3600)
        find(check, DOCTOR_REFRESH_OFTEN, tool_text_span(refresh, pool),
             tool_text_span(good, pool), NULL);
}

static void check_source(const check_t *check)
{
    const doctor_source_t *source =
        &APR_ARRAY_IDX(check->model->sources, check->index, doctor_source_t);

    check_keys(check, source);
    check_answers(check, source);
    check_file(check, source);
    check_schedule(check, source);
}

/* --- what is said twice --------------------------------------------------------- */

static bool is_found(const doctor_model_t *model, doctor_id_t id)
{
    int i;

    for (i = 0; i < model->found->nelts; i++) {
        if (APR_ARRAY_IDX(model->found, i, doctor_finding_t).id == id)
            return true;
    }
    return false;
}

/* A message of the start that says what was also found here, with a line to write,
 * is not repeated. */
static void drop_doubles(doctor_model_t *model)
{
    const doctor_finding_t *all = (doctor_finding_t *)model->found->elts;
    apr_array_header_t *kept =
        apr_array_make(model->pool, 8, sizeof(doctor_finding_t));
    int i;

    for (i = 0; i < model->found->nelts; i++) {
        if ((all[i].id != DOCTOR_SAID_OF_HTTPD
             && all[i].id != DOCTOR_SAID_OF_PLACE)
            || !strstr(all[i].sentence, "they differ by a slash")
            || !is_found(model, DOCTOR_RESOURCE_SLASH))
            APR_ARRAY_PUSH(kept, doctor_finding_t) = all[i];
    }
    model->found = kept;
}

/* --- all of it ---------------------------------------------------------------------------------------- */

void doctor_check(doctor_model_t *model)
{
    check_t check = {model, 0};
    int i;

    for (i = 0; i < model->said->nelts; i++)
        sort_said(model, &APR_ARRAY_IDX(model->said, i, doctor_said_t));
    if (!model->starts)
        return;
    check_httpd(model);
    for (check.index = 0; check.index < model->sources->nelts; check.index++)
        check_source(&check);
    for (check.index = 0; check.index < model->places->nelts; check.index++)
        doctor_check_place(model, check.index);
    drop_doubles(model);
}
