/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/net/http.h"

#include <stddef.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/net/framing.h"

/* what the next byte belongs to */
typedef enum state_t {
    AT_STATUS,
    AT_FIELD,
    AT_BODY, /* of known length */
    AT_REST, /* a body that ends with the connection */
    AT_CHUNK_SIZE,
    AT_CHUNK,
    AT_CHUNK_END,
    AT_TRAILER,
    AT_DONE,
    AT_FAULT /* refused before, and so for ever */
} state_t;

/* bytes that grow by doubling, so that each is copied a constant number of
 * times; a NUL stands behind them */
typedef struct buffer_t {
    char *data;
    apr_size_t len;
    apr_size_t room;
    apr_size_t most;
} buffer_t;

struct bearer_http_t {
    apr_pool_t *pool;
    state_t state;
    bearer_reason_t fault;
    bool no_body;
    int interim;
    apr_size_t max_body;
    apr_size_t head_left; /* for status line, fields and trailer together */
    apr_size_t line_left; /* for one line of the chunked coding */
    apr_size_t left;      /* of the body or the chunk */
    buffer_t line;
    buffer_t cache_control;
    buffer_t body;
    bearer_framing_t framing;
    bearer_http_response_t response;
};

/* fields that are kept as they are; the first of several counts, which RFC
 * 9111 4.2 allows for Expires */
static const struct {
    const char *name;
    apr_size_t offset;
} kept[] = {
    {"etag", offsetof(bearer_http_response_t, etag)},
    {"expires", offsetof(bearer_http_response_t, expires)},
    {"date", offsetof(bearer_http_response_t, date)},
    {"age", offsetof(bearer_http_response_t, age)},
    {"location", offsetof(bearer_http_response_t, location)},
};

/* the caller has checked that the bytes fit below buffer->most */
static void append(buffer_t *buffer, bearer_str_t bytes, apr_pool_t *pool)
{
    apr_size_t need = buffer->len + bytes.len + 1;
    apr_size_t room = buffer->room ? buffer->room * 2 : 256;
    char *data;

    if (need > buffer->room) {
        if (room < need)
            room = need;
        if (room - 1 > buffer->most)
            room = buffer->most + 1;
        data = apr_palloc(pool, room);
        if (buffer->len)
            memcpy(data, buffer->data, buffer->len);
        buffer->data = data;
        buffer->room = room;
    }
    memcpy(buffer->data + buffer->len, bytes.data, bytes.len);
    buffer->len += bytes.len;
    buffer->data[buffer->len] = '\0';
}

static bearer_reason_t refuse(bearer_reason_t why, bearer_note_t *note,
                              const char *text)
{
    bearer_note_set(note, "%s", text);
    return why;
}

/* also after an interim answer, of which nothing is kept */
static void begin_answer(bearer_http_t *http)
{
    static const bearer_framing_t no_framing;
    static const bearer_http_response_t no_response;

    http->state = AT_STATUS;
    http->head_left = BEARER_LIMIT_HTTP_HEADER;
    http->cache_control.len = 0;
    http->framing = no_framing;
    http->response = no_response;
    http->response.body.data = "";
}

bearer_http_t *bearer_http_create(apr_size_t max_body, apr_pool_t *pool)
{
    bearer_http_t *http = apr_pcalloc(pool, sizeof(*http));

    http->pool = pool;
    http->max_body = max_body;
    http->line.most = BEARER_LIMIT_HTTP_HEADER;
    http->cache_control.most = BEARER_LIMIT_HTTP_HEADER;
    http->body.most = max_body;
    begin_answer(http);
    return http;
}

void bearer_http_expect_no_body(bearer_http_t *http)
{
    http->no_body = true;
}

const bearer_http_response_t *bearer_http_response(const bearer_http_t *http)
{
    return &http->response;
}

