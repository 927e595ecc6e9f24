/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/directives.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"
#include "bearer/text/url.h"
#include "httpd/conf/targets.h"
#include "httpd/conf/words.h"

/* --- registering ---- */

/* makes the record known to the checks that follow the reading */
static mab_setting_t *register_place(cmd_parms *cmd, mab_place_t *place)
{
    apr_array_header_t *settings = mab_conf_registry()->settings;
    mab_setting_t *setting;
    int i;

    if (mab_words_in_htaccess(cmd)) {
        place->htaccess = true;
        return NULL;
    }
    if (ap_check_cmd_context(cmd, NOT_IN_LIMIT))
        APR_ARRAY_PUSH(mab_conf_registry()->limited, const char *) =
            mab_words_describe(cmd);
    for (i = 0; place->registered && i < settings->nelts; i++) {
        setting = &APR_ARRAY_IDX(settings, i, mab_setting_t);
        if (setting->place == place)
            return setting;
    }
    place->registered = true;
    setting = apr_array_push(settings);
    memset(setting, 0, sizeof(*setting));
    setting->place = place;
    setting->s = cmd->server;
    setting->where = mab_words_describe(cmd);
    setting->server_level = cmd->path == NULL;
    return setting;
}

/* --- algorithms ---------------------------------------------------------------------- */

static const char *add_alg(cmd_parms *cmd, const char *name,
                           bearer_algset_t *algs)
{
    bearer_str_t text = {name, strlen(name)};
    const bearer_alg_t *alg = bearer_alg_find(text);

    if (!alg)
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "\"%s\" is not an algorithm we verify",
                         name),
            apr_pstrcat(cmd->pool, "allowed is any of: ",
                        bearer_alg_names(bearer_alg_public | bearer_alg_secret,
                                         cmd->pool),
                        "; an unsigned token (none) never is", NULL));
    if (*algs & alg->bit)
        return mab_words_wrong(cmd,
                               apr_psprintf(cmd->pool, "%s stands twice", name),
                               "name each algorithm once");
    *algs |= alg->bit;
    return NULL;
}

static const char *set_algorithms(cmd_parms *cmd, void *record, int count,
                                  char *const words[])
{
    mab_place_t *place = record;
    bearer_algset_t algs = 0;
    const char *error = NULL;
    int i;

    if (!count)
        return mab_words_wrong(cmd, "no algorithm is named",
                               "name at least one");
    (void)register_place(cmd, place);
    for (i = 0; i < count && !error; i++)
        error = add_alg(cmd, words[i], &algs);
    place->algs = algs;
    return error;
}

/* --- AuthBearerIssuer ------------------------------------------------------------------ */

static const char *set_keys(cmd_parms *cmd, void *record, const char *value)
{
    mab_issuer_line_t *line = record;

    if (strncmp(value, "file:", 5) == 0 && value[5]) {
        line->source.kind = BEARER_SOURCE_FILE;
        line->source.location = ap_server_root_relative(cmd->pool, value + 5);
        return line->source.location
                   ? NULL
                   : mab_words_wrong(
                       cmd, "keys=file: has an unusable path",
                       "name a file, absolute or below ServerRoot");
    }
    line->source.kind = BEARER_SOURCE_URL;
    line->source.location = value;
    return NULL;
}

static const char *set_secret(cmd_parms *cmd, void *record, const char *value)
{
    mab_issuer_line_t *line = record;

    /* a secret in the configuration file itself ends up in backups and in
     * mod_info */
    if (strncmp(value, "file:", 5) != 0 || !value[5])
        return mab_words_wrong(cmd, "secret= does not name a file",
                               "allowed is secret=file:<path>");
    line->source.kind = BEARER_SOURCE_SECRET;
    line->secret = ap_server_root_relative(cmd->pool, value + 5);
    return line->secret
               ? NULL
               : mab_words_wrong(cmd, "secret=file: has an unusable path",
                                 "name a file, absolute or below ServerRoot");
}

static const char *set_issuer_algs(cmd_parms *cmd, void *record,
                                   const char *value)
{
    mab_issuer_line_t *line = record;
    apr_array_header_t *names =
        apr_array_make(cmd->temp_pool, 4, sizeof(bearer_str_t));
    const char *error = mab_words_cut_commas(cmd, value, names);
    int i;

    for (i = 0; i < names->nelts && !error; i++)
        error = add_alg(cmd, APR_ARRAY_IDX(names, i, bearer_str_t).data,
                        &line->issuer.algs);
    return error;
}

