/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor.h"

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/keys/sheet.h"

/* by which the module's line is found: other modules print, too */
#define BEGINNING "{\"mod_auth_bearer\":1,"

doctor_model_t *doctor_model_create(apr_pool_t *pool)
{
    doctor_model_t *model = apr_pcalloc(pool, sizeof(*model));

    model->pool = pool;
    model->said = apr_array_make(pool, 8, sizeof(doctor_said_t));
    model->servers = apr_array_make(pool, 8, sizeof(doctor_server_t));
    model->sources = apr_array_make(pool, 8, sizeof(doctor_source_t));
    model->places = apr_array_make(pool, 8, sizeof(doctor_place_t));
    model->found = apr_array_make(pool, 8, sizeof(doctor_finding_t));
    return model;
}

/* --- members ------------------------------------------------------------------- */

/* NULL: absent, or no text */
static const char *text_of(const bearer_value_t *json, const char *name,
                           apr_pool_t *pool)
{
    bearer_str_t text;

    if (bearer_value_get_string(json, name, &text) != BEARER_VALUE_GOT)
        return NULL;
    return apr_pstrmemdup(pool, text.data, text.len);
}

static bool holds(const bearer_value_t *json, const char *name)
{
    return bearer_value_is(bearer_value_get(json, name), BEARER_KIND_TRUE);
}

/* a number from 0 to under a limit; -1: it is not one */
static int number_of(const bearer_value_t *json, const char *name, int limit)
{
    apr_int64_t number;

    if (bearer_value_get_seconds(json, name, &number) != BEARER_VALUE_GOT
        || number < 0 || number >= limit)
        return -1;
    return (int)number;
}

/* of const char * */
static apr_array_header_t *words_of(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(char *));
    bearer_str_t rest = bearer_str(text ? text : ""), word;

    while (bearer_str_next_word(&rest, &word))
        APR_ARRAY_PUSH(words, const char *) =
            apr_pstrmemdup(pool, word.data, word.len);
    return words;
}

static bearer_algset_t algs_of(const char *names, apr_pool_t *pool)
{
    const apr_array_header_t *words = words_of(names, pool);
    bearer_algset_t algs = 0;
    int i;

    for (i = 0; i < words->nelts; i++) {
        const bearer_alg_t *alg =
            bearer_alg_find(bearer_str(APR_ARRAY_IDX(words, i, const char *)));

        algs |= alg ? alg->bit : 0;
    }
    return algs;
}

/* --- servers and sources ---------------------------------------------------------- */

static bool add_server(doctor_model_t *model, const bearer_value_t *json)
{
    doctor_server_t *server = apr_array_push(model->servers);
    const char *name = text_of(json, "name", model->pool);
    int port = number_of(json, "port", 65536);

    server->tls = holds(json, "tls");
    server->name = name;
    if (!name)
        server->name = text_of(json, "where", model->pool);
    else if (port > 0)
        server->name = apr_psprintf(model->pool, "%s:%d", name, port);
    if (!server->name)
        server->name = "the main server";
    return true;
}

static bool add_source(doctor_model_t *model, const bearer_value_t *json)
{
    doctor_source_t *source = apr_array_push(model->sources);

    memset(source, 0, sizeof(*source));
    source->fresh = -1;
    source->answers = apr_array_make(model->pool, 4, sizeof(doctor_answer_t));
    source->where = text_of(json, "where", model->pool);
    return source->where
           && bearer_sheet_read(json, &source->source, model->pool)
           && source->source.issuer;
}

/* --- places ----------------------------------------------------------------------- */

/* of const char *: the texts of an array */
static apr_array_header_t *texts_of(const bearer_value_t *json,
                                    const char *name, apr_pool_t *pool)
{
    const bearer_value_t *list = bearer_value_get(json, name);
    const bearer_value_t *at = bearer_value_first(list);
    apr_array_header_t *texts = apr_array_make(pool, 4, sizeof(char *));
    bearer_str_t text;

    for (; at; at = bearer_value_next(list, at)) {
        text = bearer_value_text(at);
        APR_ARRAY_PUSH(texts, const char *) =
            apr_pstrmemdup(pool, text.data, text.len);
    }
    return texts;
}

static bool add_trust(doctor_model_t *model, doctor_place_t *place,
                      const bearer_value_t *json)
{
    doctor_trust_t *trust = apr_array_push(place->trusts);
    int index = number_of(json, "source", model->sources->nelts);

    trust->iss = text_of(json, "iss", model->pool);
    trust->algs =
        algs_of(text_of(json, "algorithms", model->pool), model->pool);
    trust->chosen = holds(json, "chosen");
    trust->any = holds(json, "any");
    trust->own_algs = holds(json, "own-algorithms");
    trust->audience_claim = text_of(json, "audience-claim", model->pool);
    trust->own_audiences = holds(json, "own-audiences");
    trust->audiences = texts_of(json, "audiences", model->pool);
    trust->source =
        index < 0 ? NULL
                  : &APR_ARRAY_IDX(model->sources, index, doctor_source_t);
    return trust->iss && trust->algs && trust->source;
}

/* a text among the settings of one directive; "off" and "none" are no text */
static const char *setting(const bearer_value_t *settings,
                           const char *directive, const char *name,
                           apr_pool_t *pool)
{
    const char *text =
        text_of(bearer_value_get(settings, directive), name, pool);

    return text && strcmp(text, "off") != 0 && strcmp(text, "none") != 0 ? text
                                                                         : NULL;
}