static void complete(bearer_http_t *http)
{
    http->state = AT_DONE;
    if (!http->body.len)
        return;
    http->response.body.data = http->body.data;
    http->response.body.len = http->body.len;
}

/* RFC 9112 4: HTTP-version SP status-code SP [ reason-phrase ]; the second
 * space is often left out together with the phrase */
static bearer_reason_t parse_status(bearer_http_t *http, bearer_str_t line,
                                    bearer_note_t *note)
{
    const char *c = line.data;

    if (line.len < 12 || strncmp(c, "HTTP/1.", 7) != 0
        || (c[7] != '0' && c[7] != '1') || c[8] != ' '
        || !bearer_str_is_digit(c[9]) || !bearer_str_is_digit(c[10])
        || !bearer_str_is_digit(c[11]) || (line.len > 12 && c[12] != ' ')
        || !bearer_str_is_field_value(line))
        return refuse(BEARER_HTTP_FORM, note, "not an HTTP/1.x status line");
    /* RFC 9110 15: what is outside 1xx to 5xx has no meaning */
    if (c[9] < '1' || c[9] > '5')
        return refuse(BEARER_HTTP_FORM, note, "no such status");

    http->framing.http_1_0 = c[7] == '0';
    http->response.status =
        (c[9] - '0') * 100 + (c[10] - '0') * 10 + (c[11] - '0');
    http->state = AT_FIELD;
    return BEARER_OK;
}

/* a folded line (RFC 9112 5.2) begins with a blank, and a blank before the
 * colon (5.1) ends the name: neither leaves a token as the name */
static bool split_field(bearer_str_t line, bearer_str_t *name,
                        bearer_str_t *value)
{
    const char *colon = memchr(line.data, ':', line.len);

    if (!colon)
        return false;
    name->data = line.data;
    name->len = (apr_size_t)(colon - line.data);
    value->data = colon + 1;
    value->len = line.len - name->len - 1;
    *value = bearer_str_trim(*value);
    return bearer_str_is_token(*name) && bearer_str_is_field_value(*value);
}

static void note_cache_control(bearer_http_t *http, bearer_str_t value)
{
    static const bearer_str_t comma = BEARER_LIT(", ");

    if (http->response.cache_control)
        append(&http->cache_control, comma, http->pool);
    append(&http->cache_control, value, http->pool);
    http->response.cache_control = http->cache_control.data;
}

static void note_kept(bearer_http_t *http, bearer_str_t name,
                      bearer_str_t value)
{
    apr_size_t i;

    for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        const char **member =
            (const char **)((char *)&http->response + kept[i].offset);

        if (bearer_str_is_nocase(name, kept[i].name) && !*member)
            *member = apr_pstrmemdup(http->pool, value.data, value.len);
    }
}

static bearer_reason_t parse_field(bearer_http_t *http, bearer_str_t line,
                                   bearer_note_t *note)
{
    bearer_str_t name, value;

    if (!split_field(line, &name, &value))
        return refuse(BEARER_HTTP_FORM, note, "a malformed header field");

    if (bearer_framing_note(&http->framing, name, value))
        return BEARER_OK;
    if (bearer_str_is_nocase(name, "cache-control"))
        note_cache_control(http, value);
    else
        note_kept(http, name, value);
    return BEARER_OK;
}

static bearer_reason_t begin_body(bearer_http_t *http, bearer_note_t *note)
{
    const bearer_framing_t *framing = &http->framing;
    bearer_reason_t why = bearer_framing_check(framing, http->max_body, note);

    if (why)
        return why;
    if (framing->chunked) {
        http->state = AT_CHUNK_SIZE;
        http->line_left = BEARER_LIMIT_HTTP_CHUNK_LINE;
        return BEARER_OK;
    }
    if (!framing->has_length) {
        http->state = AT_REST;
        return BEARER_OK;
    }
    http->left = framing->length;
    http->state = AT_BODY;
    if (!http->left)
        complete(http);
    return BEARER_OK;
}