static const char *set_issuer_audience(cmd_parms *cmd, void *record,
                                       const char *value)
{
    mab_issuer_line_t *line = record;
    apr_array_header_t *texts =
        apr_array_make(cmd->pool, 4, sizeof(bearer_str_t));
    const char *error = mab_words_cut_commas(cmd, value, texts);

    line->issuer.audiences = (const bearer_str_t *)texts->elts;
    line->issuer.audience_count = texts->nelts;
    return error;
}

/* .htaccess may only name what the administrator has defined: whoever may write
 * one must not choose whose signatures count, or make the server fetch (SSRF) */
static const char *refer_to_issuer(cmd_parms *cmd, mab_place_t *place,
                                   int count, char *const words[])
{
    const apr_array_header_t *lines = mab_conf_registry()->issuers;
    const mab_issuer_line_t *found = NULL;
    const bearer_issuer_t *issuer;
    int i;

    if (count != 1)
        return mab_words_wrong(cmd, "options are not allowed in .htaccess",
                               "only the name of an issuer that the server's "
                               "configuration defines");
    for (i = 0; i < lines->nelts; i++) {
        const mab_issuer_line_t *line =
            APR_ARRAY_IDX(lines, i, mab_issuer_line_t *);

        if (strcmp(line->source.issuer, words[0]) != 0)
            continue;
        /* the virtual host's own line goes before another server's */
        if (!found || (line->s == cmd->server && found->s != cmd->server))
            found = line;
    }
    if (!found)
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "\"%s\" is not defined", words[0]),
            "in .htaccess, only an issuer that the server's "
            "configuration defines");
    issuer = &found->issuer;
    for (i = 0; place->issuers && i < place->issuers->count; i++) {
        if (((const bearer_issuer_t *const *)place->issuers->items)[i]
            == issuer)
            return mab_words_wrong(
                cmd, apr_psprintf(cmd->pool, "\"%s\" stands twice", words[0]),
                "name each issuer once in one place");
    }
    mab_words_append(&place->issuers, &issuer, sizeof(issuer), cmd->pool);
    return NULL;
}

static const char *check_new_issuer(cmd_parms *cmd, const mab_place_t *place,
                                    const char *iss)
{
    const mab_list_t *list = place->issuers;
    int i;

    if (strncasecmp(iss, "https://", 8) != 0
        && strncasecmp(iss, "http://", 7) != 0)
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "\"%s\" is not an issuer", iss),
            "an issuer is an https URL, exactly as tokens carry it in "
            "\"iss\"");
    for (i = 0; list && i < list->count; i++) {
        if (strcmp(((const bearer_issuer_t *const *)list->items)[i]->iss.data,
                   iss)
            == 0)
            return mab_words_wrong(
                cmd, apr_psprintf(cmd->pool, "\"%s\" stands twice", iss),
                "name each issuer once in one place");
    }
    return NULL;
}

static const char *set_issuer(cmd_parms *cmd, void *record, int count,
                              char *const words[])
{
    static const char *const numbers[] = {NULL};
    static const mab_option_t others[] = {{"keys", set_keys},
                                          {"secret", set_secret},
                                          {"alg", set_issuer_algs},
                                          {"audience", set_issuer_audience},
                                          {NULL, NULL}};
    mab_place_t *place = record;
    mab_issuer_line_t *line;
    const bearer_issuer_t *issuer;
    mab_options_t options = {mab_conf_place_fields, numbers, others, NULL};
    const char *error;

    if (!count)
        return mab_words_wrong(cmd, "no issuer is named", "name one");
    (void)register_place(cmd, place);
    if (mab_words_in_htaccess(cmd))
        return refer_to_issuer(cmd, place, count, words);
    error = check_new_issuer(cmd, place, words[0]);
    if (error)
        return error;

    line = apr_pcalloc(cmd->pool, sizeof(*line));
    line->issuer.iss.data = line->source.issuer = words[0];
    line->issuer.iss.len = strlen(words[0]);
    line->s = cmd->server;
    line->where = mab_words_describe(cmd);
    options.record = line;
    error = mab_words_set_options(cmd, &options, words + 1, count - 1);
    if (error)
        return error;
    /* algorithm confusion: one issuer has either published keys or a secret */
    if (line->secret && line->source.location)
        return mab_words_wrong(cmd, "keys= and secret= exclude each other",
                               "give one of them, or neither for discovery");
    issuer = &line->issuer;
    line->issuer.source = line->secret ? NULL : &line->source;
    mab_words_append(&place->issuers, &issuer, sizeof(issuer), cmd->pool);
    APR_ARRAY_PUSH(mab_conf_registry()->issuers, mab_issuer_line_t *) = line;
    return NULL;
}

/* --- AuthBearerAudience ------------------------------------------------------------------ */

