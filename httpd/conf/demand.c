/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/demand.h"

#include <string.h>

#include <apr_strings.h>
#include <http_request.h>

#include "bearer/base/str.h"

/* as many lines of other sections are shown */
#define SHOWN 16

/** What a line may do, the least first. */
typedef enum effect_t {
    DENIES,  /* Require all denied */
    GRANTS,  /* Require all granted */
    LOCATES, /* asks where a request comes from, or what it is */
    ASKS     /* may ask who it is, or we cannot tell */
} effect_t;

typedef struct line_t {
    const ap_directive_t *one;
    mab_section_t section;
    effect_t effect;
    bool require; /* a Require line, else something that decides beside them */
} line_t;

struct mab_demand_t {
    apr_array_header_t *lines; /* of line_t */
    bool hooked;               /* another module may decide */
};

/* --- reading --------------------------------------------------------------------- */

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++) {
        if (strcasecmp(word, *words) == 0)
            return true;
    }
    return false;
}

/* a line in a group may mean its opposite */
static bool is_in_group(const ap_directive_t *one)
{
    return one->parent
           && bearer_str_opens_nocase(one->parent->directive, "<Require");
}

static effect_t effect_of(const ap_directive_t *one, apr_pool_t *pool)
{
    static const char *const places[] = {
        "ip",     "host", "forward-dns",       "local", "env",
        "method", "ssl",  "ssl-verify-client", NULL};
    const char *provider = mab_section_word(one, 0, pool);
    bool granted;

    if (is_one_of(provider, places))
        return LOCATES;
    if (strcasecmp(provider, "all") != 0)
        return ASKS;
    granted = strcasecmp(mab_section_word(one, 1, pool), "granted") == 0;
    return granted || is_in_group(one) ? GRANTS : DENIES;
}

/* whether .htaccess files there may say who gets in */
static bool lets_files_decide(const ap_directive_t *one, apr_pool_t *pool)
{
    static const char *const harmless[] = {"None", "FileInfo", "Indexes",
                                           "Options", NULL};
    const char *word;
    int i;

    if (!mab_section_is_called(one, "AllowOverride")
        && !mab_section_is_called(one, "AllowOverrideList"))
        return false;
    for (i = 0; *(word = mab_section_word(one, i, pool)); i++) {
        if (!is_one_of(word, harmless)
            && !bearer_str_opens_nocase(word, "Options=")
            && !bearer_str_opens_nocase(word, "Nonfatal="))
            return true;
    }
    return false;
}

/* rules over the user or claims, which may be what keeps others out */
static bool names_user(const ap_directive_t *one)
{
    static const char *const rules[] = {
        "<If", "<ElseIf", "RewriteCond", "RewriteRule", "SSLRequire", NULL};

    return is_one_of(one->directive, rules) && one->args
           && (strstr(one->args, "REMOTE_USER") || strstr(one->args, "claim"));
}

static bool decides_beside(const ap_directive_t *one, apr_pool_t *pool)
{
    /* mod_access_compat */
    static const char *const compat[] = {"Satisfy", "Order", "Allow", "Deny",
                                         NULL};

    return is_one_of(one->directive, compat) || names_user(one)
           || lets_files_decide(one, pool);
}

static void collect(mab_demand_t *all, const ap_directive_t *one,
                    apr_pool_t *pool)
{
    for (; one; one = one->next) {
        line_t line = {one, {NULL, NULL, NULL, NULL}, ASKS, false};

        line.require = mab_section_is_called(one, "Require");
        if (line.require || decides_beside(one, pool)) {
            line.section = mab_section_of(one, pool);
            line.effect = line.require ? effect_of(one, pool) : ASKS;
            APR_ARRAY_PUSH(all->lines, line_t) = line;
        }
        collect(all, one->first_child, pool);
    }
}

/* --- other modules ----------------------------------------------------------------- */

/* those that only do what Require and Allow lines say, or never look at users */
static bool is_known(const char *name)
{
    static const char *const known[] = {
        "mod_auth_bearer.c",   "mod_authz_core.c",
        "mod_access_compat.c", "mod_allowmethods.c",
        "mod_ssl.c",           "core.c",
        "http_core.c",         NULL};

    return is_one_of(name, known);
}

