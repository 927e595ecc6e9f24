/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/sheet.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"

/* The kinds of member. A size is a number from 0, a time one of microseconds. */
typedef enum kind_t { TEXT, FLAG, TIME, SIZE } kind_t;

#define ROW(kind, name, member)                                                \
    {                                                                          \
        (name), (kind), APR_OFFSETOF(bearer_source_t, member)                  \
    }

/* A member of bearer_source_t that says how keys are got has its row here, or the
 * command would get them in another way than the server (test_86_doctor). */
static const struct {
    const char *name;
    kind_t kind;
    apr_size_t at;
} rows[] = {
    ROW(TEXT, "issuer", issuer),
    ROW(TEXT, "location", location),
    ROW(FLAG, "http", http_loopback),
    ROW(FLAG, "svid", svid),
    ROW(TEXT, "https-proxy", proxies.https),
    ROW(TEXT, "http-proxy", proxies.http),
    ROW(TEXT, "no-proxy", proxies.except),
    ROW(TEXT, "ca", ca),
    ROW(TEXT, "address", address),
    ROW(TEXT, "token", credentials.token),
    ROW(TEXT, "header", credentials.header),
    ROW(TEXT, "cert", credentials.cert),
    ROW(TEXT, "key", credentials.key),
    ROW(TIME, "timeout", timeout),
    ROW(TIME, "connect", connect),
    ROW(SIZE, "max-size", max_body),
    ROW(TIME, "refresh", schedule.refresh),
    ROW(TIME, "miss", schedule.miss),
    ROW(TIME, "stale", schedule.stale),
    ROW(FLAG, "tightened", tightened),
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* --- writing ----------------------------------------------------------------- */

static void write_row(bearer_write_t *json, const char *member,
                      const char *name, kind_t kind)
{
    const char *text;
    apr_int64_t time;
    apr_size_t size;

    switch (kind) {
    case TEXT:
        memcpy(&text, member, sizeof(text));
        bearer_write_text(json, name, text);
        break;
    case FLAG:
        bearer_write_boolean(json, name, *(const bool *)member);
        break;
    case TIME:
        memcpy(&time, member, sizeof(time));
        bearer_write_integer(json, name, time);
        break;
    case SIZE:
        memcpy(&size, member, sizeof(size));
        bearer_write_integer(json, name, (apr_int64_t)size);
        break;
    }
}

void bearer_sheet_write(bearer_write_t *json, const bearer_source_t *source)
{
    size_t i;

    bearer_write_text(json, "kind", bearer_source_kind(source));
    for (i = 0; i < ROWS; i++)
        write_row(json, (const char *)source + rows[i].at, rows[i].name,
                  rows[i].kind);
}

/* --- reading ----------------------------------------------------------------- */

static bool read_kind(const bearer_value_t *json, bearer_source_t *out)
{
    static const bearer_source_kind_t kinds[] = {
        BEARER_SOURCE_DISCOVERY, BEARER_SOURCE_URL, BEARER_SOURCE_FILE,
        BEARER_SOURCE_SECRET, BEARER_SOURCE_PER_KID};
    bearer_str_t name;
    size_t i;

    if (bearer_value_get_string(json, "kind", &name) != BEARER_VALUE_GOT)
        return false;
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        out->kind = kinds[i];
        if (bearer_str_is(name, bearer_source_kind(out)))
            return true;
    }
    return false;
}

/* null: there is none */
static bool read_text(const bearer_value_t *json, const char *name,
                      char *member, apr_pool_t *pool)
{
    const bearer_value_t *value = bearer_value_get(json, name);
    const char *text = NULL;
    bearer_str_t found;

    if (!bearer_value_is(value, BEARER_KIND_NULL)) {
        if (bearer_value_get_string(json, name, &found) != BEARER_VALUE_GOT)
            return false;
        text = apr_pstrmemdup(pool, found.data, found.len);
    }
    memcpy(member, &text, sizeof(text));
    return true;
}

static bool read_number(const bearer_value_t *json, const char *name,
                        apr_int64_t *out)
{
    return bearer_value_get_seconds(json, name, out) == BEARER_VALUE_GOT
           && *out >= 0;
}

static bool read_row(const bearer_value_t *json, const char *name, kind_t kind,
                     char *member, apr_pool_t *pool)
{
    const bearer_value_t *value = bearer_value_get(json, name);
    apr_int64_t number;
    apr_size_t size;

    switch (kind) {
    case TEXT:
        return read_text(json, name, member, pool);
    case FLAG:
        *(bool *)member = bearer_value_is(value, BEARER_KIND_TRUE);
        return bearer_value_is_boolean(value);
    case TIME:
        if (!read_number(json, name, &number))
            return false;
        memcpy(member, &number, sizeof(number));
        return true;
    case SIZE:
        break;
    }
    if (!read_number(json, name, &number))
        return false;
    size = (apr_size_t)number;
    memcpy(member, &size, sizeof(size));
    return true;
}

bool bearer_sheet_read(const bearer_value_t *json, bearer_source_t *out,
                       apr_pool_t *pool)
{
    bearer_source_t made = {0};
    size_t i;

    if (!read_kind(json, &made))
        return false;
    for (i = 0; i < ROWS; i++) {
        if (!read_row(json, rows[i].name, rows[i].kind,
                      (char *)&made + rows[i].at, pool))
            return false;
    }
    *out = made;
    return true;
}