static const char *set_audience(cmd_parms *cmd, void *record, int count,
                                char *const words[])
{
    mab_place_t *place = record;
    apr_array_header_t *texts =
        apr_array_make(cmd->pool, count + 1, sizeof(bearer_str_t));
    const char *error = NULL;
    int i;

    if (!count)
        return mab_words_wrong(cmd, "no audience is named",
                               "one or more values, or \"any\"");
    (void)register_place(cmd, place);
    for (i = 0; i < count && !error; i++) {
        if (strcasecmp(words[i], "any") == 0 && count > 1)
            return mab_words_wrong(cmd, "\"any\" stands beside other values",
                                   "either \"any\" alone or a list of values");
        error = mab_words_add_text(cmd, texts, words[i]);
    }
    if (!error && strcasecmp(words[0], "any") == 0) {
        if (mab_words_in_htaccess(cmd))
            return mab_words_wrong(cmd, "\"any\" is not allowed in .htaccess",
                                   "one or more values");
        apr_array_clear(texts);
    }
    place->audiences = mab_words_list(texts, cmd->pool);
    return error;
}

/* --- AuthBearerCheck ------------------------------------------------------------------------ */

static const char *set_required(cmd_parms *cmd, void *record, const char *value)
{
    mab_place_t *place = record;
    apr_array_header_t *texts =
        apr_array_make(cmd->temp_pool, 4, sizeof(bearer_str_t));
    apr_array_header_t *names =
        apr_array_make(cmd->pool, 4, sizeof(const char *));
    const char *error = mab_words_cut_commas(cmd, value, texts);
    int i;

    for (i = 0; i < texts->nelts; i++)
        APR_ARRAY_PUSH(names, const char *) =
            APR_ARRAY_IDX(texts, i, bearer_str_t).data;
    place->required = mab_words_list(names, cmd->pool);
    return error;
}

static const char *set_check(cmd_parms *cmd, void *record, int count,
                             char *const words[])
{
    static const char *const numbers[] = {"leeway", "type", "max-age",
                                          "max-life", NULL};
    static const mab_option_t others[] = {{"require", set_required},
                                          {NULL, NULL}};
    mab_options_t options = {mab_conf_place_fields, numbers, others, record};

    if (!count)
        return mab_words_wrong(
            cmd, "no option is given",
            mab_words_option_names(numbers, others, cmd->pool));
    (void)register_place(cmd, record);
    return mab_words_set_options(cmd, &options, words, count);
}

/* --- AuthBearerSource ------------------------------------------------------------------------ */

static const char *parse_source(cmd_parms *cmd, const char *word,
                                mab_source_t *source)
{
    char *copy = apr_pstrdup(cmd->pool, word);
    char *name = strchr(copy, ':');
    char *scheme = NULL;

    if (name)
        *name++ = '\0';
    if (name && strcasecmp(copy, "header") == 0)
        scheme = strchr(name, ':');
    if (scheme)
        *scheme++ = '\0';
    if ((name && !bearer_str_is_token(bearer_str(name)))
        || (scheme && !bearer_str_is_token(bearer_str(scheme))))
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "\"%s\" has an unusable name", word),
            "names are HTTP tokens");
    source->name = name;
    source->scheme = scheme;
    source->line = mab_words_describe(cmd);
    if (strcasecmp(copy, "header") == 0) {
        if (name && !mab_targets_allow_source(name))
            return mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool, "\"%s\" means something else", word),
                "allowed is Authorization, or a header of your own (X-Token); "
                "for a cookie: cookie:<name>");
        source->where = MAB_HEADER;
        source->name = name ? name : "Authorization";
        if (!name || strcasecmp(name, "Authorization") == 0)
            source->scheme = scheme ? scheme : "Bearer";
        return NULL;
    }
    if (strcasecmp(copy, "cookie") == 0 && name) {
        source->where = MAB_COOKIE;
        return NULL;
    }
    if (strcasecmp(copy, "query") == 0) {
        source->where = MAB_QUERY;
        source->name = name ? name : "access_token";
        return NULL;
    }
    return mab_words_wrong(cmd,
                           apr_psprintf(cmd->pool, "\"%s\" is no source", word),
                           "allowed is header[:Name[:scheme]], cookie:<name>, "
                           "query[:name]");
}

/* twice the same would be two tokens in each request */
static const char *check_source_once(cmd_parms *cmd,
                                     const apr_array_header_t *sources,
                                     int which)
{
    const mab_source_t *all = (const mab_source_t *)sources->elts;
    int i;

    for (i = 0; i < which; i++) {
        if (mab_conf_same_source(&all[i], &all[which]))
            return mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool, "%s stands twice", all[which].name),
                "name each source once");
    }
    return NULL;
}

