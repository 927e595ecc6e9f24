/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration tells of who is asked for a token. */
#include "tests/httpd/inside.h"

#include <apr_hooks.h>
#include <apr_strings.h>
#include <http_request.h>

#include "httpd/conf/demand.h"

static const ap_directive_t *find_type(const ap_directive_t *one)
{
    const ap_directive_t *found = NULL;

    for (; one && !found; one = one->next) {
        if (strcmp(one->directive, "AuthType") == 0)
            return one;
        found = find_type(one->first_child);
    }
    return found;
}

#define TYPE(section, path)                                                    \
    "<" section " \"" path "\">\nAuthType Bearer\n</" section ">\n"
#define WITH(section, path, lines)                                             \
    "<" section " \"" path "\">\n" lines "\n</" section ">\n"
/* Debian's own */
#define DEBIAN                                                                 \
    WITH("Directory", "/", "AllowOverride None\nRequire all denied")           \
    WITH("Directory", "/usr/share", "AllowOverride None\nRequire all granted") \
    WITH("Directory", "/var/www/",                                             \
         "Options Indexes\nAllowOverride None\nRequire all granted")           \
    WITH("FilesMatch", "^\\.ht", "Require all denied")                         \
    WITH("Location", "/server-status",                                         \
         "SetHandler server-status\nRequire local")

