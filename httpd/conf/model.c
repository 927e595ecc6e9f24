/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/model.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <ap_listen.h>
#include <http_config.h>
#include <http_core.h>

#include "bearer/base/str.h"
#include "bearer/keys/sheet.h"
#include "bearer/text/utf8.h"
#include "bearer/text/write.h"
#include "httpd/conf/demand.h"
#include "httpd/conf/dump.h"
#include "httpd/conf/place.h"

/** What is written, and of which configuration. */
typedef struct model_t {
    bearer_write_t json;
    const server_rec *main;
    const mab_demand_t *demand;
    apr_pool_t *pool;
} model_t;

/* A text of the configuration, where bytes that are not UTF-8 (in a path) must not
 * spoil all of it. */
static void add_text(model_t *model, const char *name, const char *text)
{
    char *plain, *at;

    if (!text || bearer_utf8_check(bearer_str(text))) {
        bearer_write_text(&model->json, name, text);
        return;
    }
    plain = apr_pstrdup(model->pool, text);
    for (at = plain; *at; at++) {
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    }
    bearer_write_text(&model->json, name, plain);
}

static void add_str(model_t *model, const char *name, bearer_str_t text)
{
    add_text(model, name, apr_pstrmemdup(model->pool, text.data, text.len));
}

static void add_strs(model_t *model, const char *name, const bearer_str_t *list,
                     int count)
{
    int i;

    bearer_write_open(&model->json, name, '[');
    for (i = 0; i < count; i++)
        add_str(model, NULL, list[i]);
    bearer_write_close(&model->json);
}

/* --- servers ------------------------------------------------------------------- */

/* whether one of these directives, or of those in sections among them, but for
 * virtual hosts, turns TLS on */
static bool turns_tls_on(const ap_directive_t *one)
{
    for (; one; one = one->next) {
        if (strcasecmp(one->directive, "SSLEngine") == 0
            || strcasecmp(one->directive, "TLSEngine") == 0)
            return strcasecmp(one->args, "off") != 0;
        if (one->first_child && strcasecmp(one->directive, "<VirtualHost") != 0
            && turns_tls_on(one->first_child))
            return true;
    }
    return false;
}

/* the section of a virtual host, or NULL */
static const ap_directive_t *find_host(const ap_directive_t *one,
                                       const server_rec *s)
{
    const ap_directive_t *found = NULL;

    for (; one && !found; one = one->next) {
        if (strcasecmp(one->directive, "<VirtualHost") == 0
            && one->line_num == (int)s->defn_line_number
            && bearer_str_same(one->filename, s->defn_name))
            return one;
        if (one->first_child)
            found = find_host(one->first_child, s);
    }
    return found;
}

static bool has_tls(const server_rec *s)
{
    const char *protocol = ap_get_server_protocol((server_rec *)s);
    const ap_directive_t *host;

    if (protocol && strcmp(protocol, "https") == 0)
        return true;
    if (!s->is_virtual)
        return turns_tls_on(ap_conftree);
    host = find_host(ap_conftree, s);
    return host && turns_tls_on(host->first_child);
}

static void add_server(model_t *model, const server_rec *s)
{
    bearer_write_open(&model->json, NULL, '{');
    add_text(model, "name", s->server_hostname);
    bearer_write_integer(&model->json, "port", s->port);
    add_text(model, "where",
             s->is_virtual ? apr_psprintf(model->pool, "%s:%u", s->defn_name,
                                          s->defn_line_number)
                           : NULL);
    bearer_write_boolean(&model->json, "tls", has_tls(s));
    bearer_write_close(&model->json);
}

static int server_index(const model_t *model, const server_rec *s)
{
    const server_rec *one = model->main;
    int index = 0;

    for (; one && one != s; one = one->next)
        index++;
    return index;
}

/* whether nobody but this host can connect */
static bool listens_to_itself(apr_pool_t *pool)
{
    const ap_listen_rec *one = ap_listeners;
    char *ip;

    for (; one; one = one->next) {
        if (apr_sockaddr_ip_get(&ip, one->bind_addr) != APR_SUCCESS
            || (strncmp(ip, "127.", 4) != 0 && strcmp(ip, "::1") != 0))
            return false;
    }
    return pool && ap_listeners;
}