static const char *set_source(cmd_parms *cmd, void *record, int count,
                              char *const words[])
{
    mab_place_t *place = record;
    apr_array_header_t *sources =
        apr_array_make(cmd->pool, count + 1, sizeof(mab_source_t));
    const char *error = NULL;
    int i;

    if (!count)
        return mab_words_wrong(
            cmd, "no source is named",
            "allowed is header[:Name[:scheme]], cookie:<name>, "
            "query[:name]");
    (void)register_place(cmd, place);
    for (i = 0; i < count && !error; i++)
        error = parse_source(cmd, words[i], apr_array_push(sources));
    for (i = 0; i < count && !error; i++)
        error = check_source_once(cmd, sources, i);
    for (i = 0; i < count && !error; i++)
        mab_conf_note_source(&APR_ARRAY_IDX(sources, i, mab_source_t),
                             cmd->server);
    place->sources = mab_words_list(sources, cmd->pool);
    return error;
}

/* --- AuthBearerUser -------------------------------------------------------------------------- */

static const char *add_path(cmd_parms *cmd, const char *text,
                            const bearer_path_t **path)
{
    bearer_note_t note = {""};

    if (bearer_path_parse(text, path, &note, cmd->pool))
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "\"%s\" is not a claim path (%s)", text,
                         note.text),
            "allowed is name, name.name, or a JSON Pointer that "
            "begins with /");
    return NULL;
}

static const char *set_user(cmd_parms *cmd, void *record, const char *args)
{
    apr_array_header_t *array = mab_words_cut(cmd->pool, args);
    char *const *words = (char *const *)array->elts;
    int count = array->nelts;
    mab_place_t *place = record;
    apr_array_header_t *paths =
        apr_array_make(cmd->pool, count + 1, sizeof(bearer_path_t *));
    const char *error = NULL;
    int i;

    if (!count)
        return mab_words_wrong(cmd, "no claim is named",
                               "name one or more, or expr=");
    if (count > BEARER_LIMIT_WORDS)
        return mab_words_too_many(cmd);
    (void)register_place(cmd, place);
    place->user_expr = NULL;
    if (strncasecmp(words[0], "expr=", 5) == 0) {
        if (count > 1)
            return mab_words_wrong(
                cmd, "expr= stands beside other words",
                "quote the expression: \"expr=%{claim:email}\"");
        place->user_expr = ap_expr_parse_cmd(
            cmd, words[0] + 5, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
        if (error)
            return mab_words_wrong(cmd, error, "allowed is expr=<expression>");
    }
    for (i = 0; i < count && !error && !place->user_expr; i++)
        error = add_path(cmd, words[i], apr_array_push(paths));
    place->user = mab_words_list(paths, cmd->pool);
    return error;
}

/* --- AuthBearerClaim -------------------------------------------------------------------------- */

static const char *check_variable(cmd_parms *cmd, const char *name)
{
    if (!mab_targets_allow_variable(name))
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "env:%s is no target for a claim", name),
            "allowed are names of A-Z, 0-9 and _ that mean nothing to "
            "the server, the loader or an interpreter (not HTTP_*, "
            "REMOTE_*, PATH, LD_* and the like); CLAIM_... is always good");
    /* whoever may write one must not choose the variables of programs that others
     * have installed */
    if (mab_words_in_htaccess(cmd) && !mab_targets_allow_in_htaccess(name))
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "env:%s is not allowed in .htaccess", name),
            "allowed there is env:CLAIM_..., env:OIDC_CLAIM_... or "
            "env:OAUTH2_CLAIM_...");
    return NULL;
}

static const char *check_header(cmd_parms *cmd, const char *name)
{
    if (mab_words_in_htaccess(cmd))
        return mab_words_wrong(cmd, "header: is not allowed in .htaccess",
                               "allowed there is env:<NAME>");
    if (!bearer_str_is_token(bearer_str(name))
        || !mab_targets_allow_header(name))
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "header:%s is no target for a claim", name),
            "allowed are header names that neither frame the message nor name "
            "hosts nor carry credentials nor say what is asked for (not Host, "
            "Authorization, Cookie, Connection, Content-*, Accept-*, If-*, "
            "X-Forwarded-For, Destination and the like)");
    return NULL;
}

static const char *parse_target(cmd_parms *cmd, const char *word,
                                mab_export_t *export)
{
    if (strncmp(word, "env:", 4) == 0) {
        export->target = word + 4;
        return check_variable(cmd, export->target);
    }
    if (strncmp(word, "header:", 7) == 0) {
        export->header = true;
        export->target = word + 7;
        return check_header(cmd, export->target);
    }
    return mab_words_wrong(cmd,
                           apr_psprintf(cmd->pool, "\"%s\" is no target", word),
                           "allowed is env:<NAME> or header:<Name>");
}