static bearer_reason_t end_header(bearer_http_t *http, bearer_note_t *note)
{
    int status = http->response.status;

    /* RFC 9110 15.2.2: nobody asked for another protocol */
    if (status == 101)
        return refuse(BEARER_HTTP_FORM, note, "it switches protocols");
    if (status < 200) {
        if (++http->interim > BEARER_LIMIT_HTTP_INTERIM)
            return refuse(BEARER_HTTP_FORM, note, "too many interim answers");
        begin_answer(http);
        return BEARER_OK;
    }
    /* RFC 9112 6.3: these end with the header, whatever it says */
    if (http->no_body || status == 204 || status == 304) {
        complete(http);
        return BEARER_OK;
    }
    return begin_body(http, note);
}

static bearer_reason_t parse_chunk_size(bearer_http_t *http, bearer_str_t line,
                                        bearer_note_t *note)
{
    apr_size_t room = http->max_body - http->body.len;
    bearer_reason_t why =
        bearer_framing_parse_chunk(line, room, &http->left, note);

    if (!why)
        http->state = http->left ? AT_CHUNK : AT_TRAILER;
    return why;
}

static bearer_reason_t parse_trailer(bearer_http_t *http, bearer_str_t line,
                                     bearer_note_t *note)
{
    bearer_str_t name, value;

    if (!line.len) {
        complete(http);
        return BEARER_OK;
    }
    /* RFC 9110 6.5.1: nothing in a trailer may matter to us */
    if (!split_field(line, &name, &value))
        return refuse(BEARER_HTTP_FORM, note, "a malformed trailer field");
    return BEARER_OK;
}

/*
 * RFC 9112 2.2 lets a recipient take a bare LF as the end of a status line or
 * field, and we do: on a connection with one answer nothing can be smuggled
 * behind it. The RFC does not extend that to the lines of the chunked coding,
 * and neither do we.
 */
static bearer_reason_t parse_line(bearer_http_t *http, bearer_note_t *note)
{
    bearer_str_t line = {http->line.data, http->line.len - 1};
    bool crlf = line.len && line.data[line.len - 1] == '\r';

    http->line.len = 0;
    if (crlf)
        line.len--;
    if (http->state == AT_STATUS)
        return parse_status(http, line, note);
    if (http->state == AT_FIELD)
        return line.len ? parse_field(http, line, note)
                        : end_header(http, note);
    if (http->state == AT_TRAILER)
        return parse_trailer(http, line, note);
    if (!crlf)
        return refuse(BEARER_HTTP_FORM, note, "a chunk without CRLF");

    http->line_left = BEARER_LIMIT_HTTP_CHUNK_LINE;
    if (http->state == AT_CHUNK_SIZE)
        return parse_chunk_size(http, line, note);
    http->state = AT_CHUNK_SIZE;
    return BEARER_OK;
}

/* what the line must begin with: who speaks another protocol is told so before
 * it has sent a whole line */
static bool begins_well(const bearer_http_t *http)
{
    const char *want = "";
    apr_size_t len;

    if (http->state == AT_STATUS)
        want = "HTTP/1.";
    if (http->state == AT_CHUNK_END)
        want = "\r\n";
    len = strlen(want);
    if (len > http->line.len)
        len = http->line.len;
    return memcmp(http->line.data, want, len) == 0;
}

