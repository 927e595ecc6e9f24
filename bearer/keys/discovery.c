/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/discovery.h"

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/text/json.h"
#include "bearer/text/template.h"
#include "bearer/text/url.h"
#include "bearer/text/utf8.h"

bearer_reason_t bearer_discovery_parse(bearer_str_t text, const char *issuer,
                                       bool http_loopback,
                                       const char **jwks_uri,
                                       bearer_note_t *note, apr_pool_t *pool)
{
    const bearer_value_t *document;
    bearer_reason_t why;
    bearer_str_t value;
    bearer_url_t url;

    why = bearer_json_parse(bearer_utf8_skip_mark(text), &document, note, pool);
    if (why)
        return why;

    /* RFC 8414 3.3, OpenID Connect Discovery 4.3: identical, or one issuer
     * could hand us the keys of another (mix-up) */
    if (bearer_value_get_string(document, "issuer", &value)
        != BEARER_VALUE_GOT) {
        bearer_note_set(note, "issuer is missing or not a string");
        return BEARER_DISCOVERY_ISSUER;
    }
    if (!bearer_template_same(bearer_str(issuer), value)) {
        bearer_note_member(note, "issuer", value);
        return BEARER_DISCOVERY_ISSUER;
    }

    if (bearer_value_get_string(document, "jwks_uri", &value)
        != BEARER_VALUE_GOT) {
        bearer_note_set(note, "jwks_uri is missing or not a string");
        return BEARER_DISCOVERY_URI;
    }
    why = bearer_url_parse(value.data, http_loopback, &url, note, pool);
    if (why) {
        bearer_note_set(note, "jwks_uri: %s", bearer_error_find(why)->sentence);
        return BEARER_DISCOVERY_URI;
    }
    *jwks_uri = apr_pstrmemdup(pool, value.data, value.len);
    return BEARER_OK;
}
