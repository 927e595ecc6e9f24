/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/around.h"

#include <string.h>

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <http_core.h>

#include "bearer/base/str.h"
#include "httpd/conf/section.h"

typedef enum applies_t { NO, MAYBE, YES } applies_t;

/** A section of a directory or of a condition, which waits for its turn. */
typedef struct inner_t {
    const ap_conf_vector_t *section;
    applies_t around; /**< whether what it stands in applies */
} inner_t;

typedef struct walk_t {
    const mab_around_ask_t *ask;
    mab_around_t *out;
    apr_array_header_t
        *chain;         /**< of const ap_conf_vector_t *: the section that is
                                    asked about, and those that it stands in */
    const char *uri;    /**< of the requests; NULL: it is not known */
    const char *folder; /**< of their files, with a slash; NULL likewise */
    bool guessed;       /**< the folder, from the uri and DocumentRoot */
    apr_array_header_t *files, *conditions; /**< of inner_t */
    apr_pool_t *pool;
} walk_t;

static core_dir_config *core_of(const ap_conf_vector_t *section)
{
    return ap_get_core_module_config(section);
}

static mab_place_t *place_of(const ap_conf_vector_t *section)
{
    return ap_get_module_config(section, &auth_bearer_module);
}

/* --- the section that is asked about ----------------------------------------------- */

static bool find_inside(walk_t *walk, const ap_conf_vector_t *section);

static bool find_in(walk_t *walk, const apr_array_header_t *sections)
{
    int i;

    if (!walk->ask->own)
        return false;
    for (i = 0; sections && i < sections->nelts; i++) {
        if (find_inside(walk,
                        APR_ARRAY_IDX(sections, i, const ap_conf_vector_t *)))
            return true;
    }
    return false;
}

static bool find_inside(walk_t *walk, const ap_conf_vector_t *section)
{
    const core_dir_config *core = core_of(section);

    if (place_of(section) != walk->ask->own
        && !(core
             && (find_in(walk, core->sec_file) || find_in(walk, core->sec_if))))
        return false;
    APR_ARRAY_PUSH(walk->chain, const ap_conf_vector_t *) = section;
    return true;
}

static bool is_in_chain(const walk_t *walk, const ap_conf_vector_t *section)
{
    int i;

    for (i = 0; i < walk->chain->nelts; i++) {
        if (APR_ARRAY_IDX(walk->chain, i, const ap_conf_vector_t *) == section)
            return true;
    }
    return false;
}

/* --- whether a section applies ------------------------------------------------------- */

/* as httpd's ap_location_walk */
static bool is_location_of(const core_dir_config *core, const char *uri)
{
    apr_size_t len = strlen(core->d);

    if (core->r)
        return ap_regexec(core->r, uri, 0, NULL, 0) == 0;
    if (core->d_is_fnmatch)
        return apr_fnmatch(core->d, uri, APR_FNM_PATHNAME) == 0;
    return strncmp(core->d, uri, len) == 0
           && (!len || core->d[len - 1] == '/' || uri[len] == '/'
               || uri[len] == '\0');
}

static applies_t location_applies(const walk_t *walk,
                                  const ap_conf_vector_t *section)
{
    const core_dir_config *core = core_of(section);

    if (is_in_chain(walk, section))
        return YES;
    if (!core || !core->d)
        return NO;
    if (walk->uri)
        return is_location_of(core, walk->uri) ? YES : NO;
    return !core->r && strcmp(core->d, "/") == 0 ? YES : MAYBE;
}

/* as httpd's ap_directory_walk, which tries a pattern on the folders above, too */
static bool is_directory_of(const core_dir_config *core, const char *folder,
                            apr_pool_t *pool)
{
    const char *end = folder;
    unsigned i;

    if (core->r)
        return ap_regexec(core->r, folder, 0, NULL, 0) == 0;
    if (!core->d_is_fnmatch)
        return strncmp(core->d, folder, strlen(core->d)) == 0;
    for (i = 0; i < core->d_components && end; i++)
        end = strchr(end + (i > 0), '/');
    return end
           && apr_fnmatch(
                  core->d,
                  apr_pstrmemdup(pool, folder, (apr_size_t)(end - folder) + 1),
                  APR_FNM_PATHNAME)
                  == 0;
}

static applies_t directory_applies(const walk_t *walk,
                                   const ap_conf_vector_t *section)
{
    const core_dir_config *core = core_of(section);

    if (is_in_chain(walk, section))
        return YES;
    if (!core || !core->d)
        return NO;
    if (!core->r && strcmp(core->d, "/") == 0)
        return YES;
    if (!walk->folder || !is_directory_of(core, walk->folder, walk->pool))
        return NO;
    return walk->guessed ? MAYBE : YES;
}