static const char *parse_form(cmd_parms *cmd, const char *word,
                              mab_export_t *export)
{
    if (strcasecmp(word, "json") == 0)
        export->form = BEARER_FORM_JSON;
    else if (strcasecmp(word, "base64url") == 0)
        export->form = BEARER_FORM_BASE64URL;
    else if (strncasecmp(word, "join:", 5) == 0 && word[5]) {
        export->form = BEARER_FORM_JOIN;
        export->join = word + 5;
    }
    else
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "\"%s\" is no form", word),
            "allowed is json, join:<separator> or base64url");
    return NULL;
}

static const char *check_unused_target(cmd_parms *cmd,
                                       const mab_list_t *exports,
                                       const mab_export_t *export)
{
    int i;

    /* each line is compared with all before it (quadratic work for who may write
     * .htaccess files) */
    if (exports && exports->count >= BEARER_LIMIT_EXPORTS)
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "more than %d claims are exported here",
                         BEARER_LIMIT_EXPORTS),
            "export all of them as one (AuthBearerClaim * env:<NAME>)");
    for (i = 0; exports && i < exports->count; i++) {
        const mab_export_t *other = (const mab_export_t *)exports->items + i;

        if (other->header == export->header
            && mab_targets_same(other->target, export->target))
            return mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool, "two claims go to %s", export->target),
                "each target takes one claim");
    }
    return NULL;
}

static const char *set_claim(cmd_parms *cmd, void *record, int count,
                             char *const words[])
{
    mab_place_t *place = record;
    mab_export_t export = {NULL, NULL, false, BEARER_FORM_PLAIN, NULL};
    const char *error = NULL;

    (void)register_place(cmd, place);
    if (count == 1 && strcasecmp(words[0], "none") == 0) {
        place->exports =
            mab_words_list(apr_array_make(cmd->pool, 1, 1), cmd->pool);
        return NULL;
    }
    if (count < 2 || count > 3)
        return mab_words_wrong(cmd, "wrong number of words",
                               "<claim-path>|* env:<NAME>|header:<Name> "
                               "[json|join:<separator>|base64url], or none");
    if (strcmp(words[0], "*") != 0)
        error = add_path(cmd, words[0], &export.path);
    if (!error)
        error = parse_target(cmd, words[1], &export);
    if (!error && count == 3)
        error = parse_form(cmd, words[2], &export);
    if (!error)
        error = check_unused_target(cmd, place->exports, &export);
    if (!error)
        mab_words_append(&place->exports, &export, sizeof(export), cmd->pool);
    if (!error && export.header) {
        mab_words_append(&place->targets, &export.target, sizeof(export.target),
                         cmd->pool);
        mab_conf_note_header(export.target);
    }
    return error;
}

/* --- AuthBearerErrors, flags ---------------------------------------------------------------- */

/* a directive of one word that is a field of its own, and options after it */
static const char *set_whole(cmd_parms *cmd, void *record, int count,
                             char *const words[], const char *field,
                             const char *const *numbers, const char *allowed)
{
    const char *whole[] = {field, NULL};
    mab_options_t options = {mab_conf_place_fields, numbers, NULL, record};
    const char *error = NULL;
    int used = 0;

    if (!count)
        return mab_words_wrong(cmd, "nothing is said", allowed);
    (void)register_place(cmd, record);
    if (!strchr(words[0], '=')) {
        error = mab_words_set_number(
            cmd, record,
            mab_words_find_field(mab_conf_place_fields, whole, field),
            words[0]);
        used = 1;
    }
    return error ? error
                 : mab_words_set_options(cmd, &options, words + used,
                                         count - used);
}

static const char *set_errors(cmd_parms *cmd, void *record, int count,
                              char *const words[])
{
    static const char *const numbers[] = {"detail", "unavailable", NULL};

    return set_whole(cmd, record, count, words, "errors", numbers,
                     "json or off, detail=On|Off, unavailable=503|401");
}

static const char *set_forward(cmd_parms *cmd, void *record, int count,
                               char *const words[])
{
    static const char *const numbers[] = {"foreign", NULL};

    return set_whole(cmd, record, count, words, "forward", numbers,
                     "allowed is On or Off, and foreign=On|Off");
}

/* cmd->info: the field's name */
static const char *set_flag(cmd_parms *cmd, void *record, const char *word)
{
    const char *names[] = {cmd->info, NULL};

    (void)register_place(cmd, record);
    return mab_words_set_number(
        cmd, record,
        mab_words_find_field(mab_conf_place_fields, names, cmd->info), word);
}

/* --- AuthBearerCrossOrigin ------------------------------------------------ */