#define ANY_UNKNOWN(hook)                                                      \
    static bool any_unknown_##hook(void)                                       \
    {                                                                          \
        const apr_array_header_t *hooks = ap_hook_get_##hook();                \
        int i;                                                                 \
                                                                               \
        for (i = 0; hooks && i < hooks->nelts; i++) {                          \
            if (!is_known(APR_ARRAY_IDX(hooks, i, ap_LINK_##hook##_t).szName)) \
                return true;                                                   \
        }                                                                      \
        return false;                                                          \
    }

ANY_UNKNOWN(access_checker)
ANY_UNKNOWN(access_checker_ex)
ANY_UNKNOWN(auth_checker)

const mab_demand_t *mab_demand_read(apr_pool_t *pool)
{
    mab_demand_t *all = apr_palloc(pool, sizeof(*all));

    all->lines = apr_array_make(pool, 16, sizeof(line_t));
    all->hooked = any_unknown_access_checker()
                  || any_unknown_access_checker_ex()
                  || any_unknown_auth_checker();
    collect(all, ap_conftree, pool);
    return all;
}

/* --- what they come to --------------------------------------------------------------- */

/* the <Limit> or <LimitExcept> around a line, or NULL: it holds for all methods */
static const ap_directive_t *limit_of(const line_t *line)
{
    const ap_directive_t *one = line->one->parent;

    for (; one && one != line->section.own; one = one->parent) {
        if (bearer_str_opens_nocase(one->directive, "<Limit"))
            return one;
    }
    return NULL;
}

static bool holds_for(const ap_directive_t *limit, const char *method,
                      apr_pool_t *pool)
{
    bool except = mab_section_is_called(limit, "<LimitExcept");
    const char *word;
    int i;

    for (i = 0; *(word = mab_section_word(limit, i, pool)); i++) {
        if (strcmp(word, method) == 0)
            return !except;
    }
    return except;
}

static bool any_holds_for(const apr_array_header_t *limits, const char *method,
                          apr_pool_t *pool)
{
    int i;

    for (i = 0; i < limits->nelts; i++) {
        if (holds_for(APR_ARRAY_IDX(limits, i, const ap_directive_t *), method,
                      pool))
            return true;
    }
    return false;
}

/* whether each method has a line: what a <LimitExcept> leaves, others must hold
 * for */
static bool hold_for_all(const apr_array_header_t *limits, apr_pool_t *pool)
{
    int i, j;

    for (i = 0; i < limits->nelts; i++) {
        const ap_directive_t *limit =
            APR_ARRAY_IDX(limits, i, const ap_directive_t *);
        const char *word;

        if (!mab_section_is_called(limit, "<LimitExcept"))
            continue;
        for (j = 0; *(word = mab_section_word(limit, j, pool)); j++) {
            if (!any_holds_for(limits, word, pool))
                break;
        }
        if (!*word)
            return true;
    }
    return false;
}

static bool is_own(const line_t *line, const mab_section_t *section)
{
    return line->require && line->section.own == section->own;
}

/* a page of its own: <Location "/server-status"> SetHandler server-status */
static bool is_page(const mab_section_t *section)
{
    const ap_directive_t *one = section->own ? section->own->first_child : NULL;

    for (; one; one = one->next) {
        if (mab_section_is_called(one, "SetHandler"))
            return true;
    }
    return false;
}

/* what a line of another section may do for one */
static effect_t effect_on(const line_t *line, const mab_section_t *section)
{
    /* an address asked for in a part of the place, or for a page that is none of
     * its files, says nothing of the rest */
    if (line->effect == LOCATES)
        return mab_section_is_narrower(&line->section, section)
                       || is_page(&line->section)
                   ? DENIES
                   : ASKS;
    return line->effect;
}

static mab_demand_kind_t others(const mab_demand_t *all,
                                const mab_section_t *section)
{
    bool granted = false, any = false;
    int i;

    for (i = 0; i < all->lines->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(all->lines, i, line_t);

        if (!mab_section_may_meet(&line->section, section))
            continue;
        if (effect_on(line, section) == ASKS)
            return MAB_DEMAND_OTHERS;
        any = true;
        granted = granted || line->effect == GRANTS;
    }
    if (all->hooked)
        return MAB_DEMAND_OTHERS;
    if (granted)
        return MAB_DEMAND_GRANTED;
    return any ? MAB_DEMAND_DENIED : MAB_DEMAND_NOTHING;
}

mab_demand_kind_t mab_demand_of(const mab_demand_t *all,
                                const ap_directive_t *line, apr_pool_t *pool)
{
    const mab_section_t section = mab_section_of(line, pool);
    apr_array_header_t *limits = apr_array_make(pool, 2, sizeof(void *));
    int i;

    for (i = 0; i < all->lines->nelts; i++) {
        const line_t *other = &APR_ARRAY_IDX(all->lines, i, line_t);
        const ap_directive_t *limit = limit_of(other);

        if (!is_own(other, &section))
            continue;
        if (!limit)
            return MAB_DEMAND_OWN;
        APR_ARRAY_PUSH(limits, const ap_directive_t *) = limit;
    }
    if (!limits->nelts)
        return others(all, &section);
    return hold_for_all(limits, pool) ? MAB_DEMAND_OWN : MAB_DEMAND_LIMITED;
}

bool mab_demand_has_files(const mab_demand_t *all, const mab_section_t *section)
{
    int i;

    for (i = 0; i < all->lines->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(all->lines, i, line_t);

        if (bearer_str_opens_nocase(line->one->directive, "AllowOverride")
            && mab_section_may_meet(&line->section, section))
            return true;
    }
    return false;
}

/* --- for people ----------------------------------------------------------------------- */

/* "<Limit GET> <RequireAny>", from the outside */
static const char *groups_of(const line_t *line, apr_pool_t *pool)
{
    const ap_directive_t *one = line->one->parent;
    const char *all = "";

    for (; one && one != line->section.own && one != line->section.host;
         one = one->parent)
        all = apr_pstrcat(pool, one->directive, *one->args == '>' ? "" : " ",
                          one->args, *all ? " " : "", all, NULL);
    return all;
}

static const char *text_of(const line_t *line, apr_pool_t *pool)
{
    const char *groups = groups_of(line, pool);

    return apr_pstrcat(pool, line->require ? "" : line->one->directive,
                       line->require ? "" : " ", line->one->args,
                       *groups ? ", in " : "", groups, NULL);
}

static const char *text_with_place(const line_t *line, apr_pool_t *pool)
{
    const ap_directive_t *own = line->section.own;

    return apr_psprintf(pool, "%s%s%s%s%s at %s:%d", text_of(line, pool),
                        own ? ", in " : "", own ? own->directive : "",
                        own ? " " : "", own ? own->args : "",
                        line->one->filename, line->one->line_num);
}

static void show_others(const mab_demand_t *all, const mab_section_t *section,
                        apr_array_header_t *texts, apr_pool_t *pool)
{
    int i, left = 0;

    for (i = 0; i < all->lines->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(all->lines, i, line_t);

        if (is_own(line, section)
            || !mab_section_may_meet(&line->section, section))
            continue;
        if (texts->nelts > SHOWN)
            left++;
        else
            APR_ARRAY_PUSH(texts, const char *) = text_with_place(line, pool);
    }
    if (left)
        APR_ARRAY_PUSH(texts, const char *) =
            apr_psprintf(pool, "and %d more", left);
}

apr_array_header_t *mab_demand_show(const mab_demand_t *all,
                                    const ap_directive_t *line,
                                    apr_pool_t *pool)
{
    const mab_section_t section = mab_section_of(line, pool);
    apr_array_header_t *texts = apr_array_make(pool, 4, sizeof(char *));
    int i;

    for (i = 0; i < all->lines->nelts; i++) {
        const line_t *other = &APR_ARRAY_IDX(all->lines, i, line_t);

        if (is_own(other, &section))
            APR_ARRAY_PUSH(texts, const char *) = text_of(other, pool);
    }
    if (texts->nelts)
        return texts;
    APR_ARRAY_PUSH(texts, const char *) =
        "none of its own; other sections may bring some:";
    show_others(all, &section, texts, pool);
    if (texts->nelts == 1)
        APR_ARRAY_IDX(texts, 0, const char *) = "none";
    return texts;
}
