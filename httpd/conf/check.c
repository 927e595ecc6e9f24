/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/check.h"

#include <unistd.h>

#include <ap_mpm.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <unixd.h>

#include "bearer/text/url.h"
#include "httpd/conf/advise.h"
#include "httpd/conf/check_demand.h"
#include "httpd/conf/check_files.h"
#include "httpd/conf/metadata.h"
#include "httpd/conf/place.h"
#include "httpd/conf/targets.h"
#include "httpd/conf/words.h"

/** The pools, and what was found so far. */
typedef struct check_t {
    apr_pool_t *pconf, *ptemp;
    apr_hash_t *tls; /* ca file, or "" -> bearer_tls_t * */
    int mistakes;
} check_t;

/* one line for each mistake: "Directive … at file:line: what; what is allowed" */
static void complain(check_t *check, const server_rec *s, const char *where,
                     bearer_reason_t why, const bearer_note_t *note,
                     const char *advice)
{
    check->mistakes++;
    ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, s, "%s: %s; %s",
                 where,
                 mab_words_plain(bearer_error_text(why, note, check->ptemp),
                                 check->ptemp),
                 advice);
}

/* with an older configuration before it, whose keys are still on the board */
static bool is_restart(void)
{
    int generation = 0;

    return ap_mpm_query(AP_MPMQ_GENERATION, &generation) == APR_SUCCESS
           && generation > 0;
}

/* --- issuers ------------------------------------------------------------------- */

/* one TLS context for each file of authorities */
static bearer_reason_t find_tls(check_t *check, bearer_source_t *source,
                                bearer_note_t *note)
{
    const char *key = source->ca ? source->ca : "";
    bearer_reason_t why;

    source->tls = apr_hash_get(check->tls, key, APR_HASH_KEY_STRING);
    if (source->tls)
        return BEARER_OK;
    why = bearer_tls_create(source->ca, &source->tls, note, check->pconf);
    if (!why)
        apr_hash_set(check->tls, key, APR_HASH_KEY_STRING, source->tls);
    return why;
}

/* What is read again while the server runs stops it no more when it restarts: the keys
 * that it has serve on, as they would without a restart. The first start has
 * none, and is refused. */
static void complain_of_file(check_t *check, const mab_issuer_line_t *line,
                             const mab_check_files_fault_t *fault)
{
    if (!fault->why)
        return;
    if (!fault->passing || !is_restart()) {
        complain(check, line->s, line->where, fault->why, &fault->note,
                 fault->advice);
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, line->s,
                 "MAB0215: %s: %s; %s; at this restart, the keys that were "
                 "there before serve on, as long as stale= says",
                 line->where,
                 bearer_error_text(fault->why, &fault->note, check->ptemp),
                 fault->advice);
}

/* Without TLS, only the loopback may hear who we are, and prove nothing to us. */
static const char *wrong_with_http(const mab_issuer_line_t *line,
                                   const bearer_url_t *url)
{
    const bearer_source_t *source = &line->source;
    const bearer_credentials_t *files = &source->credentials;

    if (url->tls)
        return NULL;
    if (source->address)
        return "address= with plain http";
    if (files->cert)
        return "cert= with plain http";
    if ((files->token || files->header)
        && bearer_url_find_proxy(&source->proxies, url))
        return "token= and header= with plain http through a proxy";
    return NULL;
}

static void check_address(check_t *check, mab_issuer_line_t *line)
{
    bearer_source_t *source = &line->source;
    bool discovery = source->kind == BEARER_SOURCE_DISCOVERY;
    const char *address = bearer_source_address(source);
    bearer_note_t note = {""};
    const char *wrong;
    bearer_url_t url;
    bearer_reason_t why = BEARER_OK;

    if (discovery)
        why = bearer_url_check_issuer(address, source->http_loopback, &note,
                                      check->ptemp);
    if (!why)
        why = bearer_url_parse(address, source->http_loopback, &url, &note,
                               check->ptemp);
    if (why) {
        complain(
            check, line->s, line->where, why, &note,
            "allowed is an https URL without user, query and fragment, or, "
            "with AuthBearerFetch http=On, an http URL of the loopback");
        return;
    }
    wrong = wrong_with_http(line, &url);
    if (!wrong)
        return;
    bearer_note_set(&note, "%s", wrong);
    complain(check, line->s, line->where, BEARER_FETCH_CREDENTIALS, &note,
             "give the issuer, or keys=, an https URL");
}