/* an origin is scheme://host[:port] and nothing else (RFC 6454 6.2) */
static bool is_origin(const char *text)
{
    const char *host = NULL;

    if (strncmp(text, "https://", 8) == 0)
        host = text + 8;
    if (strncmp(text, "http://", 7) == 0)
        host = text + 7;
    return host && *host && !strpbrk(host, "/?#@ *");
}

static const char *set_origins(cmd_parms *cmd, void *record, int count,
                               char *const words[])
{
    static const char allowed[] = "allowed is one or more origins "
                                  "(https://app.example.com), * or off";
    mab_place_t *place = record;
    apr_array_header_t *list =
        apr_array_make(cmd->pool, count + 1, sizeof(char *));
    int i;

    (void)register_place(cmd, place);
    for (i = 0; i < count; i++) {
        bool off = strcasecmp(words[i], "off") == 0;

        if (!is_origin(words[i])
            && (count > 1 || (!off && strcmp(words[i], "*") != 0)))
            return mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool, "\"%s\" is not an origin", words[i]),
                allowed);
        if (!off)
            APR_ARRAY_PUSH(list, const char *) = words[i];
    }
    place->origins = mab_words_list(list, cmd->pool);
    return count ? NULL : mab_words_wrong(cmd, "no origin is named", allowed);
}

/* --- AuthBearerResource ------------------------------------------------ */

static const char *set_resource_scopes(cmd_parms *cmd, void *record,
                                       const char *value)
{
    ((bearer_resource_t *)record)->scopes = value;
    /* RFC 6749 3.3: scope-token */
    for (; *value; value++) {
        if (!bearer_str_is_plain(*value))
            return mab_words_wrong(cmd, "scopes= has unusable characters",
                                   "scopes are words of printable ASCII");
    }
    return NULL;
}

static const char *set_resource_name(cmd_parms *cmd BEARER_UNUSED, void *record,
                                     const char *value)
{
    ((bearer_resource_t *)record)->name = value;
    return NULL;
}

static const char *set_resource_docs(cmd_parms *cmd, void *record,
                                     const char *value)
{
    bearer_note_t note = {""};
    bearer_url_t url;

    ((bearer_resource_t *)record)->docs = value;
    if (bearer_url_parse(value, true, &url, &note, cmd->temp_pool))
        return mab_words_wrong(cmd, "docs= is not a URL", "an https URL");
    return NULL;
}

static const char *set_resource(cmd_parms *cmd, void *record, const char *args)
{
    apr_array_header_t *array = mab_words_cut(cmd->pool, args);
    char *const *words = (char *const *)array->elts;
    int count = array->nelts;
    static const char *const numbers[] = {NULL};
    static const mab_option_t others[] = {{"scopes", set_resource_scopes},
                                          {"name", set_resource_name},
                                          {"docs", set_resource_docs},
                                          {NULL, NULL}};
    mab_place_t *place = record;
    bearer_resource_t *resource = apr_pcalloc(cmd->pool, sizeof(*resource));
    mab_options_t options = {mab_conf_place_fields, numbers, others, resource};
    bearer_note_t note = {""};

    if (!count)
        return mab_words_wrong(cmd, "no resource is named",
                               "the https URL that tokens are asked for with");
    if (bearer_resource_parse(words[0], resource, &note, cmd->pool))
        return mab_words_wrong(cmd,
                               apr_psprintf(cmd->pool,
                                            "\"%s\" is not a resource (%s)",
                                            words[0], note.text),
                               "an https URL without query and fragment");
    (void)register_place(cmd, place);
    place->resource = resource;
    return mab_words_set_options(cmd, &options, words + 1, count - 1);
}

/* --- AuthBearerFetch ------------------------------------------------------------------------- */

/* A variable of httpd's environment, the small spelling first; NULL: not set or
 * empty. HTTP_PROXY is not looked at, as it can be a client's header
 * ("httpoxy") wherever an environment is made from a request. */
static const char *variable(const char *name, const char *spelled_large)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): there are no threads yet */
    const char *value = getenv(name);

    if ((!value || !*value) && spelled_large)
        value = getenv(spelled_large);
    /* NOLINTEND(concurrency-mt-unsafe) */
    return value && *value ? value : NULL;
}

/* the proxy in a variable; "host:port" is common there */
static const char *proxy_in(cmd_parms *cmd, const char *name,
                            const char *spelled_large, const char **proxy)
{
    const char *value = variable(name, spelled_large);
    bearer_url_t url;

    if (!value)
        return NULL;
    *proxy = strstr(value, "://")
                 ? apr_pstrdup(cmd->pool, value)
                 : apr_pstrcat(cmd->pool, "http://", value, NULL);
    /* not shown: there may be a password in it */
    if (bearer_url_parse_proxy(*proxy, &url, NULL, cmd->temp_pool))
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "the environment's %s is no proxy", name),
            "allowed is http://host:port, without user and password");
    return NULL;
}