static bool add_place(doctor_model_t *model, const bearer_value_t *json)
{
    const bearer_value_t *settings = bearer_value_get(json, "settings");
    const bearer_value_t *list = bearer_value_get(json, "issuers");
    const bearer_value_t *at = bearer_value_first(list);
    doctor_place_t *place = apr_array_push(model->places);
    apr_pool_t *pool = model->pool;
    bool good = bearer_value_is(settings, BEARER_KIND_OBJECT);

    memset(place, 0, sizeof(*place));
    place->where = text_of(json, "where", pool);
    place->server = number_of(json, "server", model->servers->nelts);
    place->trusts = apr_array_make(pool, 4, sizeof(doctor_trust_t));
    place->leeway = number_of(bearer_value_get(settings, "AuthBearerCheck"),
                              "leeway", 86400);
    place->require = texts_of(json, "require", pool);
    place->asked_elsewhere = holds(json, "asked-elsewhere");
    place->resource = setting(settings, "AuthBearerResource", "resource", pool);
    place->sources =
        words_of(setting(settings, "AuthBearerSource", "source", pool), pool);
    place->origins = words_of(
        setting(settings, "AuthBearerCrossOrigin", "cross-origin", pool), pool);
    for (; good && at; at = bearer_value_next(list, at))
        good = add_trust(model, place, at);
    return good && place->where && place->server >= 0 && place->leeway >= 0;
}

/* --- the whole line ------------------------------------------------------------------ */

static bool add_all(doctor_model_t *model, const bearer_value_t *json,
                    const char *name,
                    bool (*add)(doctor_model_t *model,
                                const bearer_value_t *json))
{
    const bearer_value_t *list = bearer_value_get(json, name);
    const bearer_value_t *at = bearer_value_first(list);
    bool good = bearer_value_is(list, BEARER_KIND_ARRAY);

    for (; good && at; at = bearer_value_next(list, at))
        good = add(model, at);
    return good;
}

const char *doctor_model_read(doctor_model_t *model, const char *output)
{
    const char *line = strstr(output, BEGINNING);
    const bearer_value_t *json;
    bearer_str_t text;

    if (!line)
        return "this configuration does not load auth_bearer_module, or an "
               "older one than this command";
    text.data = line;
    text.len = strcspn(line, "\r\n");
    if (bearer_json_parse(text, &json, NULL, model->pool)
        || !add_all(model, json, "servers", add_server)
        || !add_all(model, json, "sources", add_source)
        || !add_all(model, json, "places", add_place))
        return "auth_bearer_module is of another version than this command";
    model->loopback = holds(json, "loopback");
    model->watchdog = holds(json, "watchdog");
    return NULL;
}

/* --- what httpd says ------------------------------------------------------------------- */

/* httpd's line without "[date] [module:level] [pid …] "; *level: of it, or "" */
static const char *without_prefix(const char *line, const char **level,
                                  apr_pool_t *pool)
{
    const char *colon, *end;
    int field;

    *level = "";
    for (field = 0; *line == '[' && (end = strstr(line, "] ")); field++) {
        colon = memchr(line, ':', (size_t)(end - line));
        if (field == 1 && colon)
            *level =
                apr_pstrmemdup(pool, colon + 1, (apr_size_t)(end - colon - 1));
        line = end + 2;
    }
    return line;
}

/* whether it begins like "MAB0104: " */
static bool has_number(const char *text)
{
    return strncmp(text, "MAB", 3) == 0 && strlen(text) > 9
           && strncmp(text + 7, ": ", 2) == 0;
}

static bool is_among(const char *word, const char *const *words)
{
    while (*words && strcmp(word, *words) != 0)
        words++;
    return *words != NULL;
}

/* of httpd itself: what surrounds the reason and says nothing */
static bool is_noise(const char *text)
{
    return !*text || strncmp(text, "AH00016", 7) == 0
           || strncmp(text, "AH00558", 7) == 0
           || strncmp(text, "AH00014", 7) == 0
           || strncmp(text, "Syntax OK", 9) == 0
           || strncmp(text, "Action '", 8) == 0
           || strncmp(text, "The Apache error log", 20) == 0;
}

/* "AH00526: Syntax error on line 7 of FILE:", and what it is in the next line */
static bool goes_on(const char *text)
{
    apr_size_t len = strlen(text);

    return len && text[len - 1] == ':';
}

void doctor_model_hear(doctor_model_t *model, const char *errors)
{
    static const char *const mild[] = {"warn", "notice", NULL};
    static const char *const bad[] = {"emerg", "alert", "crit",
                                      "error", "",      NULL};
    char *last, *line = apr_pstrdup(model->pool, errors);
    const char *level, *text, *begun = "";

    for (line = apr_strtok(line, "\r\n", &last); line;
         line = apr_strtok(NULL, "\r\n", &last)) {
        bool ours = strstr(line, "[auth_bearer:") != NULL;
        doctor_said_t *said;

        text = without_prefix(line, &level, model->pool);
        if (is_noise(text) && !ours)
            continue;
        if (!model->starts && is_among(level, bad)) {
            text = apr_pstrcat(model->pool, begun, text, NULL);
            begun =
                goes_on(text) ? apr_pstrcat(model->pool, text, " ", NULL) : "";
            if (*begun)
                continue;
        }
        else if (!ours || !is_among(level, mild))
            continue;
        said = apr_array_push(model->said);
        said->wrong = !is_among(level, mild);
        said->number = NULL;
        if (has_number(text)) {
            said->number = apr_pstrmemdup(model->pool, text, 7);
            text += 9;
        }
        said->text = text;
    }
}
