/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/foreign.h"

#include <stdbool.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>
#include <http_config.h>

#include "httpd/conf/section.h"

/** A word after Require, and the provider that it names. */
typedef struct name_t {
    const char *name, *provider;
} name_t;

/** A section, or the configuration outside of all. */
typedef struct section_t {
    const ap_directive_t *first; /* in it */
    const ap_directive_t *host;  /* <VirtualHost>, or NULL */
    const char *kind, *path;     /* "<Location" and its argument, or NULL */
    const char *auth_type;       /* the one set in it, or NULL */
} section_t;

typedef struct search_t {
    apr_array_header_t *names;    /* of name_t */
    apr_array_header_t *sections; /* of section_t: all with a path */
    const server_rec *s;
    apr_pool_t *pool;
    int found;
} search_t;

/* --- what there is ------------------------------------------------------------- */

static const char *auth_type_in(search_t *search, const ap_directive_t *one)
{
    const char *type = NULL;

    for (; one; one = one->next) {
        if (mab_section_is_called(one, "AuthType"))
            type = mab_section_word(one, 0, search->pool);
    }
    return type;
}

/* a provider under another name: <AuthzProviderAlias claim is-admin "role admin"> */
static void add_alias(search_t *search, const ap_directive_t *one)
{
    const char *provider = mab_section_word(one, 0, search->pool);
    int i, count = search->names->nelts;

    for (i = 0; i < count; i++) {
        const name_t *name = &APR_ARRAY_IDX(search->names, i, name_t);
        name_t alias = {mab_section_word(one, 1, search->pool), name->provider};

        if (strcmp(name->name, provider) == 0)
            APR_ARRAY_PUSH(search->names, name_t) = alias;
    }
}

static void add_section(search_t *search, const ap_directive_t *one,
                        const ap_directive_t *host)
{
    section_t section = {one->first_child, host, one->directive,
                         mab_section_word(one, 0, search->pool),
                         auth_type_in(search, one->first_child)};

    /* "~": a regular expression */
    if ((mab_section_is_called(one, "<Location")
         || mab_section_is_called(one, "<Directory"))
        && *section.path == '/')
        APR_ARRAY_PUSH(search->sections, section_t) = section;
}

/* such sections are in no others except hosts */
static void collect(search_t *search, const ap_directive_t *one,
                    const ap_directive_t *host)
{
    for (; one; one = one->next) {
        if (mab_section_is_called(one, "<VirtualHost"))
            collect(search, one->first_child, one);
        else if (mab_section_is_called(one, "<AuthzProviderAlias"))
            add_alias(search, one);
        else
            add_section(search, one, host);
    }
}

/* --- lines --------------------------------------------------------------------- */

static const name_t *find_name(search_t *search, const ap_directive_t *one)
{
    const char *word;
    int i;

    if (!mab_section_is_called(one, "Require"))
        return NULL;
    word = mab_section_word(one, 0, search->pool);
    if (strcasecmp(word, "not") == 0)
        word = mab_section_word(one, 1, search->pool);
    for (i = 0; i < search->names->nelts; i++) {
        const name_t *name = &APR_ARRAY_IDX(search->names, i, name_t);

        if (strcmp(word, name->name) == 0)
            return name;
    }
    return NULL;
}

static void complain(search_t *search, const ap_directive_t *one,
                     const name_t *name)
{
    bool alias = strcmp(name->name, name->provider) != 0;

    search->found++;
    ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, search->s,
                 "MAB0108: Require at %s:%d: \"%s\" belongs to another module "
                 "here, which does not know the claims of a place with "
                 "AuthType Bearer; write \"bearer-%s\" instead%s",
                 one->filename, one->line_num, name->provider, name->provider,
                 alias ? ", in its <AuthzProviderAlias>" : "");
}

/* all lines of a section and of those in it, as far as its AuthType reaches */
static void check_lines(search_t *search, const ap_directive_t *first,
                        const char *type)
{
    const char *own = auth_type_in(search, first);
    const ap_directive_t *one;

    type = own ? own : type;
    for (one = first; one; one = one->next) {
        const name_t *name = NULL;

        if (type && strcasecmp(type, "Bearer") == 0)
            name = find_name(search, one);
        if (name)
            complain(search, one, name);
        if (one->first_child)
            check_lines(search, one->first_child, type);
    }
}

/* --- sections below others ------------------------------------------------------- */

static bool is_below(const section_t *inner, const section_t *outer)
{
    apr_size_t len = strlen(outer->path);

    if (outer->host && outer->host != inner->host)
        return false;
    return strcasecmp(inner->kind, outer->kind) == 0
           && strncmp(inner->path, outer->path, len) == 0
           && (outer->path[len - 1] == '/' || !inner->path[len]
               || inner->path[len] == '/');
}

/* the AuthType that a section gets from the others; NULL: none, or doubtful */
static const char *inherited_type(search_t *search, const section_t *inner)
{
    const char *type = NULL;
    int i;

    for (i = 0; i < search->sections->nelts; i++) {
        const section_t *outer = &APR_ARRAY_IDX(search->sections, i, section_t);

        if (!outer->auth_type || !is_below(inner, outer))
            continue;
        if (type && strcasecmp(type, outer->auth_type) != 0)
            return NULL;
        type = outer->auth_type;
    }
    return type;
}

int mab_foreign_check(const char *const *names, const server_rec *s,
                      apr_pool_t *ptemp)
{
    search_t search = {apr_array_make(ptemp, 4, sizeof(name_t)),
                       apr_array_make(ptemp, 8, sizeof(section_t)), s, ptemp,
                       0};
    int i;

    for (i = 0; names[i]; i++) {
        name_t name = {names[i], names[i]};

        APR_ARRAY_PUSH(search.names, name_t) = name;
    }
    if (!search.names->nelts)
        return 0;
    collect(&search, ap_conftree, NULL);
    check_lines(&search, ap_conftree, NULL);
    for (i = 0; i < search.sections->nelts; i++) {
        const section_t *section =
            &APR_ARRAY_IDX(search.sections, i, section_t);

        if (!section->auth_type)
            check_lines(&search, section->first,
                        inherited_type(&search, section));
    }
    return search.found;
}