static bearer_reason_t take_line(bearer_http_t *http, bearer_str_t *in,
                                 bearer_note_t *note)
{
    bool is_head = http->state == AT_STATUS || http->state == AT_FIELD
                   || http->state == AT_TRAILER;
    apr_size_t *left = is_head ? &http->head_left : &http->line_left;
    const char *end = memchr(in->data, '\n', in->len);
    apr_size_t len = end ? (apr_size_t)(end - in->data) + 1 : in->len;
    bool fits = len <= *left;
    bearer_str_t piece = {in->data, fits ? len : *left};

    append(&http->line, piece, http->pool);
    *left -= piece.len;
    in->data += piece.len;
    in->len -= piece.len;

    if (!begins_well(http))
        return refuse(BEARER_HTTP_FORM, note,
                      http->state == AT_STATUS
                          ? "it does not begin with HTTP/1."
                          : "a chunk that does not end where it should");
    if (!fits && is_head)
        return refuse(BEARER_HTTP_HEADER_SIZE, note, "");
    if (!fits)
        return refuse(BEARER_HTTP_FORM, note, "a chunk size of many bytes");
    return end ? parse_line(http, note) : BEARER_OK;
}

/* part of a body or chunk whose length is known and was checked */
static void take_counted(bearer_http_t *http, bearer_str_t *in)
{
    bearer_str_t piece = {in->data,
                          in->len < http->left ? in->len : http->left};

    append(&http->body, piece, http->pool);
    in->data += piece.len;
    in->len -= piece.len;
    http->left -= piece.len;
    if (http->left)
        return;
    if (http->state == AT_BODY) {
        complete(http);
        return;
    }
    http->state = AT_CHUNK_END;
    http->line_left = BEARER_LIMIT_HTTP_CHUNK_LINE;
}

static bearer_reason_t take_rest(bearer_http_t *http, bearer_str_t *in,
                                 bearer_note_t *note)
{
    if (in->len > http->max_body - http->body.len)
        return refuse(BEARER_HTTP_BODY_SIZE, note, "without a length");
    append(&http->body, *in, http->pool);
    in->len = 0;
    return BEARER_OK;
}

static bearer_reason_t take(bearer_http_t *http, bearer_str_t *in,
                            bearer_note_t *note)
{
    if (http->state == AT_REST)
        return take_rest(http, in, note);
    if (http->state != AT_BODY && http->state != AT_CHUNK)
        return take_line(http, in, note);
    take_counted(http, in);
    return BEARER_OK;
}

bearer_reason_t bearer_http_feed(bearer_http_t *http, bearer_str_t bytes,
                                 bool *done, bearer_note_t *note)
{
    bearer_reason_t why;

    while (bytes.len && http->state < AT_DONE) {
        why = take(http, &bytes, note);
        if (why) {
            http->state = AT_FAULT;
            http->fault = why;
        }
    }
    if (http->state == AT_FAULT)
        return http->fault;
    *done = http->state == AT_DONE;
    return BEARER_OK;
}

/* where the answer was cut off */
static void note_place(const bearer_http_t *http, bool clean,
                       bearer_note_t *note)
{
    switch (http->state) {
    case AT_STATUS:
    case AT_FIELD:
        bearer_note_set(note, http->head_left < BEARER_LIMIT_HTTP_HEADER
                                  ? "in the header"
                                  : "before anything came");
        break;
    case AT_BODY:
        bearer_note_set(note, "bytes missing: %" APR_SIZE_T_FMT, http->left);
        break;
    case AT_REST:
        if (!clean)
            bearer_note_set(note, "no length, and the end is not the sender's");
        break;
    case AT_CHUNK_SIZE:
    case AT_CHUNK:
    case AT_CHUNK_END:
    case AT_TRAILER:
        bearer_note_set(note, "in the chunks");
        break;
    case AT_DONE:
    case AT_FAULT:
        break;
    }
}

bearer_reason_t bearer_http_finish(bearer_http_t *http, bool clean,
                                   bearer_note_t *note)
{
    if (http->state == AT_FAULT)
        return http->fault;
    if (http->state == AT_DONE)
        return BEARER_OK;
    /* RFC 9112 8: only a body without length may end with the connection, and
     * only the sender may end it: anybody on the path can cut TCP under TLS */
    if (http->state == AT_REST && clean) {
        complete(http);
        return BEARER_OK;
    }
    note_place(http, clean, note);
    return BEARER_HTTP_TRUNCATED;
}
