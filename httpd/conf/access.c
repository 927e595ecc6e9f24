/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/access.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/text/url.h"

/* --- options ----------------------------------------------------------------------- */

const char *mab_access_set_address(cmd_parms *cmd, void *record,
                                   const char *value)
{
    mab_server_t *fetch = record;
    bearer_url_t url;

    if (bearer_url_parse_address(value, &url, NULL, cmd->temp_pool))
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "address=\"%s\" is not host:port", value),
            "allowed is address=<host>:<port>, where to connect instead of to "
            "the host of the URL");
    fetch->address = value;
    return NULL;
}

/* what identifies us stands in files: the configuration ends up in backups and in
 * mod_info */
static const char *set_file(cmd_parms *cmd, const char *option,
                            const char *value, const char **out)
{
    const char *path = NULL;

    if (strncmp(value, "file:", 5) == 0 && value[5])
        path = ap_server_root_relative(cmd->pool, value + 5);
    if (path) {
        *out = path;
        return NULL;
    }
    return mab_words_wrong(
        cmd, apr_psprintf(cmd->pool, "%s= does not name a file", option),
        strcmp(option, "key") == 0
            ? "allowed is key=file:<path>, the private key to cert=; where the "
              "issuer's keys are is said by keys="
            : apr_psprintf(cmd->pool, "allowed is %s=file:<path>", option));
}

const char *mab_access_set_token(cmd_parms *cmd, void *record,
                                 const char *value)
{
    return set_file(cmd, "token", value, &((mab_server_t *)record)->token);
}

const char *mab_access_set_header(cmd_parms *cmd, void *record,
                                  const char *value)
{
    return set_file(cmd, "header", value, &((mab_server_t *)record)->header);
}

const char *mab_access_set_cert(cmd_parms *cmd, void *record, const char *value)
{
    return set_file(cmd, "cert", value, &((mab_server_t *)record)->cert);
}

const char *mab_access_set_key(cmd_parms *cmd, void *record, const char *value)
{
    return set_file(cmd, "key", value, &((mab_server_t *)record)->key);
}

/* whether an option of fetching says something about keys of this kind */
static bool is_fit(const mab_field_t *field, bearer_source_kind_t kind)
{
    if (kind == BEARER_SOURCE_SECRET)
        return false;
    return kind != BEARER_SOURCE_FILE || strcmp(field->name, "stale") == 0;
}

/* an option without effect would be believed to have one */
const char *mab_access_check(cmd_parms *cmd, const mab_issuer_line_t *line)
{
    const mab_server_t *fetch = &line->fetch;
    bearer_source_kind_t kind = line->source.kind;
    const mab_field_t *field = mab_conf_server_fields;

    if (!fetch->cert != !fetch->key)
        return mab_words_wrong(
            cmd, fetch->cert ? "cert= without key=" : "key= without cert=",
            "give both: cert=file:<certificate and chain> key=file:<private "
            "key>; they may be one file");
    for (; mab_field_is(field); field++) {
        bool given = field->kind == MAB_POINTER
                         ? mab_field_pointer(fetch, field) != NULL
                         : *mab_field_number(fetch, field) != MAB_UNSET;

        if (given && *field->name && !is_fit(field, kind))
            return mab_words_wrong(
                cmd,
                apr_psprintf(
                    cmd->pool, "%s= has no effect with %s", field->name,
                    kind == BEARER_SOURCE_FILE ? "keys=file:" : "secret="),
                "nothing is fetched for this issuer: remove it, or name where "
                "to fetch with keys=<https-url>");
    }
    return NULL;
}

/* --- .htaccess --------------------------------------------------------------------- */

static bool same_proxies(const bearer_url_proxies_t *a,
                         const bearer_url_proxies_t *b)
{
    if (!a || !b)
        return a == b;
    return bearer_str_same(a->https, b->https)
           && bearer_str_same(a->http, b->http)
           && bearer_str_same(a->except, b->except);
}

bool mab_access_is_same(const mab_server_t *a, const mab_server_t *b)
{
    return a->http == b->http && same_proxies(a->proxies, b->proxies)
           && bearer_str_same(a->ca, b->ca)
           && bearer_str_same(a->address, b->address)
           && bearer_str_same(a->token, b->token)
           && bearer_str_same(a->header, b->header)
           && bearer_str_same(a->cert, b->cert)
           && bearer_str_same(a->key, b->key);
}
