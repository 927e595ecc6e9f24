/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/dump.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_core.h>

#include "httpd/conf/demand.h"
#include "httpd/conf/place.h"

/** Where to, and with what. */
typedef struct dump_t {
    apr_file_t *out;
    apr_pool_t *pool;
    const mab_demand_t *demand;
    apr_array_header_t *lines; /* of const char *: takes the lines instead */
} dump_t;

/* --- pieces -------------------------------------------------------------------- */

static void print_line(const dump_t *dump, const char *name, const char *value)
{
    if (dump->lines)
        APR_ARRAY_PUSH(dump->lines, const char *) =
            apr_pstrcat(dump->pool, name, *name ? " " : "", value, NULL);
    else
        apr_file_printf(dump->out, "  %-12s %s\n", name, value);
}

/* a number as it counts, the way one would write it */
static const char *number_text(const dump_t *dump, const mab_place_t *place,
                               const mab_field_t *field)
{
    apr_int64_t number = mab_place_number(place, field);

    switch (field->kind) {
    case MAB_LIMIT:
        if (!number)
            return "off";
        /* fall through */
    case MAB_SECONDS:
        return apr_psprintf(dump->pool, "%" APR_INT64_T_FMT "s", number);
    case MAB_AMOUNT:
        return apr_psprintf(dump->pool, "%" APR_INT64_T_FMT, number);
    case MAB_FLAG:
        return number ? "On" : "Off";
    case MAB_WORD:
        return field->words[number];
    case MAB_ALGS:
    case MAB_POINTER:
        break;
    }
    return NULL;
}

/* values with spaces between, "none" for none */
static const char *texts(const dump_t *dump, const bearer_str_t *list,
                         int count)
{
    const char *all = count ? "" : "none";
    int i;

    for (i = 0; i < count; i++)
        all = apr_psprintf(dump->pool, "%s%s%.*s", all, i ? " " : "",
                           (int)list[i].len, list[i].data);
    return all;
}

static const char *words(const dump_t *dump, const mab_list_t *list,
                         const char *between, const char *none)
{
    const char *const *items = list ? list->items : NULL;
    const char *all = "";
    int i;

    if (!list || !list->count)
        return none;
    for (i = 0; i < list->count; i++)
        all = apr_pstrcat(dump->pool, all, i ? between : "", items[i], NULL);
    return all;
}

/* --- issuers and audiences ------------------------------------------------------- */

static const char *location(const dump_t *dump, const bearer_issuer_t *issuer)
{
    const bearer_source_t *source = issuer->source;

    if (!source)
        return "by a shared secret";
    if (source->kind == BEARER_SOURCE_FILE)
        return apr_pstrcat(dump->pool, "keys from file ", source->location,
                           NULL);
    if (source->kind == BEARER_SOURCE_PER_KID)
        return apr_pstrcat(dump->pool, "a key for each key id from ",
                           source->location, "<kid>", NULL);
    if (source->kind == BEARER_SOURCE_URL)
        return apr_pstrcat(dump->pool, "keys from ", source->location, NULL);
    if (source->location)
        return apr_pstrcat(dump->pool, "keys by discovery from ",
                           source->location, NULL);
    return "keys by discovery";
}

/* how often and how long; of a file, only what matters there */
static void print_fetch(const dump_t *dump, const bearer_source_t *source)
{
    const bearer_schedule_conf_t *numbers = &source->schedule;
    const char *strict =
        source->tightened ? ", the strictest of several servers" : "";
    const char *text;

    text = apr_psprintf(dump->pool, "stale=%" APR_TIME_T_FMT "s",
                        apr_time_sec(numbers->stale));
    if (source->kind != BEARER_SOURCE_FILE)
        text = apr_psprintf(
            dump->pool,
            "refresh=%" APR_TIME_T_FMT "s miss=%" APR_TIME_T_FMT
            "s %s timeout=%" APR_TIME_T_FMT "s connect=%" APR_TIME_T_FMT
            "s max-size=%" APR_SIZE_T_FMT,
            apr_time_sec(numbers->refresh), apr_time_sec(numbers->miss), text,
            apr_time_sec(source->timeout), apr_time_sec(source->connect),
            source->max_body);
    print_line(dump, "", apr_pstrcat(dump->pool, text, strict, NULL));
}

/* how it is reached, and who we are there; of a file with a secret only its name */
static void print_access(const dump_t *dump, const bearer_source_t *source)
{
    const char *proxy =
        source->proxies.https ? source->proxies.https : source->proxies.http;
    const struct {
        const char *name, *value;
    } rows[] = {{"ca=", source->ca},
                {"proxy=", proxy},
                {"http=", source->http_loopback ? "On" : NULL},
                {"address=", source->address},
                {"token=file:", source->credentials.token},
                {"header=file:", source->credentials.header},
                {"cert=file:", source->credentials.cert},
                {"key=file:", source->credentials.key}};
    const char *line = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].value)
            line = apr_pstrcat(dump->pool, line ? line : "", line ? " " : "",
                               rows[i].name, rows[i].value, NULL);
    }
    if (line && bearer_source_is_fetched(source))
        print_line(dump, "", line);
}

