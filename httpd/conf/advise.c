/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/advise.h"

#include <string.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>

#include "bearer/base/str.h"
#include "bearer/text/template.h"
#include "bearer/text/url.h"
#include "httpd/conf/metadata.h"
#include "httpd/conf/place.h"
#include "httpd/conf/section.h"

static void advise_key_file(apr_pool_t *ptemp, const mab_issuer_line_t *line)
{
    const char *path = line->source.location;
    apr_finfo_t info;

    if (line->source.kind == BEARER_SOURCE_FILE
        && apr_stat(&info, path, APR_FINFO_PROT, ptemp) == APR_SUCCESS
        && (info.protection & APR_FPROT_GWRITE))
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, line->s,
                     "MAB0120: %s: the group of %s may write it, so each of "
                     "its members can sign tokens; if that is not intended: "
                     "chmod g-w %s",
                     line->where, path, path);
}

static void advise_issuer(const mab_issuer_line_t *line)
{
    const bearer_source_t *source = &line->source;
    bool fetched = bearer_source_is_fetched(source);
    const char *address = source->location ? source->location : source->issuer;

    if (fetched && bearer_url_is_http(address))
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, line->s,
                     "MAB0102: %s: keys are fetched by http: whoever can "
                     "listen on that port of this host can sign tokens",
                     line->where);
    if (line->issuer.named == BEARER_NAMED_BY_TENANT
        && !line->issuer.tenant_count)
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, line->s,
                     "MAB0110: %s: tid=any: everybody who can make a tenant "
                     "of this issuer can send tokens; demand what only your "
                     "tenants' tokens have",
                     line->where);
    if (source->kind == BEARER_SOURCE_SECRET)
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, line->s,
                     "MAB0103: %s: tokens are signed with a shared secret: "
                     "whoever can verify them can also make them",
                     line->where);
}

/* The children then run as the user who starts httpd, and can read what only that
 * user can. */
static void advise_key_store(const mab_registry_t *all, const server_rec *s)
{
    if (all->store.directory && geteuid() != 0)
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     "MAB0208: %s: httpd was not started as root, so programs "
                     "that it runs (CGI) can read %s/store.key and choose "
                     "the keys that the next start believes",
                     all->store_where, all->store.directory);
}

/* the directives of the same section, AuthType's neighbours */
static const ap_directive_t *first_neighbour(const mab_setting_t *setting)
{
    const ap_directive_t *parent = setting->auth_type->parent;

    return parent ? parent->first_child : ap_conftree;
}

/* "Require all granted" lets everybody in: with a bearer token it admits, and
 * without one it admits too. Beside other lines it makes them void, since one
 * line that is true is enough. */
static void count_lines(const ap_directive_t *one, int *granted, int *others,
                        apr_pool_t *pool)
{
    for (; one; one = one->next) {
        /* one true line of it is enough, as in the section itself */
        if (strcasecmp(one->directive, "<RequireAny") == 0)
            count_lines(one->first_child, granted, others, pool);
        else if (mab_section_grants(one, pool))
            (*granted)++;
        /* <RequireAll> and the like as well */
        else if (bearer_str_opens_nocase(
                     one->directive + (*one->directive == '<'), "Require"))
            (*others)++;
    }
}

static void advise_granted(apr_pool_t *ptemp, const mab_setting_t *setting,
                           bool optional)
{
    int granted = 0, others = 0;

    count_lines(first_neighbour(setting), &granted, &others, ptemp);
    if (granted && others)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, setting->s,
                     "MAB0106: %s: \"Require all granted\" makes the other "
                     "Require lines of this section void; remove it, or put "
                     "all of them into <RequireAll>",
                     setting->bearer_where);
    else if (granted && !optional)
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, setting->s,
                     "MAB0105: %s: \"Require all granted\" admits requests "
                     "without a token; write \"Require valid-user\" to demand "
                     "one",
                     setting->bearer_where);
}

/* the first issuer with a "#" in its name, or NULL */
static const bearer_issuer_t *find_hash(const bearer_policy_t *policy)
{
    int i;

    for (i = 0; i < policy->issuer_count; i++) {
        if (strchr(policy->issuers[i]->iss.data, '#'))
            return policy->issuers[i];
    }
    return NULL;
}

/* "a" and "b#c" with a "#" in between are "a#b" and "c", too (another issuer's user) */
static void advise_separator(const mab_setting_t *setting,
                             const bearer_policy_t *policy)
{
    const bearer_issuer_t *issuer = find_hash(policy);

    if (issuer && policy->issuer_count > 1)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, setting->s,
                     "MAB0113: %s: the issuer %s has a # in its name, so that "
                     "iss, # and sub may be the same text for users of two "
                     "issuers; give it a place of its own, or separate iss "
                     "and sub in AuthBearerUser by what no issuer's name has",
                     setting->bearer_where, issuer->iss.data);
}

/* --- names that two templates can make ----------------------------------------- */

