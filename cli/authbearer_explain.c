/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include "bearer/base/str.h"
#include "bearer/text/b64url.h"

/** What a token says; none of it is proven. */
typedef struct said_t {
    const bearer_value_t *header;
    const bearer_value_t *claims; /* NULL: encrypted */
    int signature;                /* bytes; -1: encrypted */
} said_t;

/* claims that are times: RFC 7519 4.1, OpenID Connect Core 2 and 5.1 */
static const char *const times[] = {"exp", "nbf", "iat", "auth_time",
                                    "updated_at"};

/* cuts at dots; returns the number of parts, of which at most 5 are kept */
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

static bearer_reason_t read_object(bearer_str_t part,
                                   const bearer_value_t **out,
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
                          const bearer_value_t *object, bool dated)
{
    const bearer_value_t *at = bearer_value_first(object);

    printf("\n%s\n", title);
    for (; at; at = bearer_value_next(object, at)) {
        bearer_str_t name = bearer_value_text(at);
        apr_int64_t seconds;

        at = bearer_value_next(object, at);
        printf("  %-12s %s", tool_text_string(name, tool->pool),
               tool_text_value(at, tool->pool));
        if (dated && is_time(name.data)
            && bearer_value_get_seconds(object, name.data, &seconds)
                   == BEARER_VALUE_GOT)
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

static void add_times(bearer_write_t *json, const tool_t *tool,
                      const said_t *said)
{
    apr_int64_t seconds;
    size_t i;

    bearer_write_open(json, "times", '{');
    for (i = 0; said->claims && i < sizeof(times) / sizeof(times[0]); i++) {
        if (bearer_value_get_seconds(said->claims, times[i], &seconds)
            != BEARER_VALUE_GOT)
            continue;
        bearer_write_open(json, times[i], '{');
        bearer_write_text(json, "date", tool_text_date(seconds, tool->pool));
        bearer_write_text(
            json, "distance",
            tool_text_distance(seconds, tool->now.wall, tool->pool));
        bearer_write_integer(json, "in", seconds - tool->now.wall);
        bearer_write_close(json);
    }
    bearer_write_close(json);
}

static void print_json(const tool_t *tool, const said_t *said)
{
    bearer_write_t json;

    tool_text_begin_json(&json, tool->pool);
    bearer_write_boolean(&json, "verified", false);
    bearer_write_value(&json, "header", said->header);
    if (said->claims)
        bearer_write_value(&json, "claims", said->claims);
    bearer_write_boolean(&json, "encrypted", !said->claims);
    add_times(&json, tool, said);
    if (said->claims)
        bearer_write_integer(&json, "signature_bytes", said->signature);
    tool_text_print_json(&json);
}

static void print_refusal(const tool_t *tool, bearer_reason_t why,
                          const bearer_note_t *note)
{
    bearer_write_t json;

    if (!tool->json) {
        printf("refused: %s\n", bearer_error_text(why, note, tool->pool));
        return;
    }
    tool_text_begin_json(&json, tool->pool);
    bearer_write_boolean(&json, "verified", false);
    tool_text_add_reason(&json, why, note);
    tool_text_print_json(&json);
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
