/* SPDX-License-Identifier: Apache-2.0 */
/* Mutations that know the shape of inputs: lines, some of which are JSON. Built for
 * libFuzzer only. A line that is JSON gets a member set, taken away, wrapped or
 * spelled twice, mostly with names and values that mean something to us, so that it
 * stays JSON and the target gets past its parser. */
#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed);

/* longer lines are left to libFuzzer's own mutations */
#define LINE_MOST 16384

static const char *const names[] = {
    "alg",     "kid",    "typ",      "crit",  "b64",     "zip",       "enc",
    "jwk",     "jku",    "x5c",      "iss",   "sub",     "aud",       "exp",
    "nbf",     "iat",    "cnf",      "jti",   "scope",   "scp",       "",
    "a",       "au",     "e",        "ex",    "keys",    "kty",       "crv",
    "x",       "y",      "n",        "e",     "k",       "d",         "use",
    "key_ops", "issuer", "jwks_uri", "roles", "fetched", "client_id",
};

static const char *const values[] = {
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "1e300",
    "-0.0",
    "1800000000",
    "1800000060",
    "1799999940",
    "1799999939",
    "1800000061",
    "1800003600",
    "9223372036854775807",
    "-9223372036854775808",
    "999999999999999.5",
    "\"\"",
    "\" \"",
    "\"a\"",
    "\"\\n\"",
    "\"\\u00e9\"",
    "\"api\"",
    "\"api2\"",
    "[\"api\"]",
    "[\"x\",\"api\"]",
    "[1,\"api\"]",
    "[[\"api\"]]",
    "{\"api\":1}",
    "\"https://i.example\"",
    "\"https://i.example/\"",
    "\"https://s.example\"",
    "\"ed\"",
    "\"hs\"",
    "\"none\"",
    "\"HS256\"",
    "\"EdDSA\"",
    "\"RS256\"",
    "\"HS512\"",
    "\"at+jwt\"",
    "\"JWT\"",
    "\"application/at+jwt\"",
    "[]",
    "{}",
    "[\"b64\"]",
    "{\"jkt\":\"x\"}",
    "\"sig\"",
    "\"enc\"",
    "[\"verify\"]",
    "\"OKP\"",
    "\"EC\"",
    "\"RSA\"",
    "\"oct\"",
    "\"P-256\"",
    "\"Ed25519\"",
    "\"Ed448\"",
    "\"AQAB\"",
    "\"AQ\"",
    "\"A=\"",
    "\"https://i.example/jwks\"",
    "\"http://127.0.0.1/x\"",
    "\"read write\"",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static unsigned draw(unsigned *state, size_t below)
{
    *state = *state * 1664525u + 1013904223u;
    return (unsigned)((*state >> 8) % below);
}

static json_t *value_of(unsigned *state)
{
    return json_loads(values[draw(state, COUNT(values))], JSON_DECODE_ANY,
                      NULL);
}

/* some object below, most often this one */
static json_t *descend(json_t *json, unsigned *state)
{
    const char *name;
    json_t *value;
    size_t i;

    if (json_is_array(json)) {
        i = json_array_size(json);
        value = i ? json_array_get(json, draw(state, i)) : NULL;
        return value && json_is_object(value) ? descend(value, state) : json;
    }
    json_object_foreach(json, name, value)
    {
        if ((json_is_object(value) || json_is_array(value))
            && draw(state, 3) == 0)
            return descend(value, state);
    }
    return json;
}

static const char *some_name(json_t *object, unsigned *state)
{
    void *at = json_object_iter(object);
    unsigned skip = json_object_size(object) && draw(state, 2)
                        ? draw(state, json_object_size(object))
                        : COUNT(names);

    if (skip == COUNT(names))
        return names[draw(state, COUNT(names))];
    while (skip--)
        at = json_object_iter_next(object, at);
    return json_object_iter_key(at);
}

static void change(json_t *json, unsigned *state)
{
    json_t *inner = descend(json, state);
    const char *name;
    json_t *value;

    if (json_is_array(inner)) {
        (void)json_array_append_new(inner, value_of(state));
        return;
    }
    name = some_name(inner, state);
    switch (draw(state, 6)) {
    case 0:
        (void)json_object_del(inner, name);
        return;
    case 1: /* wrapped */
        value = json_object_get(inner, name);
        value = value ? json_pack("[O]", value) : value_of(state);
        (void)json_object_set_new(inner, name, value);
        return;
    case 2: /* under another name */
        value = json_object_get(inner, name);
        if (value)
            (void)json_object_set(inner, names[draw(state, COUNT(names))],
                                  value);
        return;
    default:
        (void)json_object_set_new(inner, name, value_of(state));
        return;
    }
}

/* the line as changed JSON; 0: it is not JSON, or does not fit */
static size_t change_json(const uint8_t *line, size_t size, char *out,
                          unsigned *state)
{
    json_t *json = json_loadb((const char *)line, size, 0, NULL);
    size_t len;

    if (!json)
        return 0;
    change(json, state);
    if (draw(state, 3) == 0)
        change(json, state);
    len = json_dumpb(json, out, LINE_MOST, JSON_COMPACT);
    json_decref(json);
    if (len > LINE_MOST || len < 2)
        return 0;
    if (len > 2 && len + 12 < LINE_MOST && draw(state, 40) == 0) {
        /* a member twice */
        memcpy(out + len - 1, ",\"iss\":\"x\"}", 11);
        len += 10;
    }
    return len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed)
{
    static char out[LINE_MOST];
    unsigned state = seed;
    size_t begin = 0;
    size_t end, len, skip;

    if (draw(&state, 4) == 0 || !size)
        return LLVMFuzzerMutate(data, size, max_size);
    for (skip = draw(&state, 6); skip; skip--) {
        const uint8_t *at = memchr(data + begin, '\n', size - begin);

        begin = at ? (size_t)(at - data) + 1 : 0;
    }
    end = begin;
    while (end < size && data[end] != '\n')
        end++;
    len = change_json(data + begin, end - begin, out, &state);
    if (!len || size - (end - begin) + len > max_size)
        return LLVMFuzzerMutate(data, size, max_size);
    memmove(data + begin + len, data + end, size - end);
    memcpy(data + begin, out, len);
    return size - (end - begin) + len;
}