static bool has_tenant(const bearer_issuer_t *issuer, bearer_str_t tid)
{
    int i;

    for (i = 0; i < issuer->tenant_count; i++) {
        if (bearer_str_equal(issuer->tenants[i], tid))
            return true;
    }
    return !issuer->tenant_count;
}

/* whether a tenant of an issuer that lists them is one of the other, too */
static bool shares_tenant(const bearer_issuer_t *listing,
                          const bearer_issuer_t *second, apr_pool_t *ptemp)
{
    const char *at = strchr(listing->iss.data, '{');
    const char *end = strchr(listing->iss.data, '}') + 1;
    int i;

    for (i = 0; i < listing->tenant_count; i++) {
        const char *name =
            apr_psprintf(ptemp, "%.*s%.*s%s", (int)(at - listing->iss.data),
                         listing->iss.data, (int)listing->tenants[i].len,
                         listing->tenants[i].data, end);
        bearer_str_t tid = bearer_template_find(second->iss, bearer_str(name));

        if (tid.data && has_tenant(second, tid))
            return true;
    }
    return false;
}

static bool can_be_same(const bearer_issuer_t *one,
                        const bearer_issuer_t *other, apr_pool_t *ptemp)
{
    if (one->named != BEARER_NAMED_BY_TENANT
        || other->named != BEARER_NAMED_BY_TENANT)
        return false;
    if (one->tenant_count)
        return shares_tenant(one, other, ptemp);
    if (other->tenant_count)
        return shares_tenant(other, one, ptemp);
    return bearer_template_meet(one->iss, other->iss);
}

/* a tenant of the one who chooses its name is one of the other (a forged tenant) */
static void advise_templates(const mab_setting_t *setting,
                             const bearer_policy_t *policy, apr_pool_t *ptemp)
{
    int i, j;

    for (i = 0; i < policy->issuer_count; i++) {
        for (j = i + 1; j < policy->issuer_count; j++) {
            const bearer_issuer_t *one = policy->issuers[i];
            const bearer_issuer_t *other = policy->issuers[j];

            if (can_be_same(one, other, ptemp))
                ap_log_error(APLOG_MARK, APLOG_WARNING, 0, setting->s,
                             "MAB0114: %s: a tenant of %s and one of %s can "
                             "have the same iss, and are one then; list the "
                             "tenants in tid=, or give each of these issuers "
                             "a place of its own",
                             setting->bearer_where, one->iss.data,
                             other->iss.data);
        }
    }
}

static int count_named(const bearer_policy_t *policy, bearer_named_t named)
{
    int i, count = 0;

    for (i = 0; i < policy->issuer_count; i++)
        count += policy->issuers[i]->named == named;
    return count;
}

/* What to write so that a user is one issuer's only: tokens of load balancers and
 * SVIDs may have no claim iss, and the name that they have is another claim. */
static const char *advise_how(const bearer_policy_t *policy)
{
    int headers = count_named(policy, BEARER_NAMED_BY_HEADER);
    int domains = count_named(policy, BEARER_NAMED_BY_SUBJECT);

    if (find_hash(policy) || domains
        || (headers && headers < policy->issuer_count))
        return "give each issuer a place of its own";
    return headers ? "write AuthBearerUser "
                     "\"expr=%{claim:jose_header.iss}#%{claim:sub}\""
                   : "write AuthBearerUser "
                     "\"expr=%{claim:iss}#%{claim:sub}\"";
}

/* the same "sub" of two issuers: each decides about its own users only */
static void advise_users(const mab_setting_t *setting,
                         const bearer_policy_t *policy)
{
    int i;

    /* trust domains are in sub */
    if (policy->issuer_count > 1
        && count_named(policy, BEARER_NAMED_BY_SUBJECT) < policy->issuer_count)
        ap_log_error(
            APLOG_MARK, APLOG_NOTICE, 0, setting->s,
            "MAB0109: %s: users of %d issuers are told apart by \"sub\" "
            "alone, which two of them may give to different people; "
            "%s, or write AuthBearerUser sub if they agree",
            setting->bearer_where, policy->issuer_count, advise_how(policy));
    for (i = 0; i < policy->issuer_count; i++) {
        if (policy->issuers[i]->named == BEARER_NAMED_BY_TENANT
            && policy->issuers[i]->tenant_count != 1)
            ap_log_error(
                APLOG_MARK, APLOG_NOTICE, 0, setting->s,
                "MAB0111: %s: users of several tenants of %s are told apart "
                "by \"sub\" alone, which two of them may give to different "
                "people; %s, or write AuthBearerUser sub if they agree",
                setting->bearer_where, policy->issuers[i]->iss.data,
                advise_how(policy));
    }
}

/* --- lists that an issuer's own replaces ----------------------------------------- */

/** A directive of a place, and the option of an issuer's line that wins over it. */
typedef struct own_t {
    const char *directive, *option;
    bool (*has)(const bearer_issuer_t *issuer);
    bool (*is_set)(const mab_place_t *place);
} own_t;

static bool has_audience(const bearer_issuer_t *issuer)
{
    return issuer->audience_count != 0;
}

static bool sets_audience(const mab_place_t *place)
{
    return place->audiences != NULL;
}