static void demands_are_told_apart(void **state)
{
    static const struct {
        const char *text;
        mab_demand_kind_t want;
    } rows[] = {
        {TYPE("Location", "/a"), MAB_DEMAND_NOTHING},
        {WITH("Location", "/a", "AuthType Bearer\nRequire valid-user"),
         MAB_DEMAND_OWN},
        {WITH("Location", "/a", "AuthType Bearer\nRequire all granted"),
         MAB_DEMAND_OWN},
        {WITH("Location", "/a",
              "AuthType Bearer\n<RequireAny>\n<RequireAll>\nRequire claim x\n"
              "</RequireAll>\n</RequireAny>"),
         MAB_DEMAND_OWN},
        {WITH("Location", "/a",
              "AuthType Bearer\n<Limit GET>\nRequire claim x\n</Limit>"),
         MAB_DEMAND_LIMITED},
        {WITH("Location", "/a",
              "AuthType Bearer\n<LimitExcept GET>\n<RequireAny>\n"
              "Require claim x\n</RequireAny>\n</LimitExcept>"),
         MAB_DEMAND_LIMITED},
        {WITH("Location", "/a",
              "AuthType Bearer\n<Limit GET POST>\nRequire claim x\n</Limit>\n"
              "<LimitExcept GET>\nRequire claim y\n</LimitExcept>"),
         MAB_DEMAND_OWN},
        {WITH("Location", "/a",
              "AuthType Bearer\n<Limit GET>\nRequire claim x\n</Limit>\n"
              "<LimitExcept GET POST>\nRequire claim y\n</LimitExcept>"),
         MAB_DEMAND_LIMITED},
        {WITH("Location", "/a",
              "AuthType Bearer\n<LimitExcept GET>\nRequire claim x\n"
              "</LimitExcept>\n<LimitExcept POST>\nRequire claim y\n"
              "</LimitExcept>"),
         MAB_DEMAND_OWN},
        {WITH("Location", "/a",
              "<Limit GET>\nRequire claim x\n</Limit>\nAuthType Bearer\n"
              "Require valid-user"),
         MAB_DEMAND_OWN},
        /* a distribution's own lines */
        {DEBIAN TYPE("Location", "/a"), MAB_DEMAND_GRANTED},
        {DEBIAN TYPE("Location", "/"), MAB_DEMAND_GRANTED},
        {DEBIAN TYPE("Directory", "/var/www/api"), MAB_DEMAND_GRANTED},
        {DEBIAN TYPE("Directory", "/var/www"), MAB_DEMAND_GRANTED},
        {DEBIAN TYPE("Directory", "/srv/api"), MAB_DEMAND_DENIED},
        {DEBIAN TYPE("Files", "x.cgi"), MAB_DEMAND_GRANTED},
        {DEBIAN TYPE("LocationMatch", "^/x"), MAB_DEMAND_GRANTED},
        {DEBIAN WITH("Location", "/y", "Require local")
             TYPE("LocationMatch", "^/x"),
         MAB_DEMAND_OTHERS},
        {DEBIAN
         "<VirtualHost *:80>\n" TYPE("Location", "/a") "</VirtualHost>\n",
         MAB_DEMAND_GRANTED},
        /* lines around, inside and beside */
        {WITH("Location", "/", "Require valid-user") TYPE("Location", "/a"),
         MAB_DEMAND_OTHERS},
        {DEBIAN WITH("Location", "/a/b", "Require scope x")
             TYPE("Location", "/a/"),
         MAB_DEMAND_OTHERS},
        {DEBIAN WITH("Location", "/b", "Require valid-user")
             TYPE("Location", "/a"),
         MAB_DEMAND_GRANTED},
        {DEBIAN WITH("Location", "/ab", "Require valid-user")
             TYPE("Location", "/a"),
         MAB_DEMAND_GRANTED},
        {DEBIAN WITH("Directory", "/x", "Require valid-user")
             TYPE("Location", "/a"),
         MAB_DEMAND_OTHERS},
        {DEBIAN WITH("Location", "~ ^/[b]", "Require valid-user")
             TYPE("Location", "/a"),
         MAB_DEMAND_OTHERS},
        {DEBIAN WITH("Location", "/*/b", "Require valid-user")
             TYPE("Location", "/a"),
         MAB_DEMAND_OTHERS},
        {DEBIAN WITH("Location", "/a",
                     "AuthType Bearer\n<Files x>\nRequire valid-user\n"
                     "</Files>"),
         MAB_DEMAND_OTHERS},
        {DEBIAN WITH("Location", "/a",
                     "AuthType Bearer\n<If \"true\">\nRequire all granted\n"
                     "</If>"),
         MAB_DEMAND_GRANTED},
        {DEBIAN WITH("Location", "/a",
                     "AuthType Bearer\n<If \"-z '%{REMOTE_USER}'\">\n"
                     "Require all denied\n</If>"),
         MAB_DEMAND_OTHERS},
        /* addresses: around the place they are what is asked, inside a part */
        {WITH("Location", "/", "Require ip 10.0.0.0/8") TYPE("Location", "/a"),
         MAB_DEMAND_OTHERS},
        {DEBIAN WITH("Location", "/a/b", "Require ip 10.0.0.0/8")
             TYPE("Location", "/a"),
         MAB_DEMAND_GRANTED},
        {WITH("Location", "/", "Require not all denied") TYPE("Location", "/a"),
         MAB_DEMAND_OTHERS},
        {WITH("Location", "/", "Require all denied") TYPE("Location", "/a"),
         MAB_DEMAND_DENIED},
        /* another host's lines */
        {DEBIAN "<VirtualHost *:80>\n" WITH(
             "Location", "/a",
             "Require valid-user") "</VirtualHost>\n<VirtualHost *:81>\n" TYPE("Location",
                                                                               "/a") "</VirtualHost>\n",
         MAB_DEMAND_GRANTED},
        {DEBIAN "<VirtualHost *:80>\n" WITH(
             "Location", "/a",
             "Require valid-user") "</VirtualHost>\n" TYPE("Location", "/a"),
         MAB_DEMAND_OTHERS},
        /* what only a request brings, or another module says */
        {DEBIAN WITH("Directory", "/var/www/x", "AllowOverride AuthConfig")
             TYPE("Location", "/a"),
         MAB_DEMAND_OTHERS},
        {DEBIAN WITH("Directory", "/var/www/x", "AllowOverride All")
             TYPE("Directory", "/var/www/x/y"),
         MAB_DEMAND_OTHERS},
        {DEBIAN WITH("Directory", "/var/www/x", "AllowOverride All")
             TYPE("Directory", "/var/www/y"),
         MAB_DEMAND_GRANTED},
        {DEBIAN WITH("Directory", "/var/www/x", "AllowOverrideList Require")
             TYPE("Location", "/a"),
         MAB_DEMAND_OTHERS},
        {DEBIAN WITH("Directory", "/var/www/x",
                     "AllowOverride FileInfo Options=Indexes Indexes")
             TYPE("Location", "/a"),
         MAB_DEMAND_GRANTED},
        {DEBIAN WITH("Location", "/a", "AuthType Bearer\nSatisfy Any"),
         MAB_DEMAND_OTHERS},
        {DEBIAN WITH("Location", "/a", "AuthType Bearer\nDeny from all"),
         MAB_DEMAND_OTHERS},
        {DEBIAN WITH("Location", "/a",
                     "AuthType Bearer\nRewriteCond %{LA-U:REMOTE_USER} ^$"),
         MAB_DEMAND_OTHERS},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ap_directive_t *own = ap_conftree;
        mab_demand_kind_t kind;

        ap_conftree = inside_read(rows[i].text, inside_command("", "", *state));
        kind = mab_demand_of(mab_demand_read(*state), find_type(ap_conftree),
                             *state);
        ap_conftree = own;
        if (kind != rows[i].want)
            fail_msg("%d, not %d in:\n%s", kind, rows[i].want, rows[i].text);
    }
}