static void check_fetched(check_t *check, mab_issuer_line_t *line,
                          const mab_server_t *fetch)
{
    mab_check_files_fault_t fault = {BEARER_OK, {""}, NULL, false};
    bearer_note_t note = {""};
    bearer_reason_t why;

    check_address(check, line);
    why = find_tls(check, &line->source, &note);
    if (why)
        complain(check, line->s,
                 fetch->where && !line->fetch.ca ? fetch->where : line->where,
                 why, &note, "ca= names a PEM file with CA certificates");
    mab_check_files_credentials(&line->source.credentials, &fault,
                                check->ptemp);
    complain_of_file(check, line, &fault);
}

static void check_issuer(check_t *check, mab_issuer_line_t *line)
{
    mab_check_files_fault_t fault = {BEARER_OK, {""}, NULL, false};
    const mab_server_t *fetch = mab_conf_fill_source(line, check->ptemp);

    switch (line->source.kind) {
    case BEARER_SOURCE_DISCOVERY:
    case BEARER_SOURCE_URL:
    case BEARER_SOURCE_PER_KID:
        check_fetched(check, line, fetch);
        break;
    case BEARER_SOURCE_FILE:
        mab_check_files_keys(line, &fault, check->ptemp);
        break;
    case BEARER_SOURCE_SECRET:
        mab_check_files_secret(line, &fault, check->pconf, check->ptemp);
        break;
    }
    complain_of_file(check, line, &fault);
    if (bearer_source_identify(&line->source))
        complain(check, line->s, line->where, BEARER_NO_MEMORY, NULL,
                 "OpenSSL cannot make a SHA-256 digest");
}

/* Lines of several servers that mean the same source share its keys: what one of
 * them demands of their age must not be lost because another came first. Twice,
 * since the last line may be the strictest. */
static void share_numbers(check_t *check)
{
    const apr_array_header_t *lines = mab_conf_registry()->issuers;
    apr_hash_t *strictest = apr_hash_make(check->ptemp);
    int i, round;

    for (round = 0; round < 2; round++) {
        for (i = 0; i < lines->nelts; i++) {
            bearer_source_t *source =
                &APR_ARRAY_IDX(lines, i, mab_issuer_line_t *)->source;
            bearer_source_t *other = apr_hash_get(strictest, &source->slot.id,
                                                  sizeof(source->slot.id));

            if (!other) {
                other = apr_pmemdup(check->ptemp, source, sizeof(*source));
                apr_hash_set(strictest, &other->slot.id, sizeof(other->slot.id),
                             other);
            }
            bearer_source_tighten(round ? source : other,
                                  round ? other : source);
        }
    }
}

/* --- places -------------------------------------------------------------------- */

/* without AuthBearerAudience, the resource is the audience */
static bool brings_audience(const mab_setting_t *setting)
{
    return setting->place->audiences || setting->place->resource;
}

/* whether a section other than this one may supply what it lacks: which sections
 * meet in a request is only known then, and is checked then (closed) */
static bool may_come_from_elsewhere(const mab_setting_t *setting,
                                    const server_rec *main_server, bool issuers)
{
    const apr_array_header_t *all = mab_conf_registry()->settings;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const mab_setting_t *other = &APR_ARRAY_IDX(all, i, mab_setting_t);

        if (other->place == setting->place)
            continue;
        /* sections of the main server also apply in virtual hosts, and what a
         * server itself says is already merged */
        if (other->server_level
            && (other->s == setting->s || other->s == main_server))
            continue;
        if (other->s != setting->s && other->s != main_server
            && setting->s != main_server)
            continue;
        if (issuers ? other->place->issuers != NULL : brings_audience(other))
            return true;
    }
    return false;
}

static void check_place(check_t *check, const mab_setting_t *setting,
                        const server_rec *main_server)
{
    mab_place_t *place =
        ap_get_module_config(setting->s->lookup_defaults, &auth_bearer_module);
    bearer_note_t note = {""};
    const char *advice = "AuthBearerIssuer names the issuers that are trusted: "
                         "AuthBearerIssuer https://issuer.example.com";
    bearer_reason_t why;

    if (!setting->server_level)
        place = mab_place_merge(check->ptemp, place, setting->place);
    why = bearer_policy_check(&place->policy, &note);
    if (!why)
        return;
    if (why != BEARER_POLICY_ALG && why != BEARER_POLICY_ANY
        && may_come_from_elsewhere(setting, main_server,
                                   why == BEARER_POLICY_ISSUER))
        return;
    if (why == BEARER_POLICY_AUDIENCE)
        advice =
            "AuthBearerAudience names who tokens must be meant for: one or "
            "more values, or \"any\"";
    if (why == BEARER_POLICY_ANY)
        advice = "write audience=<value> on that AuthBearerIssuer line, or "
                 "AuthBearerAudience with the values that are meant";
    if (why == BEARER_POLICY_ALG)
        advice =
            "AuthBearerAlgorithms or alg= must leave HS256, HS384 or HS512 "
            "for an issuer with secret=, and one of the others for one "
            "without";
    complain(check, setting->s, setting->bearer_where, why, &note, advice);
}