/* whose tokens a template takes */
static const char *tenants(const dump_t *dump, const bearer_issuer_t *issuer)
{
    if (!issuer->tenant_count)
        return "tid any";
    return apr_pstrcat(dump->pool, "tid ",
                       texts(dump, issuer->tenants, issuer->tenant_count),
                       NULL);
}

/* the audiences that count for this issuer here */
static const char *audience(const dump_t *dump, const bearer_policy_t *policy,
                            const bearer_issuer_t *issuer)
{
    if (issuer->audience_count)
        return texts(dump, issuer->audiences, issuer->audience_count);
    if (policy->any_audience)
        return "any";
    if (policy->audience_count)
        return texts(dump, policy->audiences, policy->audience_count);
    return "none in this section: it must come from another one that applies";
}

static const char *show_issuers(const dump_t *dump, const mab_place_t *place)
{
    const bearer_policy_t *policy = &place->policy;
    int i;

    if (!policy->issuer_count)
        print_line(dump, "issuer",
                   "none in this section: it must come from another one that "
                   "applies");
    for (i = 0; i < policy->issuer_count; i++) {
        const bearer_issuer_t *issuer = policy->issuers[i];

        print_line(dump, "issuer", texts(dump, &issuer->iss, 1));
        if (issuer->named == BEARER_NAMED_BY_TENANT)
            print_line(dump, "", tenants(dump, issuer));
        if (issuer->signer_count)
            print_line(
                dump, "",
                apr_pstrcat(dump->pool, "signer ",
                            texts(dump, issuer->signers, issuer->signer_count),
                            NULL));
        print_line(dump, "", location(dump, issuer));
        if (issuer->source) {
            print_fetch(dump, issuer->source);
            print_access(dump, issuer->source);
        }
        print_line(
            dump, "",
            apr_pstrcat(dump->pool, "algorithms ",
                        bearer_alg_names(policy->trusted[i].algs, dump->pool),
                        NULL));
        print_line(
            dump, "",
            apr_pstrcat(dump->pool, "audience ", audience(dump, policy, issuer),
                        issuer->audience_claim ? " in the claim " : "",
                        issuer->audience_claim ? issuer->audience_claim : "",
                        NULL));
        if (issuer->profile)
            print_line(
                dump, "",
                apr_pstrcat(dump->pool, "profile=", issuer->profile, NULL));
    }
    return NULL;
}

/* --- what goes in and out --------------------------------------------------------- */

static const char *source_text(const dump_t *dump, const mab_source_t *source)
{
    if (source->where == MAB_COOKIE)
        return apr_pstrcat(dump->pool, "cookie:", source->name, NULL);
    if (source->where == MAB_QUERY)
        return apr_pstrcat(dump->pool, "query:", source->name, NULL);
    if (source->where == MAB_WEBSOCKET)
        return "websocket";
    if (source->where == MAB_BASIC)
        return apr_pstrcat(dump->pool, "basic", source->user ? ":" : "",
                           source->user ? source->user : "", NULL);
    return apr_pstrcat(dump->pool, "header:", source->name,
                       source->scheme ? ":" : "",
                       source->scheme ? source->scheme : "", NULL);
}

static const char *show_sources(const dump_t *dump, const mab_place_t *place)
{
    int i, count;
    const mab_source_t *sources = mab_conf_sources(place, &count);
    const char *all = "";

    for (i = 0; i < count; i++)
        all = apr_pstrcat(dump->pool, all, i ? " " : "",
                          source_text(dump, sources + i), NULL);
    return all;
}

static const char *show_user(const dump_t *dump, const mab_place_t *place)
{
    const bearer_policy_t *policy = &place->policy;
    const char *all = "";
    int i;

    if (place->user_expr)
        all = apr_psprintf(dump->pool, "expression at %s:%u",
                           place->user_expr->filename,
                           place->user_expr->line_number);
    for (i = 0; i < policy->user_count; i++)
        all = apr_pstrcat(dump->pool, all, i ? " " : "",
                          bearer_path_text(policy->user[i]), NULL);
    return all;
}

static const char *form_text(const dump_t *dump, const mab_export_t *export)
{
    switch (export->form) {
    case BEARER_FORM_PLAIN:
        return "";
    case BEARER_FORM_JSON:
        return " json";
    case BEARER_FORM_JOIN:
        return apr_pstrcat(dump->pool, " join:", export->join, NULL);
    case BEARER_FORM_BASE64URL:
        break;
    }
    return " base64url";
}

static const char *show_exports(const dump_t *dump, const mab_place_t *place)
{
    const mab_list_t *exports = place->exports;
    const mab_export_t *items = exports ? exports->items : NULL;
    int i;

    if (!exports || !exports->count)
        return "none";
    for (i = 0; i < exports->count; i++)
        print_line(
            dump, "claim",
            apr_pstrcat(dump->pool,
                        items[i].path ? bearer_path_text(items[i].path) : "*",
                        items[i].header ? " header:" : " env:", items[i].target,
                        form_text(dump, items + i), NULL));
    return NULL;
}

