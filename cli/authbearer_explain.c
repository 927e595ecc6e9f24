/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include "bearer/base/str.h"
#include "bearer/text/b64url.h"

/** What a token says; nothing of it is proven. */
typedef struct said_t {
    const json_t *header;
    const json_t *claims; /* NULL: encrypted */
    int signature;        /* bytes; -1: encrypted */
} said_t;

/* claims that are times: RFC 7519 4.1, OpenID Connect Core 2 and 5.1 */
static const char *const times[] = {"exp", "nbf", "iat", "auth_time",
                                    "updated_at"};

/* cuts at dots; the number of parts, of which at most 5 are kept */
static int cut(bearer_str_t token, bearer_str_t parts[5])
{
    apr_size_t at, begin = 0;
    int count = 0;

    for (at = 0; at <= token.len; at++) {
        if (at < token.len && token.data[at] != '.')
            continue;
        if (count < 5) {
            parts[count].data = token.data + begin;
            parts[count].len = at - begin;
        }
        count++;
        begin = at + 1;
    }
    return count;
}

static bearer_reason_t read_object(bearer_str_t part, const json_t **out,
                                   bearer_reason_t bad, bearer_note_t *note,
                                   apr_pool_t *pool)
{
    bearer_str_t bytes;
    bearer_reason_t why = bearer_b64url_parse(part, &bytes, pool);

    if (why)
        return why;
    return bearer_json_parse(bytes, out, note, pool) ? bad : BEARER_OK;
}

static bearer_reason_t read_token(bearer_str_t token, said_t *said,
                                  bearer_note_t *note, apr_pool_t *pool)
{
    bearer_str_t parts[5];
    bearer_reason_t why;
    int count = cut(token, parts);

    if (token.len > BEARER_LIMIT_TOKEN)
        return BEARER_TOKEN_SIZE;
    if (count != 3 && count != 5)
        return BEARER_JWS_PARTS;
    why = read_object(parts[0], &said->header, BEARER_HEADER_JSON, note, pool);
    if (why)
        return why;
    said->signature = -1;
    if (count == 5)
        return BEARER_OK;
    said->signature = (int)bearer_b64url_decoded_size(parts[2].len);
    return read_object(parts[1], &said->claims, BEARER_PAYLOAD_JSON, note,
                       pool);
}

/* --- text --------------------------------------------------------------------- */

static bool is_time(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        if (!strcmp(times[i], name))
            return true;
    }
    return false;
}

static void print_members(const tool_t *tool, const char *title,
                          const json_t *object, bool dated)
{
    void *at;

    printf("\n%s\n", title);
    for (at = json_object_iter((json_t *)object); at;
         at = json_object_iter_next((json_t *)object, at)) {
        const char *name = json_object_iter_key(at);
        bearer_str_t text = bearer_str(name);
        apr_int64_t seconds;

        printf("  %-12s %s", tool_text_string(text, tool->pool),
               tool_text_value(json_object_iter_value(at), tool->pool));
        if (dated && is_time(name)
            && bearer_json_seconds(object, name, &seconds) == BEARER_JSON_GOT)
            printf("   %s, %s", tool_text_date(seconds, tool->pool),
                   tool_text_distance(seconds, tool->now.wall, tool->pool));
        putchar('\n');
    }
}

static void print_text(const tool_t *tool, const said_t *said)
{
    printf("*not verified*: anybody can write this; it is shown, not "
           "believed\n");
    print_members(tool, "header", said->header, false);
    if (!said->claims) {
        printf("\nencrypted: the claims cannot be read\n");
        return;
    }
    print_members(tool, "claims", said->claims, true);
    printf("\nsignature\n  %d bytes, not looked at\n", said->signature);
}

/* --- JSON --------------------------------------------------------------------- */

static json_t *render_times(const tool_t *tool, const said_t *said)
{
    json_t *json = json_object();
    apr_int64_t seconds;
    size_t i;

    for (i = 0; said->claims && i < sizeof(times) / sizeof(times[0]); i++) {
        if (bearer_json_seconds(said->claims, times[i], &seconds)
            != BEARER_JSON_GOT)
            continue;
        json_object_set_new(
            json, times[i],
            json_pack("{s:s, s:s, s:I}", "date",
                      tool_text_date(seconds, tool->pool), "distance",
                      tool_text_distance(seconds, tool->now.wall, tool->pool),
                      "in", (json_int_t)(seconds - tool->now.wall)));
    }
    return json;
}

static void print_json(const tool_t *tool, const said_t *said)
{
    json_t *json = json_object();

    json_object_set_new(json, "verified", json_false());
    json_object_set(json, "header", (json_t *)said->header);
    if (said->claims)
        json_object_set(json, "claims", (json_t *)said->claims);
    json_object_set_new(json, "encrypted", json_boolean(!said->claims));
    json_object_set_new(json, "times", render_times(tool, said));
    if (said->claims)
        json_object_set_new(json, "signature_bytes",
                            json_integer(said->signature));
    tool_text_print_json(json, tool->pool);
}

static void print_refusal(const tool_t *tool, bearer_reason_t why,
                          const bearer_note_t *note)
{
    json_t *json;

    if (!tool->json) {
        printf("refused: %s\n", bearer_error_text(why, note, tool->pool));
        return;
    }
    json = json_object();
    json_object_set_new(json, "verified", json_false());
    tool_text_add_reason(json, why, note);
    tool_text_print_json(json, tool->pool);
}

int tool_explain(tool_t *tool)
{
    bearer_note_t note = {""};
    said_t said = {NULL, NULL, 0};
    bearer_str_t token;
    bearer_reason_t why = tool_input_token(&token, tool->pool);

    if (!why)
        why = read_token(token, &said, &note, tool->pool);
    if (why) {
        print_refusal(tool, why, &note);
        return TOOL_REFUSED;
    }
    if (tool->json)
        print_json(tool, &said);
    else
        print_text(tool, &said);
    return TOOL_GOOD;
}