/* --- sources ---------------------------------------------------------------------- */

static const mab_issuer_line_t *line_at(int i)
{
    return APR_ARRAY_IDX(mab_conf_registry()->issuers, i, mab_issuer_line_t *);
}

/* the first line with the same source: it is shown, and fetched, once */
static int first_alike(const bearer_source_t *source)
{
    int i;

    for (i = 0; i < mab_conf_registry()->issuers->nelts; i++) {
        if (bearer_source_is_same(&line_at(i)->source, source))
            return i;
    }
    return -1;
}

/* the number of a source among those that are shown */
static int source_index(const bearer_issuer_t *issuer)
{
    const bearer_source_t *source = issuer->source;
    int i, found, index = 0;

    for (i = 0; !source && i < mab_conf_registry()->issuers->nelts; i++) {
        if (&line_at(i)->issuer == issuer)
            source = &line_at(i)->source;
    }
    found = source ? first_alike(source) : -1;
    for (i = 0; i < found; i++)
        index += first_alike(&line_at(i)->source) == i;
    return found < 0 ? -1 : index;
}

static void add_sources(model_t *model)
{
    int i;

    bearer_write_open(&model->json, "sources", '[');
    for (i = 0; i < mab_conf_registry()->issuers->nelts; i++) {
        if (first_alike(&line_at(i)->source) != i)
            continue;
        bearer_write_open(&model->json, NULL, '{');
        add_text(model, "where", line_at(i)->where);
        bearer_sheet_write(&model->json, &line_at(i)->source);
        bearer_write_close(&model->json);
    }
    bearer_write_close(&model->json);
}

/* --- places ----------------------------------------------------------------------- */

static void add_trust(model_t *model, const bearer_policy_t *policy, int i)
{
    const bearer_issuer_t *issuer = policy->issuers[i];
    bearer_write_t *json = &model->json;

    bearer_write_open(json, NULL, '{');
    add_str(model, "iss", issuer->iss);
    bearer_write_integer(json, "source", source_index(issuer));
    add_text(model, "algorithms",
             bearer_alg_names(policy->trusted[i].algs, model->pool));
    /* somebody has chosen them */
    bearer_write_boolean(json, "chosen", issuer->algs || policy->algs);
    bearer_write_boolean(json, "own-algorithms", issuer->algs);
    add_text(model, "audience-claim", issuer->audience_claim);
    bearer_write_boolean(json, "own-audiences", issuer->audience_count);
    if (issuer->audience_count)
        add_strs(model, "audiences", issuer->audiences, issuer->audience_count);
    else
        add_strs(model, "audiences", policy->audiences, policy->audience_count);
    bearer_write_boolean(json, "any",
                         !issuer->audience_count && policy->any_audience);
    bearer_write_close(json);
}

static void add_number(model_t *model, const mab_place_t *place,
                       const mab_field_t *field, const char *name)
{
    apr_int64_t number = mab_place_number(place, field);

    if (field->kind == MAB_FLAG)
        bearer_write_boolean(&model->json, name, number);
    else if (field->kind == MAB_WORD)
        add_text(model, name, field->words[number]);
    else
        bearer_write_integer(&model->json, name, number);
}

/* what is no number: its text, or its lines */
static void add_shown(model_t *model, const mab_place_t *place,
                      const mab_field_t *field, const char *name)
{
    apr_array_header_t *lines = apr_array_make(model->pool, 4, sizeof(char *));
    const char *text = mab_dump_setting(place, field, lines, model->pool);
    int i;

    if (text) {
        add_text(model, name, text);
        return;
    }
    if (!lines->nelts)
        return;
    bearer_write_open(&model->json, name, '[');
    for (i = 0; i < lines->nelts; i++)
        add_text(model, NULL, APR_ARRAY_IDX(lines, i, const char *));
    bearer_write_close(&model->json);
}

