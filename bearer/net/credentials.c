/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/net/credentials.h"

#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "bearer/base/file.h"
#include "bearer/base/str.h"

/* one reading: where the words about a failure go */
typedef struct reading_t {
    bool pipe;
    bearer_note_t *note;
    apr_pool_t *pool;
} reading_t;

bool bearer_credentials_are_given(const bearer_credentials_t *files)
{
    return files->token || files->header || files->cert || files->key;
}

bool bearer_credentials_is_mounted(const char *path)
{
    bearer_str_t text = bearer_str(path);

    return bearer_str_begins(text, "/run/secrets/")
           || bearer_str_begins(text, "/var/run/secrets/");
}

static bearer_reason_t wrong(const reading_t *reading, const char *option,
                             const char *path, const char *what)
{
    bearer_note_set(reading->note, "%sfile:%s: %s", option, path, what);
    return BEARER_FETCH_CREDENTIALS;
}

/* --- files -------------------------------------------------------------- */

/* Whoever can write it decides what we send, and whoever can read it is us. */
static bearer_file_rules_t rules_for(const char *path, bool secret, bool pipe)
{
    bearer_file_rules_t rules = bearer_file_secret;

    rules.most = BEARER_LIMIT_CREDENTIAL;
    if (!secret || bearer_credentials_is_mounted(path)) {
        rules.shut = S_IWOTH;
        rules.access = BEARER_FILE_WRITABLE;
    }
    rules.pipe = pipe;
    return rules;
}

static bearer_reason_t read_file(const reading_t *reading, const char *option,
                                 const char *path, bool secret,
                                 bearer_str_t *out)
{
    bearer_file_rules_t rules = rules_for(path, secret, reading->pipe);
    bearer_note_t note = {""};
    bearer_reason_t why =
        bearer_file_read(path, &rules, out, &note, reading->pool);

    if (!why)
        return BEARER_OK;
    return wrong(reading, option, path,
                 bearer_error_text(why, &note, reading->pool));
}

static bearer_str_t trim(bearer_str_t text)
{
    while (text.len && bearer_str_is_file_blank(*text.data)) {
        text.data++;
        text.len--;
    }
    while (text.len && bearer_str_is_file_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

/* --- Authorization -------------------------------------------------------- */

/* RFC 6750 2.1: b64token. Nothing else can be a token, and a line end in it would
 * cut our request in two (header injection). */
static bool is_b64token(bearer_str_t text)
{
    apr_size_t i, len = text.len;

    while (len && text.data[len - 1] == '=')
        len--;
    for (i = 0; i < len; i++) {
        char c = text.data[i];

        if (!bearer_str_is_digit(c) && !(c >= 'a' && c <= 'z')
            && !(c >= 'A' && c <= 'Z') && !(c && strchr("-._~+/", c)))
            return false;
    }
    return len > 0;
}

static bearer_reason_t read_token(const reading_t *reading, const char *path,
                                  const char **headers)
{
    bearer_str_t text;
    bearer_reason_t why = read_file(reading, "token=", path, true, &text);

    if (why)
        return why;
    text = trim(text);
    if (!is_b64token(text))
        return wrong(
            reading, "token=", path,
            "it is not one token alone, without the word Bearer before it");
    *headers = apr_psprintf(reading->pool, "Authorization: Bearer %.*s\r\n",
                            (int)text.len, text.data);
    return BEARER_OK;
}

/* --- a header -------------------------------------------------------------- */

/* what our request says of itself: a second one of these would be read differently
 * by whoever stands between us and the server (request smuggling) */
static const char *const ours[] = {"host",
                                   "user-agent",
                                   "accept",
                                   "accept-encoding",
                                   "if-none-match",
                                   "connection",
                                   "expect",
                                   "content-length",
                                   "content-type",
                                   "transfer-encoding",
                                   "upgrade",
                                   "te",
                                   "trailer",
                                   "keep-alive",
                                   "range",
                                   "proxy-authorization",
                                   "content-encoding",
                                   "proxy-connection"};

static bool is_ours(bearer_str_t name)
{
    apr_size_t i;

    for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (bearer_str_is_nocase(name, ours[i]))
            return true;
    }
    return false;
}

/* one line end at its end, as editors write it; any other is an injection */
static bearer_str_t cut_line_end(bearer_str_t text)
{
    if (text.len && text.data[text.len - 1] == '\n')
        text.len--;
    if (text.len && text.data[text.len - 1] == '\r')
        text.len--;
    return text;
}

/* NULL, or what is wrong with the line */
static const char *check_header(bearer_str_t line, bool token)
{
    const char *colon = memchr(line.data, ':', line.len);
    bearer_str_t name = {line.data, 0}, value;

    if (!colon)
        return "it is not one line of the form Name: value";
    name.len = (apr_size_t)(colon - line.data);
    value.data = colon + 1;
    value.len = line.len - name.len - 1;
    if (!bearer_str_is_field_value(value))
        return "it has a second line or a control character; one line of the "
               "form Name: value is allowed";
    if (!bearer_str_is_token(name) || !bearer_str_trim(value).len)
        return "it is not one line of the form Name: value";
    if (is_ours(name))
        return "a header of that name is part of the request itself; name "
               "another one";
    if (token && bearer_str_is_nocase(name, "authorization"))
        return "token= sends Authorization already; remove one of the two";
    return NULL;
}

static bearer_reason_t read_header(const reading_t *reading, const char *path,
                                   const char **headers)
{
    bearer_str_t text;
    const char *what;
    bearer_reason_t why = read_file(reading, "header=", path, true, &text);

    if (why)
        return why;
    text = cut_line_end(text);
    what = check_header(text, *headers != NULL);
    if (what)
        return wrong(reading, "header=", path, what);
    *headers = apr_psprintf(reading->pool, "%s%.*s\r\n",
                            *headers ? *headers : "", (int)text.len, text.data);
    return BEARER_OK;
}

/* --- a certificate ----------------------------------------------------------- */

static bearer_reason_t read_pair(const reading_t *reading,
                                 const bearer_credentials_t *files,
                                 bearer_tls_pair_t **out)
{
    /* in one file, the key decides who may read it */
    bool secret = strcmp(files->cert, files->key) == 0;
    bearer_str_t cert, key;
    bearer_note_t note = {""};
    bearer_reason_t why =
        read_file(reading, "cert=", files->cert, secret, &cert);

    if (!why)
        why = read_file(reading, "key=", files->key, true, &key);
    if (why)
        return why;
    if (!bearer_tls_parse_pair(cert, key, out, &note, reading->pool))
        return BEARER_OK;
    return wrong(reading, "cert=", files->cert, note.text);
}

bearer_reason_t bearer_credentials_read(const bearer_credentials_t *files,
                                        bool pipe,
                                        bearer_credentials_read_t *out,
                                        bearer_note_t *note, apr_pool_t *pool)
{
    const reading_t reading = {pipe, note, pool};
    bearer_credentials_read_t read = {NULL, NULL};
    bearer_reason_t why = BEARER_OK;

    if (files->token)
        why = read_token(&reading, files->token, &read.headers);
    if (!why && files->header)
        why = read_header(&reading, files->header, &read.headers);
    if (!why && files->cert && files->key)
        why = read_pair(&reading, files, &read.pair);
    if (!why)
        *out = read;
    return why;
}