static const char *show_required(const dump_t *dump, const mab_place_t *place)
{
    const mab_list_t list = {place->policy.required,
                             place->policy.required_count};

    return words(dump, &list, ",", "none");
}

static const char *show_origins(const dump_t *dump, const mab_place_t *place)
{
    const mab_origins_t *origins = place->origins;

    if (!origins || !origins->list.count)
        return "off";
    return apr_pstrcat(dump->pool, words(dump, &origins->list, " ", "off"),
                       origins->requested ? " headers=requested" : "",
                       origins->headers ? " headers=" : "",
                       origins->headers ? origins->headers : "",
                       origins->expose ? " expose=" : "",
                       origins->expose ? origins->expose : "",
                       origins->credentials ? " credentials=On" : "", NULL);
}

static const char *show_resource(const dump_t *dump BEARER_UNUSED,
                                 const mab_place_t *place)
{
    return place->resource ? place->resource->url : "off";
}

/* --- a place ----------------------------------------------------------------------- */

/* The text of a row that is not a number; NULL if it has printed lines of its own.
 * Row by row beside mab_conf_place_fields, from the same table. */
typedef const char *(*show_t)(const dump_t *dump, const mab_place_t *place);

static const show_t shows[] = {
#define MAB_PLACE_NUMBER(...)                                           NULL,
#define MAB_PLACE_LIST(id, type, field, name, merge, added, goes, show) show,
#include "httpd/conf/field.def"
};

static const char *value_text(const dump_t *dump, const mab_place_t *place,
                              const mab_field_t *field)
{
    show_t show = shows[field - mab_conf_place_fields];

    if (field->kind != MAB_POINTER)
        return number_text(dump, place, field);
    return show ? show(dump, place) : NULL;
}

const char *mab_dump_setting(const mab_place_t *place, const mab_field_t *field,
                             apr_array_header_t *lines, apr_pool_t *pool)
{
    const dump_t dump = {NULL, pool, NULL, lines};

    return value_text(&dump, place, field);
}

static const char *row_text(const dump_t *dump, const mab_place_t *place,
                            const mab_field_t *field)
{
    const char *text = value_text(dump, place, field);

    if (!text || field->whole)
        return text;
    return apr_pstrcat(dump->pool, field->name, "=", text, NULL);
}

/* the line of one directive: its rows in their order */
static void print_directive(const dump_t *dump, const mab_place_t *place,
                            mab_directive_t id)
{
    const mab_field_t *field = mab_conf_place_fields;
    const char *line = NULL;

    for (; field->offset != (apr_size_t)-1; field++) {
        const char *text =
            field->of == id ? row_text(dump, place, field) : NULL;

        if (text)
            line = line ? apr_pstrcat(dump->pool, line, " ", text, NULL) : text;
    }
    if (line)
        print_line(dump, mab_field_directives[id].label, line);
}

/* who gets in, which mod_authz_core decides */
static void print_demand(const dump_t *dump, const ap_directive_t *auth_type)
{
    const apr_array_header_t *texts =
        mab_demand_show(dump->demand, auth_type, dump->pool);
    int i;

    for (i = 0; i < texts->nelts; i++)
        print_line(dump, i ? "" : "require",
                   APR_ARRAY_IDX(texts, i, const char *));
}

static void print_place(const dump_t *dump, const mab_setting_t *setting)
{
    const mab_place_t *place =
        ap_get_module_config(setting->s->lookup_defaults, &auth_bearer_module);
    int id;

    if (!setting->server_level)
        place = mab_place_merge(dump->pool, (void *)place, setting->place);
    apr_file_printf(dump->out, "\n%s\n", setting->bearer_where);
    /* 0: ServerName has none, or there is no such line */
    print_line(dump, "server",
               setting->s->port
                   ? apr_psprintf(dump->pool, "%s:%u",
                                  setting->s->server_hostname, setting->s->port)
                   : setting->s->server_hostname);
    for (id = 0; id < MAB_DIRECTIVES; id++) {
        if (mab_field_directives[id].label)
            print_directive(dump, place, (mab_directive_t)id);
    }
    print_demand(dump, setting->auth_type);
}

void mab_dump_places(apr_pool_t *pconf, server_rec *s BEARER_UNUSED)
{
    const apr_array_header_t *settings = mab_conf_registry()->settings;
    dump_t dump = {NULL, pconf, mab_demand_read(pconf), NULL};
    int i, count = 0;

    if (!ap_exists_config_define("DUMP_BEARER")
        || apr_file_open_stdout(&dump.out, pconf) != APR_SUCCESS)
        return;
    for (i = 0; i < settings->nelts; i++)
        count += APR_ARRAY_IDX(settings, i, mab_setting_t).bearer_where != NULL;
    apr_file_printf(dump.out, "Places with AuthType Bearer: %d\n", count);
    for (i = 0; i < settings->nelts; i++) {
        if (APR_ARRAY_IDX(settings, i, mab_setting_t).bearer_where)
            print_place(&dump, &APR_ARRAY_IDX(settings, i, mab_setting_t));
    }
}