static const char *set_proxy(cmd_parms *cmd, void *record, const char *value)
{
    bearer_url_proxies_t *proxies = apr_pcalloc(cmd->pool, sizeof(*proxies));
    mab_server_t *server = record;
    const char *error;
    bearer_url_t url;

    server->proxies = proxies;
    if (strcmp(value, "none") == 0)
        return NULL;
    if (strcmp(value, "env") == 0) {
        proxies->except =
            apr_pstrdup(cmd->pool, variable("no_proxy", "NO_PROXY"));
        error = proxy_in(cmd, "https_proxy", "HTTPS_PROXY", &proxies->https);
        return error ? error
                     : proxy_in(cmd, "http_proxy", NULL, &proxies->http);
    }
    if (bearer_url_parse_proxy(value, &url, NULL, cmd->temp_pool))
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "\"%s\" is not a proxy", value),
            "allowed is http://host:port, env, or none");
    proxies->https = proxies->http = value;
    return NULL;
}

static const char *set_ca(cmd_parms *cmd, void *record, const char *value)
{
    mab_server_t *server = record;

    server->ca = ap_server_root_relative(cmd->pool, value);
    return server->ca ? NULL
                      : mab_words_wrong(cmd, "ca= has an unusable path",
                                        "name a PEM file with CA certificates");
}

static const char *set_fetch(cmd_parms *cmd, void *record BEARER_UNUSED,
                             int count, char *const words[])
{
    static const char *const numbers[] = {"timeout", "connect", "refresh",
                                          "miss",    "stale",   "max-size",
                                          "http",    NULL};
    static const mab_option_t others[] = {
        {"proxy", set_proxy}, {"ca", set_ca}, {NULL, NULL}};
    mab_server_t *server =
        ap_get_module_config(cmd->server->module_config, &auth_bearer_module);
    mab_options_t options = {mab_conf_server_fields, numbers, others, server};

    if (!count)
        return mab_words_wrong(
            cmd, "no option is given",
            mab_words_option_names(numbers, others, cmd->pool));
    server->where = mab_words_describe(cmd);
    return mab_words_set_options(cmd, &options, words, count);
}

/* --- AuthBearerKeyStore ---------------------------------------------------------------------- */

/* --- AuthBearerCache ------------------------------------------------------ */

static const char *set_cache(cmd_parms *cmd, void *record BEARER_UNUSED,
                             int count, char *const words[])
{
    static const mab_field_t fields[] = {
        {"entries", MAB_BYTES, APR_OFFSETOF(mab_registry_t, cache_entries), 1,
         1048576, 0, NULL},
        {"ttl", MAB_SECONDS, APR_OFFSETOF(mab_registry_t, cache_ttl), 1, 86400,
         0, NULL}};
    static const char *const numbers[] = {"ttl", NULL};
    mab_registry_t *all = mab_conf_registry();
    mab_options_t options = {fields, numbers, NULL, all};
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);

    if (error)
        return error;
    if (!count)
        return mab_words_wrong(cmd, "nothing is said",
                               "allowed is <entries> [ttl=<time>], or off");
    if (strcasecmp(words[0], "off") == 0 && count == 1) {
        all->cache_entries = 0;
        return NULL;
    }
    error = mab_words_set_number(cmd, all, &fields[0], words[0]);
    return error ? error
                 : mab_words_set_options(cmd, &options, words + 1, count - 1);
}

static const char *set_key_store(cmd_parms *cmd, void *record BEARER_UNUSED,
                                 const char *directory)
{
    mab_registry_t *all = mab_conf_registry();
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);

    if (error)
        return error;
    all->store_where = mab_words_describe(cmd);
    all->store.directory = ap_server_root_relative(cmd->pool, directory);
    return all->store.directory
               ? NULL
               : mab_words_wrong(
                   cmd, "the path is unusable",
                   "name a directory, absolute or below ServerRoot");
}

/* --- AuthType: only watched ------------------------------------------------------------------ */

/* httpd hands a directive to every module that names it; mod_authn_core acts on
 * it, and we learn which places must have an issuer and an audience */
static const char *watch_auth_type(cmd_parms *cmd, void *record,
                                   const char *type)
{
    mab_place_t *place = record;
    mab_setting_t *setting;

    place->bearer = strcasecmp(type, "Bearer") == 0;
    place->where = mab_words_place(cmd);
    setting = register_place(cmd, place);
    if (!setting)
        return NULL;
    setting->auth_type = cmd->directive;
    setting->type_where =
        apr_pstrcat(cmd->pool, mab_words_describe(cmd), " is ", type, NULL);
    setting->bearer_where = place->bearer ? setting->type_where : NULL;
    return NULL;
}