/* the name of a file and a condition are known with the request */
static applies_t inner_applies(const walk_t *walk, const inner_t *inner)
{
    return is_in_chain(walk, inner->section) ? YES : MAYBE;
}

/* --- merging ------------------------------------------------------------------------- */

/* what stands in a section comes after all of its kind */
static void note_inside(walk_t *walk, const core_dir_config *core,
                        applies_t around)
{
    const apr_array_header_t *lists[2];
    apr_array_header_t *to[2] = {walk->files, walk->conditions};
    int k, i;

    lists[0] = core ? core->sec_file : NULL;
    lists[1] = core ? core->sec_if : NULL;
    for (k = 0; k < 2; k++) {
        for (i = 0; lists[k] && i < lists[k]->nelts; i++) {
            inner_t *inner = apr_array_push(to[k]);

            inner->section =
                APR_ARRAY_IDX(lists[k], i, const ap_conf_vector_t *);
            inner->around = around;
        }
    }
}

static void meet_place(walk_t *walk, mab_place_t *place, applies_t applies)
{
    mab_around_t *out = walk->out;

    out->maybe = mab_place_merge(walk->pool, out->maybe, place);
    if (applies == YES)
        out->sure = mab_place_merge(walk->pool, out->sure, place);
    if (!place->issuers)
        return;
    /* an inner place's issuers replace those before */
    if (applies == YES)
        apr_array_clear(out->doubtful);
    else
        APR_ARRAY_PUSH(out->doubtful, const mab_place_t *) = place;
}

static void meet(walk_t *walk, const ap_conf_vector_t *section,
                 applies_t applies)
{
    if (applies == NO)
        return;
    note_inside(walk, core_of(section), applies);
    if (place_of(section))
        meet_place(walk, place_of(section), applies);
}

static void meet_all(walk_t *walk, const apr_array_header_t *sections,
                     applies_t (*applies)(const walk_t *,
                                          const ap_conf_vector_t *))
{
    int i;

    for (i = 0; i < sections->nelts; i++) {
        const ap_conf_vector_t *section =
            APR_ARRAY_IDX(sections, i, const ap_conf_vector_t *);

        meet(walk, section, applies(walk, section));
    }
}

/* the list grows: there are conditions in conditions */
static void meet_inner(walk_t *walk, const apr_array_header_t *list)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        const inner_t inner = APR_ARRAY_IDX(list, i, inner_t);
        applies_t applies = inner_applies(walk, &inner);

        meet(walk, inner.section,
             applies < inner.around ? applies : inner.around);
    }
}

/* --- where an alias leads ------------------------------------------------------------ */

/* as mod_alias: the rest of the path below a prefix, or NULL */
static const char *find_rest(const char *path, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    if (!len || strncmp(path, prefix, len) != 0)
        return NULL;
    return prefix[len - 1] == '/' || path[len] == '/' || !path[len] ? path + len
                                                                    : NULL;
}

/* with a slash at its end, as sections of directories have it */
static const char *plain_folder(const walk_t *walk, const char *folder)
{
    const char *plain = ap_server_root_relative(walk->pool, folder);
    apr_size_t len = plain ? strlen(plain) : 0;

    if (!len)
        return NULL;
    return plain[len - 1] == '/' ? plain
                                 : apr_pstrcat(walk->pool, plain, "/", NULL);
}

static const char *match_alias(const walk_t *walk, const char *pattern,
                               const char *folder)
{
    ap_regex_t *regex = ap_pregcomp(walk->pool, pattern, AP_REG_EXTENDED);
    ap_regmatch_t groups[AP_MAX_REG_MATCH];

    if (!regex || ap_regexec(regex, walk->uri, AP_MAX_REG_MATCH, groups, 0))
        return NULL;
    return ap_pregsub(walk->pool, folder, walk->uri, AP_MAX_REG_MATCH, groups);
}

/* the folder to which such a line leads the requests, or NULL */
static const char *follow_alias(const walk_t *walk, const ap_directive_t *line)
{
    const char *from = mab_section_word(line, 0, walk->pool);
    const char *to = mab_section_word(line, 1, walk->pool);
    const char *rest;

    if (mab_section_is_called(line, "AliasMatch")
        || mab_section_is_called(line, "ScriptAliasMatch"))
        return match_alias(walk, from, to);
    if (!mab_section_is_called(line, "Alias")
        && !mab_section_is_called(line, "ScriptAlias"))
        return NULL;
    /* in a section, its path is what leads there */
    if (!*to) {
        to = from;
        from = mab_section_of(line, walk->pool).path;
    }
    rest = from ? find_rest(apr_pstrcat(walk->pool, walk->uri, "/", NULL), from)
                : NULL;
    return rest ? apr_pstrcat(walk->pool, to, rest, NULL) : NULL;
}