static const char *shown(const char *text, apr_pool_t *pool)
{
    ap_directive_t *own = ap_conftree;
    const apr_array_header_t *texts;
    const char *all = "";
    int i;

    ap_conftree = inside_read(text, inside_command("", "", pool));
    texts =
        mab_demand_show(mab_demand_read(pool), find_type(ap_conftree), pool);
    ap_conftree = own;
    for (i = 0; i < texts->nelts; i++)
        all = apr_pstrcat(pool, all, APR_ARRAY_IDX(texts, i, const char *),
                          "\n", NULL);
    return all;
}

static void demands_are_shown(void **state)
{
    assert_string_equal(shown(TYPE("Location", "/a"), *state), "none\n");
    assert_string_equal(
        shown(WITH("Location", "/a",
                   "AuthType Bearer\nRequire scope a b\n<Limit GET PUT>\n"
                   "<RequireAll>\nRequire claim x\nRequire not ip 10.1\n"
                   "</RequireAll>\n</Limit>"),
              *state),
        "scope a b\n"
        "claim x, in <Limit GET PUT> <RequireAll>\n"
        "not ip 10.1, in <Limit GET PUT> <RequireAll>\n");
    assert_string_equal(
        shown(WITH("Directory", "/w",
                   "AllowOverride AuthConfig\n"
                   "<RequireAny>\nRequire all granted\n"
                   "</RequireAny>") WITH("Location", "/b", "Require valid-user")
                  TYPE("Location", "/a"),
              *state),
        "none of its own; other sections may bring some:\n"
        "AllowOverride AuthConfig, in <Directory \"/w\"> at made.conf:2\n"
        "all granted, in <RequireAny>, in <Directory \"/w\"> at made.conf:4\n");
}

static void demands_of_many_sections_are_bounded(void **state)
{
    const char *text = TYPE("Location", "/a");
    const char *said;
    int i;

    for (i = 0; i < 40; i++)
        text = apr_psprintf(
            *state,
            "%s<Directory \"/d%d\">\nRequire all granted\n</Directory>\n", text,
            i);
    said = shown(text, *state);
    assert_non_null(strstr(said, "/d15"));
    assert_null(strstr(said, "/d16"));
    assert_non_null(strstr(said, "and 24 more\n"));
}

static int decide(request_rec *r BEARER_UNUSED)
{
    return DECLINED;
}

/* last, since a hook stays */
static void another_module_may_decide(void **state)
{
    ap_directive_t *own = ap_conftree;
    const char *before = apr_hook_debug_current;
    mab_demand_kind_t kind;

    apr_hook_debug_current = "mod_authz_svn.c";
    ap_hook_access_checker(decide, NULL, NULL, APR_HOOK_MIDDLE);
    apr_hook_debug_current = before;
    ap_conftree = inside_read(DEBIAN TYPE("Location", "/a"),
                              inside_command("", "", *state));
    kind =
        mab_demand_of(mab_demand_read(*state), find_type(ap_conftree), *state);
    ap_conftree = own;
    assert_int_equal(kind, MAB_DEMAND_OTHERS);
}

int inside_demand(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(demands_are_told_apart),
        unit_row(demands_are_shown),
        unit_row(demands_of_many_sections_are_bounded),
        unit_row(another_module_may_decide),
    };

    return unit_run(tests);
}
