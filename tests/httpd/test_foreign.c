/* SPDX-License-Identifier: Apache-2.0 */
/* Require lines of our places that another module would answer. */
#include "tests/httpd/inside.h"

#include <http_config.h>

#include "httpd/conf/foreign.h"

static int count_foreign(const char *text, const char *const *names,
                         apr_pool_t *pool)
{
    request_rec *r = inside_request("/", pool);
    ap_directive_t *own = ap_conftree;
    const char *heard;
    int count;

    ap_conftree = inside_read(text, inside_command("", "", pool));
    inside_listen(r);
    count = mab_foreign_check(names, r->server, pool);
    heard = inside_heard(pool);
    ap_conftree = own;
    unit_expect(text, (count > 0) == (strstr(heard, "MAB0108: ") != NULL));
    return count;
}

static void foreign_lines_are_found(void **state)
{
    static const char *const names[] = {"claim", NULL};
    static const struct {
        const char *text;
        int want;
    } rows[] = {
        {"", 0},
        {"<Location \"/a\">\nAuthType Bearer\nRequire claim x\n</Location>\n",
         1},
        {"<Location \"/a\">\nAuthType bearer\nrequire not claim x\n"
         "</Location>\n",
         1},
        {"<Location \"/a\">\nAuthType Bearer\nRequire bearer-claim x\n"
         "Require scope x\nRequire valid-user\n</Location>\n",
         0},
        {"<Location \"/a\">\nAuthType Basic\nRequire claim x\n</Location>\n",
         0},
        {"<Location \"/a\">\nRequire claim x\n</Location>\n", 0},
        /* in sections of Require lines, and by what stands after */
        {"<Location \"/a\">\n<RequireAny>\n<RequireNone>\nRequire claim x\n"
         "Require claim y\n</RequireNone>\n</RequireAny>\nAuthType Bearer\n"
         "</Location>\n",
         2},
        /* of the whole server, of a host */
        {"AuthType Bearer\nRequire claim x\n", 1},
        {"<VirtualHost *:80>\nAuthType Bearer\n<Location \"/a\">\n"
         "Require claim x\n</Location>\n</VirtualHost>\n",
         1},
        /* from a section around */
        {"<Location \"/a\">\nAuthType Bearer\n</Location>\n"
         "<Location \"/a/b\">\nRequire claim x\n</Location>\n",
         1},
        {"<Location \"/a/\">\nAuthType Bearer\n</Location>\n"
         "<Location \"/a/b\">\nRequire claim x\n</Location>\n",
         1},
        {"<Location \"/a\">\nAuthType Bearer\n</Location>\n"
         "<Location \"/ab\">\nRequire claim x\n</Location>\n",
         0},
        {"<Location \"/a\">\nAuthType Bearer\n</Location>\n"
         "<Directory \"/a/b\">\nRequire claim x\n</Directory>\n",
         0},
        {"<Directory \"/a\">\nAuthType Bearer\n</Directory>\n"
         "<Directory \"/a/b\">\nRequire claim x\n</Directory>\n",
         1},
        /* if in doubt, httpd starts */
        {"<Location \"/\">\nAuthType Bearer\n</Location>\n"
         "<Location \"/a\">\nAuthType Basic\n</Location>\n"
         "<Location \"/a/b\">\nRequire claim x\n</Location>\n",
         0},
        {"<Location \"/\">\nAuthType Basic\n</Location>\n"
         "<Location \"/a\">\nAuthType Bearer\n</Location>\n"
         "<Location \"/a/b\">\nRequire claim x\n</Location>\n",
         0},
        {"<Location ~ \"/a\">\nAuthType Bearer\n</Location>\n"
         "<Location \"/a/b\">\nRequire claim x\n</Location>\n",
         0},
        /* of another host; a place of no host is in all of them */
        {"<VirtualHost *:80>\n<Location \"/a\">\nAuthType Bearer\n</Location>\n"
         "</VirtualHost>\n<Location \"/a/b\">\nRequire claim x\n</Location>\n",
         0},
        {"<Location \"/a\">\nAuthType Bearer\n</Location>\n"
         "<VirtualHost *:80>\n<Location \"/a/b\">\nRequire claim x\n"
         "</Location>\n</VirtualHost>\n",
         1},
        /* under another name */
        {"<AuthzProviderAlias claim staff \"role staff\">\n"
         "</AuthzProviderAlias>\n"
         "<Location \"/a\">\nAuthType Bearer\nRequire staff\n</Location>\n",
         1},
        {"<AuthzProviderAlias scope staff read>\n</AuthzProviderAlias>\n"
         "<Location \"/a\">\nAuthType Bearer\nRequire staff\n</Location>\n",
         0},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int count = count_foreign(rows[i].text, names, *state);

        if (count != rows[i].want)
            fail_msg("%d, not %d in:\n%s", count, rows[i].want, rows[i].text);
    }
}

static void foreign_names_are_those_given(void **state)
{
    static const char text[] =
        "AuthType Bearer\nRequire claim x\nRequire scope y\n";
    static const char *const none[] = {NULL};
    static const char *const both[] = {"claim", "scope", NULL};

    assert_int_equal(count_foreign(text, none, *state), 0);
    assert_int_equal(count_foreign(text, both, *state), 2);
}

int inside_foreign(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(foreign_lines_are_found),
        unit_row(foreign_names_are_those_given),
    };

    return unit_run(tests);
}