/* among these lines and those in their sections: those of sections come first */
static const char *find_alias(const walk_t *walk, const ap_directive_t *one,
                              bool in_sections)
{
    const char *found = NULL;

    for (; one && !found; one = one->next) {
        if (mab_section_is_called(one, "<VirtualHost"))
            continue;
        if (one->first_child)
            found =
                in_sections ? find_alias(walk, one->first_child, true) : NULL;
        else if (in_sections == (mab_section_of(one, walk->pool).top != NULL))
            found = follow_alias(walk, one);
    }
    return found;
}

/* the lines in the section of a virtual host, or NULL */
static const ap_directive_t *find_host(const server_rec *s)
{
    const ap_directive_t *one;

    for (one = s->is_virtual ? ap_conftree : NULL; one; one = one->next) {
        if (mab_section_is_called(one, "<VirtualHost")
            && one->line_num == (int)s->defn_line_number
            && bearer_str_same(one->filename, s->defn_name))
            return one->first_child;
    }
    return NULL;
}

/* a virtual host's own lines come before those of the main server */
static const char *find_aliased(const walk_t *walk)
{
    const ap_directive_t *host = find_host(walk->ask->s);
    const char *found = find_alias(walk, host, true);

    if (!found)
        found = find_alias(walk, ap_conftree, true);
    if (!found)
        found = find_alias(walk, host, false);
    if (!found)
        found = find_alias(walk, ap_conftree, false);
    return found ? plain_folder(walk, found) : NULL;
}

/* --- all of it ------------------------------------------------------------------------- */

/* the outermost section; NULL: the server itself is asked about */
static const core_dir_config *find_root(const walk_t *walk)
{
    const apr_array_header_t *chain = walk->chain;

    return chain->nelts ? core_of(
               APR_ARRAY_IDX(chain, chain->nelts - 1, const ap_conf_vector_t *))
                        : NULL;
}

/* Which requests are meant: those for the address, if they meet the section. Behind a
 * proxy that changes paths they do not; then those for the section's own path. */
static void choose_location(walk_t *walk)
{
    const core_dir_config *root = find_root(walk);

    walk->uri = walk->ask->path;
    if (!root || !root->d || (walk->uri && is_location_of(root, walk->uri)))
        return;
    walk->uri = root->r || root->d_is_fnmatch ? NULL : root->d;
}

static void choose_folder(walk_t *walk, const core_server_config *core)
{
    walk->guessed = true;
    if (walk->uri)
        walk->folder = find_aliased(walk);
    if (walk->uri && !walk->folder && core->ap_document_root)
        walk->folder = apr_pstrcat(walk->pool, core->ap_document_root,
                                   walk->uri, "/", NULL);
}

static void choose_requests(walk_t *walk, const core_server_config *core)
{
    const core_dir_config *root;

    if (find_in(walk, core->sec_dir)) {
        root = find_root(walk);
        walk->uri = walk->ask->path;
        if (root->d && !root->r && !root->d_is_fnmatch)
            walk->folder = root->d;
        return;
    }
    if (!find_in(walk, core->sec_url)) {
        const core_dir_config *own = core_of(walk->ask->s->lookup_defaults);

        (void)(own
               && (find_in(walk, own->sec_file) || find_in(walk, own->sec_if)));
        walk->uri = walk->ask->path;
    }
    else
        choose_location(walk);
    choose_folder(walk, core);
}

void mab_around_find(const mab_around_ask_t *ask, mab_around_t *out,
                     apr_pool_t *pool)
{
    const core_server_config *core =
        ap_get_core_module_config(ask->s->module_config);
    walk_t walk = {ask, out, NULL, NULL, NULL, false, NULL, NULL, pool};

    walk.chain = apr_array_make(pool, 2, sizeof(ap_conf_vector_t *));
    walk.files = apr_array_make(pool, 4, sizeof(inner_t));
    walk.conditions = apr_array_make(pool, 4, sizeof(inner_t));
    out->doubtful = apr_array_make(pool, 2, sizeof(mab_place_t *));
    out->sure = out->maybe = place_of(ask->s->lookup_defaults);
    choose_requests(&walk, core);
    note_inside(&walk, core_of(ask->s->lookup_defaults), YES);
    meet_all(&walk, core->sec_dir, directory_applies);
    meet_inner(&walk, walk.files);
    meet_all(&walk, core->sec_url, location_applies);
    meet_inner(&walk, walk.conditions);
    /* a section of another module (<Proxy>) */
    if (ask->own && !walk.chain->nelts)
        meet_place(&walk, ask->own, YES);
}