/* SetHandler: only watched, too. The status page is for whom the administrator
 * says; who may write a .htaccess file must not put it anywhere else. */
static const char *watch_handler(cmd_parms *cmd, void *record,
                                 const char *handler)
{
    mab_place_t *place = record;

    if (mab_words_in_htaccess(cmd) || strcmp(handler, MAB_STATUS_HANDLER) != 0)
        return NULL;
    (void)register_place(cmd, place);
    place->status = 1;
    return NULL;
}

#define EVERYWHERE   (RSRC_CONF | OR_AUTHCFG)
#define NOT_HTACCESS (RSRC_CONF | ACCESS_CONF)

const command_rec mab_directives[] = {
    AP_INIT_TAKE_ARGV("AuthBearerIssuer", set_issuer, NULL, EVERYWHERE,
                      "an issuer that is trusted: <iss> "
                      "[keys=<https-url>|file:<path>] [secret=file:<path>] "
                      "[alg=<a>,<b>] [audience=<v>,<v>]"),
    AP_INIT_TAKE_ARGV("AuthBearerAudience", set_audience, NULL, EVERYWHERE,
                      "who tokens must be meant for: <value>..., or any"),
    AP_INIT_TAKE_ARGV("AuthBearerAlgorithms", set_algorithms, NULL,
                      NOT_HTACCESS, "the signature algorithms that count"),
    AP_INIT_TAKE_ARGV("AuthBearerCheck", set_check, NULL, EVERYWHERE,
                      "[leeway=30s] [type=jwt|at+jwt|any] [max-age=<time>] "
                      "[max-life=<time>] [require=<claim>,...]"),
    AP_INIT_TAKE_ARGV("AuthBearerSource", set_source, NULL, NOT_HTACCESS,
                      "where a token may stand: header[:Name[:scheme]] "
                      "cookie:<name> query[:name]"),
    AP_INIT_RAW_ARGS("AuthBearerUser", set_user, NULL, EVERYWHERE,
                     "the claim that becomes REMOTE_USER: <path>... or "
                     "expr=<expression>"),
    AP_INIT_TAKE_ARGV("AuthBearerClaim", set_claim, NULL, EVERYWHERE,
                      "a claim for the program behind: <path>|* "
                      "env:<NAME>|header:<Name> "
                      "[json|join:<separator>|base64url], or none"),
    AP_INIT_TAKE_ARGV("AuthBearerForward", set_forward, NULL, NOT_HTACCESS,
                      "leave the token's header for the back end: On|Off "
                      "[foreign=On|Off]"),
    AP_INIT_TAKE1("AuthBearerOptional", set_flag, (void *)"optional",
                  NOT_HTACCESS, "a request without a token is anonymous"),
    AP_INIT_TAKE_ARGV("AuthBearerErrors", set_errors, NULL, EVERYWHERE,
                      "json|off [detail=On|Off] [unavailable=503|401]"),
    AP_INIT_TAKE_ARGV("AuthBearerCrossOrigin", set_origins, NULL, NOT_HTACCESS,
                      "origins whose scripts may call: <origin>..., *, or off"),
    AP_INIT_RAW_ARGS("AuthBearerResource", set_resource, NULL, NOT_HTACCESS,
                     "the resource's identifier: <https-url> [scopes=\"a b\"] "
                     "[name=\"...\"] [docs=<url>]"),
    AP_INIT_TAKE_ARGV("AuthBearerFetch", set_fetch, NULL, RSRC_CONF,
                      "[timeout=5s] [connect=2s] [refresh=1h] [miss=60s] "
                      "[stale=24h] [max-size=256k] [proxy=<url>|env|none] "
                      "[ca=<file>] [http=Off]"),
    AP_INIT_TAKE_ARGV("AuthBearerCache", set_cache, NULL, RSRC_CONF,
                      "verified tokens kept in each child: <entries> "
                      "[ttl=5m], or off"),
    AP_INIT_TAKE1("AuthBearerKeyStore", set_key_store, NULL, RSRC_CONF,
                  "a directory that keeps the issuers' keys for a start while "
                  "an issuer is down"),
    AP_INIT_TAKE1("AuthType", watch_auth_type, NULL, OR_AUTHCFG,
                  "watched, to check places with AuthType Bearer at start"),
    AP_INIT_TAKE1("SetHandler", watch_handler, NULL, OR_FILEINFO,
                  "watched, to know where the status page may be"),
    {NULL}};