/* Since we name AuthType too, httpd no longer notices that nobody acts on it.
 * Without a type no place would be ours, and a negated "Require expr" would let
 * everybody in. */
static void check_type(check_t *check, const mab_setting_t *setting)
{
    if (ap_find_linked_module("mod_authn_core.c"))
        return;
    check->mistakes++;
    ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, setting->s,
                 "%s: mod_authn_core is not loaded, without which AuthType has "
                 "no effect: LoadModule authn_core_module "
                 "modules/mod_authn_core.so",
                 setting->type_where);
}

/* --- names --------------------------------------------------------------------- */

/* What arrives under an exported name is removed: no token ever comes in it. */
static void check_source(check_t *check, const server_rec *s,
                         const mab_source_t *source)
{
    const apr_array_header_t *headers = mab_conf_registry()->headers;
    int i;

    for (i = 0; source->where == MAB_HEADER && i < headers->nelts; i++) {
        const char *header = APR_ARRAY_IDX(headers, i, const char *);

        if (!mab_targets_alike(header, source->name))
            continue;
        check->mistakes++;
        ap_log_error(
            APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, s,
            "%s: header:%s: AuthBearerClaim sets the header %s, so what "
            "clients send under that name is removed everywhere; give one of "
            "the two another name",
            source->line ? source->line : "AuthBearerSource", source->name,
            header);
    }
}

static void check_names(check_t *check, const server_rec *s)
{
    const apr_array_header_t *all = mab_conf_registry()->sources;
    int i;

    for (i = 0; i < all->nelts; i++)
        check_source(check, s, &APR_ARRAY_IDX(all, i, mab_source_t));
}

static void check_limits(check_t *check, const server_rec *s)
{
    const apr_array_header_t *all = mab_conf_registry()->limited;
    int i;

    for (i = 0; i < all->nelts; i++) {
        check->mistakes++;
        ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, s, "%s",
                     APR_ARRAY_IDX(all, i, const char *));
    }
}

/* --- the key store ------------------------------------------------------------------ */

static void check_key_store(check_t *check, const server_rec *s)
{
    mab_registry_t *all = mab_conf_registry();
    const char *doubt;

    if (!all->store.directory)
        return;
    /* who the children run as, and so whose the files are */
    all->store.owner = geteuid() ? geteuid() : ap_unixd_config.user_id;
    doubt = mab_check_files_store(&all->store, check->ptemp);
    if (!doubt)
        return;
    check->mistakes++;
    ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, s,
                 "%s: %s: %s; allowed is a directory that belongs to root or "
                 "to the server's user and that not everybody may write to",
                 all->store_where, all->store.directory, doubt);
}

/* --- all of it -------------------------------------------------------------------------- */

int mab_check_all(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s)
{
    mab_registry_t *all = mab_conf_registry();
    check_t check = {pconf, ptemp, apr_hash_make(ptemp), 0};
    server_rec *server;
    int i;

    for (i = 0; i < all->issuers->nelts; i++)
        check_issuer(&check,
                     APR_ARRAY_IDX(all->issuers, i, mab_issuer_line_t *));
    share_numbers(&check);
    check_key_store(&check, s);
    check_names(&check, s);
    check_limits(&check, s);
    for (server = s; server; server = server->next)
        mab_place_finish(
            ap_get_module_config(server->lookup_defaults, &auth_bearer_module),
            pconf);
    for (i = 0; i < all->settings->nelts; i++) {
        mab_setting_t *setting =
            &APR_ARRAY_IDX(all->settings, i, mab_setting_t);

        if (setting->type_where)
            check_type(&check, setting);
        if (setting->bearer_where)
            check_place(&check, setting, s);
    }
    for (server = s; server; server = server->next)
        check.mistakes += mab_metadata_make(pconf, ptemp, server, s);
    check.mistakes += mab_check_demand_all(ptemp);
    if (check.mistakes)
        return HTTP_INTERNAL_SERVER_ERROR;
    for (i = 0; i < all->settings->nelts; i++) {
        mab_setting_t *setting =
            &APR_ARRAY_IDX(all->settings, i, mab_setting_t);

        if (!setting->server_level)
            mab_place_join(pconf, setting->s, setting->place);
    }
    mab_advise_all(ptemp, s);
    return OK;
}