/* all settings of one directive, by the table: a row cannot be missing */
static void add_directive(model_t *model, const mab_place_t *place,
                          mab_directive_t id)
{
    const mab_field_t *field = mab_conf_place_fields;

    bearer_write_open(&model->json, mab_field_directives[id].name, '{');
    for (; mab_field_is(field); field++) {
        if (field->of != id || !*field->name)
            continue;
        if (field->kind == MAB_POINTER)
            add_shown(model, place, field, field->name);
        else
            add_number(model, place, field, field->name);
    }
    bearer_write_close(&model->json);
}

/* who gets in, which mod_authz_core decides */
static void add_demand(model_t *model, const ap_directive_t *auth_type)
{
    const apr_array_header_t *lines =
        mab_demand_show(model->demand, auth_type, model->pool);
    int i;

    bearer_write_boolean(&model->json, "asked-elsewhere",
                         mab_demand_of(model->demand, auth_type, model->pool)
                             == MAB_DEMAND_OTHERS);
    bearer_write_open(&model->json, "require", '[');
    for (i = 0; i < lines->nelts; i++)
        add_text(model, NULL, APR_ARRAY_IDX(lines, i, const char *));
    bearer_write_close(&model->json);
}

static void add_place(model_t *model, const mab_setting_t *setting)
{
    mab_place_t *place =
        ap_get_module_config(setting->s->lookup_defaults, &auth_bearer_module);
    int i;

    if (!setting->server_level)
        place = mab_place_merge(model->pool, place, setting->place);
    bearer_write_open(&model->json, NULL, '{');
    add_text(model, "where", setting->bearer_where);
    bearer_write_integer(&model->json, "server",
                         server_index(model, setting->s));
    bearer_write_open(&model->json, "issuers", '[');
    for (i = 0; i < place->policy.issuer_count; i++)
        add_trust(model, &place->policy, i);
    bearer_write_close(&model->json);
    add_demand(model, setting->auth_type);
    bearer_write_open(&model->json, "settings", '{');
    for (i = 0; i < MAB_DIRECTIVES; i++) {
        if (mab_field_directives[i].label)
            add_directive(model, place, (mab_directive_t)i);
    }
    bearer_write_close(&model->json);
    bearer_write_close(&model->json);
}

/* --- all of it ---------------------------------------------------------------------- */

static void add_all(model_t *model)
{
    const apr_array_header_t *settings = mab_conf_registry()->settings;
    const server_rec *s = model->main;
    int i;

    bearer_write_open(&model->json, "servers", '[');
    for (; s; s = s->next)
        add_server(model, s);
    bearer_write_close(&model->json);
    bearer_write_boolean(&model->json, "loopback",
                         listens_to_itself(model->pool));
    bearer_write_boolean(&model->json, "watchdog",
                         ap_find_linked_module("mod_watchdog.c") != NULL);
    add_sources(model);
    bearer_write_open(&model->json, "places", '[');
    for (i = 0; i < settings->nelts; i++) {
        if (APR_ARRAY_IDX(settings, i, mab_setting_t).bearer_where)
            add_place(model, &APR_ARRAY_IDX(settings, i, mab_setting_t));
    }
    bearer_write_close(&model->json);
}

void mab_model_print(apr_pool_t *pconf, server_rec *s)
{
    model_t model = {.main = s, .pool = pconf};
    apr_file_t *out;
    const char *text;

    if (!ap_exists_config_define("DUMP_BEARER_JSON")
        || apr_file_open_stdout(&out, pconf) != APR_SUCCESS)
        return;
    model.demand = mab_demand_read(pconf);
    bearer_write_begin(&model.json, BEARER_WRITE_ASCII, pconf);
    bearer_write_open(&model.json, NULL, '{');
    /* first, by which programs find the line */
    bearer_write_integer(&model.json, "mod_auth_bearer", 1);
    add_all(&model);
    bearer_write_close(&model.json);
    text = bearer_write_end(&model.json).data;
    if (text)
        apr_file_printf(out, "%s\n", text);
}