static bool has_algs(const bearer_issuer_t *issuer)
{
    return issuer->algs != 0;
}

static bool sets_algs(const mab_place_t *place)
{
    return place->algs != MAB_UNSET;
}

static const mab_issuer_line_t *find_issuer_line(const bearer_issuer_t *issuer)
{
    const apr_array_header_t *lines = mab_conf_registry()->issuers;
    int i;

    for (i = 0; i < lines->nelts; i++) {
        if (&APR_ARRAY_IDX(lines, i, mab_issuer_line_t *)->issuer == issuer)
            return APR_ARRAY_IDX(lines, i, mab_issuer_line_t *);
    }
    return NULL;
}

/* the line itself; the place's first one if it is not to be found */
static const ap_directive_t *find_own_line(const mab_setting_t *setting,
                                           const char *name)
{
    const ap_directive_t *one = setting->first->parent
                                    ? setting->first->parent->first_child
                                    : ap_conftree;

    for (; one; one = one->next) {
        if (strcasecmp(one->directive, name) == 0)
            return one;
    }
    return setting->first;
}

static void warn_void(const mab_setting_t *setting, const own_t *own,
                      const bearer_issuer_t *issuer)
{
    const ap_directive_t *at = find_own_line(setting, own->directive);
    const mab_issuer_line_t *line = find_issuer_line(issuer);

    if (line)
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, setting->s,
            "MAB0112: %s at %s:%d does not count for tokens of %s: %s "
            "has %s of its own, which wins; write the values there, or "
            "take %s away there",
            own->directive, at->filename, at->line_num, issuer->iss.data,
            line->where, own->option, own->option);
}

/* An inner place's list is void for an outer issuer that has its own. Beside issuers of
 * the same section it is meant for those without one, if there are any. */
static void advise_own(const mab_setting_t *setting,
                       const bearer_policy_t *policy, const own_t *own)
{
    bool inner = !setting->place->issuers;
    int i, count = 0;

    if (!own->is_set(setting->place))
        return;
    for (i = 0; i < policy->issuer_count; i++)
        count += own->has(policy->issuers[i]);
    if (!inner && count < policy->issuer_count)
        return;
    for (i = 0; i < policy->issuer_count; i++) {
        if (own->has(policy->issuers[i]))
            warn_void(setting, own, policy->issuers[i]);
    }
}

static void advise_lists(const mab_setting_t *setting,
                         const bearer_policy_t *policy)
{
    static const own_t owns[] = {
        {"AuthBearerAudience", "audience=", has_audience, sets_audience},
        {"AuthBearerAlgorithms", "alg=", has_algs, sets_algs}};
    size_t i;

    for (i = 0; i < sizeof(owns) / sizeof(owns[0]); i++)
        advise_own(setting, policy, &owns[i]);
}

static void advise_place(apr_pool_t *ptemp, const mab_setting_t *setting)
{
    mab_place_t *place =
        ap_get_module_config(setting->s->lookup_defaults, &auth_bearer_module);

    if (!setting->server_level)
        place = mab_place_merge(ptemp, place, setting->place);
    if (place->policy.any_audience)
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, setting->s,
                     "MAB0104: %s: AuthBearerAudience is any: tokens that the "
                     "issuer made for other services are good here too",
                     setting->bearer_where);
    advise_lists(setting, &place->policy);
    advise_templates(setting, &place->policy, ptemp);
    if (!place->user)
        advise_users(setting, &place->policy);
    else if (place->user->expr)
        advise_separator(setting, &place->policy);
    advise_granted(ptemp, setting, place->optional == 1);
}

static void advise_doubts(const mab_registry_t *all)
{
    int i;

    for (i = 0; i < all->doubts->nelts; i++) {
        const mab_doubt_t *doubt = &APR_ARRAY_IDX(all->doubts, i, mab_doubt_t);

        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, doubt->s, "%s", doubt->text);
    }
}

void mab_advise_all(apr_pool_t *ptemp, const server_rec *s)
{
    const mab_registry_t *all = mab_conf_registry();
    bool used = false;
    int i;

    /* a server that starts reads its configuration twice */
    if (ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_NORMAL
        && ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return;
    advise_key_store(all, s);
    advise_doubts(all);
    for (i = 0; i < all->issuers->nelts; i++) {
        const mab_issuer_line_t *line =
            APR_ARRAY_IDX(all->issuers, i, mab_issuer_line_t *);

        advise_issuer(line);
        advise_key_file(ptemp, line);
    }
    for (i = 0; i < all->settings->nelts; i++) {
        const mab_setting_t *setting =
            &APR_ARRAY_IDX(all->settings, i, mab_setting_t);

        if (!setting->bearer_where)
            continue;
        used = true;
        advise_place(ptemp, setting);
    }
    mab_metadata_advise();
    if (used && ap_find_linked_module("mod_auth_openidc.c"))
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     "MAB0107: mod_auth_openidc is loaded too; each place "
                     "belongs either to it (AuthType openid-connect, oauth20) "
                     "or to this module (AuthType Bearer)");
}
