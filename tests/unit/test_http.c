/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/net/http.h"

#define MAX_BODY 16

#define OK_LINE  "HTTP/1.1 200 OK\r\n"
#define CHUNKED  OK_LINE "Transfer-Encoding: chunked\r\n\r\n"
#define HUNDRED  "HTTP/1.1 100 Continue\r\n\r\n"

/* how the connection goes on after the bytes */
typedef enum end_t {
    STAYS, /* it does not end: the bytes decide */
    CLEAN, /* the sender ends it */
    CUT    /* somebody ends it */
} end_t;

/* NUL bytes count, so texts have a length */
#define BYTES(text) text, sizeof(text) - 1

/* want "more" means accepted so far and not complete */
static const struct {
    const char *name;
    const char *bytes;
    apr_size_t len;
    end_t end;
    const char *want;
    int status;
    const char *body;
    apr_size_t body_len;
} cases[] = {
    /* status line */
    {"length", BYTES(OK_LINE "Content-Length: 5\r\n\r\nhello"), STAYS, "ok",
     200, BYTES("hello")},
    {"HTTP/1.0 until the end", BYTES("HTTP/1.0 200 OK\r\n\r\nhello"), CLEAN,
     "ok", 200, BYTES("hello")},
    {"HTTP/1.1 until the end", BYTES(OK_LINE "\r\nhello"), CLEAN, "ok", 200,
     BYTES("hello")},
    {"an empty body until the end", BYTES(OK_LINE "\r\n"), CLEAN, "ok", 200,
     BYTES("")},
    {"no reason phrase", BYTES("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"),
     STAYS, "ok", 200, BYTES("")},
    {"no space after the status",
     BYTES("HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n"), STAYS, "ok", 404,
     BYTES("")},
    {"a reason phrase in another script",
     BYTES("HTTP/1.1 500 \xc3\xa9\r\nContent-Length: 0\r\n\r\n"), STAYS, "ok",
     500, BYTES("")},
    {"a control character in the reason phrase",
     BYTES("HTTP/1.1 200 O\x01K\r\n"), STAYS, "http_form", 0, BYTES("")},
    {"HTTP/2.0", BYTES("HTTP/2.0 200 OK\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"HTTP/1.2", BYTES("HTTP/1.2 200 OK\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"HTTP/1.10", BYTES("HTTP/1.10 200 OK\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"a tab before the status", BYTES("HTTP/1.1\t200 OK\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"http in lower case", BYTES("http/1.1 200 OK\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"two digits", BYTES("HTTP/1.1 20 OK\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"four digits", BYTES("HTTP/1.1 2000 OK\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"letters as the status", BYTES("HTTP/1.1 2xx OK\r\n"), STAYS, "http_form",
     0, BYTES("")},
    {"status 099", BYTES("HTTP/1.1 099 Low\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"status 600", BYTES("HTTP/1.1 600 High\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"two spaces before the status", BYTES("HTTP/1.1  200 OK\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"an empty line first", BYTES("\r\n" OK_LINE), STAYS, "http_form", 0,
     BYTES("")},
    {"HTTP/0.9", BYTES("<html>hello</html>"), CLEAN, "http_form", 0, BYTES("")},
    {"a TLS alert", BYTES("\x15\x03\x01\x00\x02\x02\x46"), CLEAN, "http_form",
     0, BYTES("")},
    {"an SSH banner", BYTES("SSH-2.0-OpenSSH_9.2\r\n"), STAYS, "http_form", 0,
     BYTES("")},

    /* line ends: a bare LF ends a line of the header, a bare CR nothing */
    {"LF only in the header", BYTES("HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"),
     STAYS, "ok", 200, BYTES("hi")},
    {"a bare CR in the status line", BYTES("HTTP/1.1 200 OK\rX: y\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"a bare CR in a value", BYTES(OK_LINE "A: b\rContent-Length: 5\r\n"),
     STAYS, "http_form", 0, BYTES("")},
    {"two CRs", BYTES(OK_LINE "A: b\r\r\n"), STAYS, "http_form", 0, BYTES("")},

    /* fields */
    {"a name of odd characters",
     BYTES(OK_LINE "!#$%&'*+-.^_`|~0aZ: x\r\nContent-Length: 0\r\n\r\n"), STAYS,
     "ok", 200, BYTES("")},
    {"tabs and spaces around a value",
     BYTES(OK_LINE "Content-Length: \t 2 \t \r\n\r\nhi"), STAYS, "ok", 200,
     BYTES("hi")},
    {"no space after the colon", BYTES(OK_LINE "content-LENGTH:2\r\n\r\nhi"),
     STAYS, "ok", 200, BYTES("hi")},
    {"an empty value", BYTES(OK_LINE "X:\r\nContent-Length: 0\r\n\r\n"), STAYS,
     "ok", 200, BYTES("")},
    {"a folded line (obs-fold)", BYTES(OK_LINE "A: b\r\n c\r\n\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"a line folded with a tab", BYTES(OK_LINE "A: b\r\n\tc: d\r\n\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"a first field that begins with a space", BYTES(OK_LINE " A: b\r\n"),
     STAYS, "http_form", 0, BYTES("")},
    {"a space before the colon", BYTES(OK_LINE "Content-Length : 5\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"no name", BYTES(OK_LINE ": x\r\n"), STAYS, "http_form", 0, BYTES("")},
    {"no colon", BYTES(OK_LINE "Content-Length 5\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"a name that is no token", BYTES(OK_LINE "A(b): c\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"a NUL in a name", BYTES(OK_LINE "A\0b: c\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"a NUL in a value", BYTES(OK_LINE "A: b\0c\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"a DEL in a value", BYTES(OK_LINE "A: b\x7f\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"UTF-8 in a value",
     BYTES(OK_LINE "A: \xc3\xa9\r\nContent-Length: 0\r\n\r\n"), STAYS, "ok",
     200, BYTES("")},

    /* Content-Length */
    {"length 0", BYTES(OK_LINE "Content-Length: 0\r\n\r\n"), STAYS, "ok", 200,
     BYTES("")},
    {"bytes behind the body are ignored",
     BYTES(OK_LINE "Content-Length: 2\r\n\r\nhiHTTP/1.1 500 No\r\n\r\n"), STAYS,
     "ok", 200, BYTES("hi")},
    {"the same length twice",
     BYTES(OK_LINE "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi"), STAYS,
     "ok", 200, BYTES("hi")},
    {"two lengths",
     BYTES(OK_LINE "Content-Length: 2\r\nContent-Length: 3\r\n\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"a list of lengths", BYTES(OK_LINE "Content-Length: 2, 2\r\n\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"a signed length", BYTES(OK_LINE "Content-Length: +2\r\n\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"a negative length", BYTES(OK_LINE "Content-Length: -2\r\n\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"a hexadecimal length", BYTES(OK_LINE "Content-Length: 0x2\r\n\r\n"),
     STAYS, "http_form", 0, BYTES("")},
    {"a length of nothing", BYTES(OK_LINE "Content-Length:\r\n\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"a bad length, then a good one",
     BYTES(OK_LINE "Content-Length: x\r\nContent-Length: 2\r\n\r\nhi"), STAYS,
     "http_form", 0, BYTES("")},
    {"the largest length",
     BYTES(OK_LINE "Content-Length: 16\r\n\r\n"
                   "0123456789abcdef"),
     STAYS, "ok", 200, BYTES("0123456789abcdef")},
    {"a length over the limit", BYTES(OK_LINE "Content-Length: 17\r\n\r\n"),
     STAYS, "http_body_size", 0, BYTES("")},
    {"a length of 2^64 + 2",
     BYTES(OK_LINE "Content-Length: 18446744073709551618\r\n\r\nhi"), STAYS,
     "http_body_size", 0, BYTES("")},
    {"less than the length", BYTES(OK_LINE "Content-Length: 5\r\n\r\nhell"),
     CLEAN, "http_truncated", 0, BYTES("")},
    {"a body of zeros and controls",
     BYTES(OK_LINE "Content-Length: 4\r\n\r\n\0\r\n\xff"), STAYS, "ok", 200,
     BYTES("\0\r\n\xff")},

    /* chunks */
    {"chunks", BYTES(CHUNKED "3\r\nabc\r\n02\r\nde\r\n0\r\n\r\n"), STAYS, "ok",
     200, BYTES("abcde")},
    {"no chunk but the last", BYTES(CHUNKED "0\r\n\r\n"), STAYS, "ok", 200,
     BYTES("")},
    {"a last chunk of many zeros", BYTES(CHUNKED "0000\r\n\r\n"), STAYS, "ok",
     200, BYTES("")},
    {"hexadecimal sizes", BYTES(CHUNKED "a\r\n0123456789\r\n0000A;x\r\n"),
     STAYS, "http_body_size", 0, BYTES("")},
    {"a chunk with line ends in it",
     BYTES(CHUNKED "4\r\n\r\n\r\n\r\n0\r\n\r\n"), STAYS, "ok", 200,
     BYTES("\r\n\r\n")},
    {"extensions", BYTES(CHUNKED "2;a=b; c=\"d e\"\r\nhi\r\n0 ;last\r\n\r\n"),
     STAYS, "ok", 200, BYTES("hi")},
    {"a trailer", BYTES(CHUNKED "2\r\nhi\r\n0\r\nETag: x\r\nA: b\r\n\r\n"),
     STAYS, "ok", 200, BYTES("hi")},
    {"a malformed trailer", BYTES(CHUNKED "2\r\nhi\r\n0\r\n A: b\r\n\r\n"),
     STAYS, "http_form", 0, BYTES("")},
    {"chunked in other letters",
     BYTES(OK_LINE "transfer-encoding: ChunKed\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
     STAYS, "ok", 200, BYTES("hi")},
    {"chunks of exactly the limit",
     BYTES(CHUNKED "8\r\n01234567\r\n8\r\n89abcdef\r\n0\r\n\r\n"), STAYS, "ok",
     200, BYTES("0123456789abcdef")},
    {"chunks over the limit", BYTES(CHUNKED "8\r\n01234567\r\n9\r\n"), STAYS,
     "http_body_size", 0, BYTES("")},
    {"a chunk size of 2^64", BYTES(CHUNKED "10000000000000000\r\n"), STAYS,
     "http_body_size", 0, BYTES("")},
    {"an empty chunk size", BYTES(CHUNKED "\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"an extension without a size", BYTES(CHUNKED ";a\r\n"), STAYS, "http_form",
     0, BYTES("")},
    {"a signed chunk size", BYTES(CHUNKED "+2\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"a chunk size with 0x", BYTES(CHUNKED "0x2\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"a chunk size and a blank", BYTES(CHUNKED "2 \r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"a blank and a chunk size", BYTES(CHUNKED " 2\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"a NUL in an extension", BYTES(CHUNKED "2;\0\r\n"), STAYS, "http_form", 0,
     BYTES("")},
    {"a chunk size that ends with LF", BYTES(CHUNKED "2\nhi\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"a chunk that ends with LF", BYTES(CHUNKED "2\r\nhi\n0\r\n\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"a chunk longer than its size", BYTES(CHUNKED "2\r\nhi!\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"cut in a chunk", BYTES(CHUNKED "5\r\nhel"), CLEAN, "http_truncated", 0,
     BYTES("")},
    {"cut in a chunk size", BYTES(CHUNKED "5"), CLEAN, "http_truncated", 0,
     BYTES("")},
    {"cut between two chunks", BYTES(CHUNKED "2\r\nhi\r\n"), CLEAN,
     "http_truncated", 0, BYTES("")},
    {"cut behind a chunk", BYTES(CHUNKED "2\r\nhi\r"), CLEAN, "http_truncated",
     0, BYTES("")},
    {"cut in the trailer", BYTES(CHUNKED "2\r\nhi\r\n0\r\n"), CLEAN,
     "http_truncated", 0, BYTES("")},

    /* smuggling's cousins */
    {"length and chunks",
     BYTES(OK_LINE "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"),
     STAYS, "http_form", 0, BYTES("")},
    {"chunks and length",
     BYTES(OK_LINE "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n"),
     STAYS, "http_form", 0, BYTES("")},
    {"HTTP/1.0 with chunks",
     BYTES("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), STAYS,
     "http_form", 0, BYTES("")},
    {"gzip as a transfer coding",
     BYTES(OK_LINE "Transfer-Encoding: gzip, chunked\r\n\r\n"), STAYS,
     "http_encoding", 0, BYTES("")},
    {"identity as a transfer coding",
     BYTES(OK_LINE "Transfer-Encoding: identity\r\n\r\n"), STAYS,
     "http_encoding", 0, BYTES("")},
    {"a transfer coding of nothing",
     BYTES(OK_LINE "Transfer-Encoding:\r\n\r\n"), STAYS, "http_encoding", 0,
     BYTES("")},
    {"chunked twice",
     BYTES(OK_LINE "Transfer-Encoding: chunked\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n"),
     STAYS, "http_encoding", 0, BYTES("")},
    {"chunked, then gzip",
     BYTES(OK_LINE "Transfer-Encoding: chunked\r\n"
                   "Transfer-Encoding: gzip\r\n\r\n"),
     STAYS, "http_encoding", 0, BYTES("")},
    {"gzip as the content coding",
     BYTES(OK_LINE
           "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"),
     STAYS, "http_encoding", 0, BYTES("")},
    {"identity as the content coding",
     BYTES(OK_LINE "Content-Encoding: Identity\r\nContent-Length: 2\r\n\r\nhi"),
     STAYS, "ok", 200, BYTES("hi")},

    /* answers without a body */
    {"204", BYTES("HTTP/1.1 204 No Content\r\n\r\n"), STAYS, "ok", 204,
     BYTES("")},
    {"204 that claims a body",
     BYTES("HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nhi"), STAYS, "ok", 204,
     BYTES("")},
    {"304 with the length it would have",
     BYTES("HTTP/1.1 304 Not Modified\r\nContent-Length: 99999\r\n\r\n"), STAYS,
     "ok", 304, BYTES("")},
    {"304 with the coding it would have",
     BYTES("HTTP/1.1 304 Not Modified\r\nContent-Encoding: br\r\n"
           "Transfer-Encoding: chunked\r\n\r\n"),
     STAYS, "ok", 304, BYTES("")},
    {"302 with a body",
     BYTES("HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nhi"), STAYS, "ok",
     302, BYTES("hi")},

    /* interim answers */
    {"100 first", BYTES(HUNDRED OK_LINE "Content-Length: 2\r\n\r\nhi"), STAYS,
     "ok", 200, BYTES("hi")},
    {"103 with fields of its own",
     BYTES("HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n"
           "Transfer-Encoding: gzip\r\nLink: </x>\r\n\r\n" OK_LINE
           "Content-Length: 2\r\n\r\nhi"),
     STAYS, "ok", 200, BYTES("hi")},
    {"as many interim answers as we take",
     BYTES(
         HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED OK_LINE
         "Content-Length: 0\r\n\r\n"),
     STAYS, "ok", 200, BYTES("")},
    {"one interim answer too many",
     BYTES(HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
               HUNDRED),
     STAYS, "http_form", 0, BYTES("")},
    {"101 is nothing we asked for",
     BYTES("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), STAYS, "http_form",
     0, BYTES("")},
    {"only an interim answer", BYTES(HUNDRED), CLEAN, "http_truncated", 0,
     BYTES("")},

    /* the end */
    {"nothing", BYTES(""), CLEAN, "http_truncated", 0, BYTES("")},
    {"cut in the status line", BYTES("HTTP/1.1 20"), CLEAN, "http_truncated", 0,
     BYTES("")},
    {"cut in the header", BYTES(OK_LINE "Content-Length: 0\r\n"), CLEAN,
     "http_truncated", 0, BYTES("")},
    {"no length, cut by somebody", BYTES(OK_LINE "\r\nhello"), CUT,
     "http_truncated", 0, BYTES("")},
    {"a length, reached, then cut",
     BYTES(OK_LINE "Content-Length: 2\r\n\r\nhi"), CUT, "ok", 200, BYTES("hi")},
    {"without a length, exactly the limit",
     BYTES(OK_LINE "\r\n0123456789abcdef"), CLEAN, "ok", 200,
     BYTES("0123456789abcdef")},
    {"without a length, over the limit", BYTES(OK_LINE "\r\n0123456789abcdefg"),
     CLEAN, "http_body_size", 0, BYTES("")},
    {"without a length, not at the end", BYTES(OK_LINE "\r\nhello"), STAYS,
     "more", 0, BYTES("")},
    {"the header, not at its end", BYTES(OK_LINE "Content-Length: 0\r\n"),
     STAYS, "more", 0, BYTES("")},
};

/* what came of feeding one response */
typedef struct result_t {
    bearer_reason_t why;
    bool done;
    bearer_note_t note;
    const bearer_http_response_t *response;
} result_t;

static void feed(bearer_http_t *http, const char *bytes, apr_size_t len,
                 result_t *result)
{
    bearer_str_t piece = {bytes, len};

    if (!result->why)
        result->why =
            bearer_http_feed(http, piece, &result->done, &result->note);
}

static void end(bearer_http_t *http, end_t how, result_t *result)
{
    if (result->why || how == STAYS)
        return;
    result->why = bearer_http_finish(http, how == CLEAN, &result->note);
    result->done = !result->why;
    result->response = bearer_http_response(http);
}

static void expect(apr_size_t row, apr_size_t cut, const result_t *result)
{
    const char *want = cases[row].want;
    char name[128];

    apr_snprintf(name, sizeof(name), "%s (cut at %" APR_SIZE_T_FMT ")",
                 cases[row].name, cut);
    if (strcmp(want, "more") == 0) {
        unit_expect_reason(name, result->why, "ok");
        unit_expect(name, !result->done);
        return;
    }
    unit_expect_reason(name, result->why, want);
    unit_expect(name, result->done == (strcmp(want, "ok") == 0));
    if (result->why)
        return;
    unit_expect(name, result->response->status == cases[row].status);
    unit_expect(name, result->response->body.len == cases[row].body_len);
    unit_expect(name, memcmp(result->response->body.data, cases[row].body,
                             cases[row].body_len)
                          == 0);
    unit_expect(name, !result->response->body.data[cases[row].body_len]);
}

static void feed_row(apr_size_t row, apr_size_t cut, result_t *result,
                     apr_pool_t *pool)
{
    bearer_http_t *http = bearer_http_create(MAX_BODY, pool);

    memset(result, 0, sizeof(*result));
    feed(http, cases[row].bytes, cut, result);
    feed(http, cases[row].bytes + cut, cases[row].len - cut, result);
    end(http, cases[row].end, result);
    result->response = bearer_http_response(http);
}

static void http_reads_one_response(void **state)
{
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        result_t result;

        feed_row(i, 0, &result, *state);
        expect(i, 0, &result);
    }
}

static void http_does_not_care_where_the_bytes_are_cut(void **state)
{
    apr_size_t i, cut;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        result_t whole, result;

        feed_row(i, 0, &whole, *state);
        for (cut = 1; cut <= cases[i].len; cut++) {
            feed_row(i, cut, &result, *state);
            expect(i, cut, &result);
            assert_string_equal(result.note.text, whole.note.text);
        }
    }
}

static void http_reads_one_byte_at_a_time(void **state)
{
    apr_size_t i, at;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_http_t *http = bearer_http_create(MAX_BODY, *state);
        result_t whole, result = {0};

        for (at = 0; at < cases[i].len; at++)
            feed(http, cases[i].bytes + at, 1, &result);
        end(http, cases[i].end, &result);
        result.response = bearer_http_response(http);
        expect(i, 1, &result);
        feed_row(i, 0, &whole, *state);
        assert_string_equal(result.note.text, whole.note.text);
    }
}

static const bearer_http_response_t *parse(const char *text, apr_pool_t *pool)
{
    bearer_http_t *http = bearer_http_create(MAX_BODY, pool);
    result_t result = {0};

    feed(http, text, strlen(text), &result);
    unit_expect_reason(text, result.why, "ok");
    unit_expect(text, result.done);
    return bearer_http_response(http);
}

static void http_keeps_the_headers_that_matter(void **state)
{
    const bearer_http_response_t *got =
        parse(OK_LINE "ETag: \"a b\"\r\nEXPIRES: soon\r\nDate: now\r\n"
                      "Age:  7 \r\nLocation: /x\r\nX-ETag: no\r\n"
                      "Content-Length: 0\r\n\r\n",
              *state);

    assert_string_equal(got->etag, "\"a b\"");
    assert_string_equal(got->expires, "soon");
    assert_string_equal(got->date, "now");
    assert_string_equal(got->age, "7");
    assert_string_equal(got->location, "/x");
    assert_null(got->cache_control);
}

static void http_gives_null_for_absent_headers(void **state)
{
    const bearer_http_response_t *got =
        parse(OK_LINE "Content-Length: 0\r\n\r\n", *state);

    assert_null(got->etag);
    assert_null(got->expires);
    assert_null(got->date);
    assert_null(got->age);
    assert_null(got->location);
    assert_null(got->cache_control);
    assert_string_equal(got->body.data, "");
}

static void http_takes_the_first_of_several(void **state)
{
    const bearer_http_response_t *got =
        parse(OK_LINE "Expires: 1\r\nExpires: 2\r\n"
                      "Content-Length: 0\r\n\r\n",
              *state);

    assert_string_equal(got->expires, "1");
}

static void http_joins_cache_control_lines(void **state)
{
    const bearer_http_response_t *got =
        parse(OK_LINE "Cache-Control: public\r\nA: b\r\n"
                      "cache-control: max-age=60, x\r\n"
                      "Content-Length: 0\r\n\r\n",
              *state);

    assert_string_equal(got->cache_control, "public, max-age=60, x");
}

static void http_keeps_nothing_of_interim_answers_and_trailers(void **state)
{
    const bearer_http_response_t *got = parse(
        "HTTP/1.1 103 Early\r\nETag: early\r\nCache-Control: a\r\n\r\n" OK_LINE
        "Cache-Control: b\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\nETag: late\r\nCache-Control: c\r\n\r\n",
        *state);

    assert_null(got->etag);
    assert_string_equal(got->cache_control, "b");
}

static void http_expects_no_body_after_connect(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 Connected\r\n\r\nTLS",
        "HTTP/1.1 200 Connected\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 200 Connected\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 407 Who\r\nContent-Encoding: gzip\r\n\r\nabc",
    };
    apr_size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        bearer_http_t *http = bearer_http_create(0, *state);
        result_t result = {0};

        bearer_http_expect_no_body(http);
        feed(http, answers[i], strlen(answers[i]), &result);
        unit_expect_reason(answers[i], result.why, "ok");
        unit_expect(answers[i], result.done);
        unit_expect(answers[i], !bearer_http_response(http)->body.len);
    }
}

/* a header of exactly len bytes, its empty line included */
static char *header_of(apr_size_t len, apr_pool_t *pool)
{
    static const char first[] = "HTTP/1.1 204 No\r\nX: ";
    static const char last[] = "\r\n\r\n";
    char *text = apr_palloc(pool, len + 1);

    memset(text, 'x', len);
    memcpy(text, first, sizeof(first) - 1);
    memcpy(text + len - (sizeof(last) - 1), last, sizeof(last));
    return text;
}

static void http_limits_the_header(void **state)
{
    const apr_size_t limit = BEARER_LIMIT_HTTP_HEADER;
    bearer_http_t *http = bearer_http_create(0, *state);
    result_t result = {0};

    feed(http, header_of(limit, *state), limit, &result);
    unit_expect_reason("at the limit", result.why, "ok");
    unit_expect("at the limit", result.done);

    http = bearer_http_create(0, *state);
    feed(http, header_of(limit + 1, *state), limit + 1, &result);
    unit_expect_reason("over the limit", result.why, "http_header_size");
}

/* returns the reason of an endless flow of the same bytes */
static bearer_reason_t flood(const char *first, const char *then,
                             apr_pool_t *pool)
{
    bearer_http_t *http = bearer_http_create(1 << 20, pool);
    result_t result = {0};
    int i;

    feed(http, first, strlen(first), &result);
    for (i = 0; i < 1 << 16 && !result.why; i++)
        feed(http, then, strlen(then), &result);
    return result.why;
}

static void http_survives_floods(void **state)
{
    unit_expect_reason("one endless line", flood(OK_LINE "A: ", "b", *state),
                       "http_header_size");
    unit_expect_reason("endless fields", flood(OK_LINE, "A: b\r\n", *state),
                       "http_header_size");
    unit_expect_reason("endless cache-control",
                       flood(OK_LINE, "Cache-Control:\r\n", *state),
                       "http_header_size");
    unit_expect_reason("endless reason phrase",
                       flood("HTTP/1.1 200 ", "x", *state), "http_header_size");
    unit_expect_reason("endless trailer",
                       flood(CHUNKED "0\r\n", "A: b\r\n", *state),
                       "http_header_size");
    unit_expect_reason("endless chunk extension",
                       flood(CHUNKED "2;", "x", *state), "http_form");
    unit_expect_reason("endless zeros in a chunk size",
                       flood(CHUNKED, "0", *state), "http_form");
    unit_expect_reason("endless interim answers", flood("", HUNDRED, *state),
                       "http_form");
}

static void http_keeps_refusing_after_a_refusal(void **state)
{
    bearer_http_t *http = bearer_http_create(MAX_BODY, *state);
    static const bearer_str_t good =
        BEARER_LIT(OK_LINE "Content-Length: 0\r\n\r\n");
    result_t result = {0};
    bool done = false;

    feed(http, "HTTP/3", 6, &result);
    unit_expect_reason("first", result.why, "http_form");
    unit_expect_reason("then", bearer_http_feed(http, good, &done, NULL),
                       "http_form");
    unit_expect_reason("at the end", bearer_http_finish(http, true, NULL),
                       "http_form");
    assert_false(done);
}

static void http_reads_a_large_body_byte_by_byte(void **state)
{
    const apr_size_t len = 1 << 18;
    bearer_http_t *http = bearer_http_create(len, *state);
    static const char header[] = OK_LINE "\r\n";
    result_t result = {0};
    apr_size_t i;

    feed(http, header, sizeof(header) - 1, &result);
    for (i = 0; i < len; i++)
        feed(http, i % 2 ? "b" : "a", 1, &result);
    end(http, CLEAN, &result);
    unit_expect_reason("at the limit", result.why, "ok");
    assert_int_equal(result.response->body.len, len);
    assert_memory_equal(result.response->body.data + len - 4, "abab", 5);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit_row(http_reads_one_response),
        unit_row(http_does_not_care_where_the_bytes_are_cut),
        unit_row(http_reads_one_byte_at_a_time),
        unit_row(http_keeps_the_headers_that_matter),
        unit_row(http_gives_null_for_absent_headers),
        unit_row(http_takes_the_first_of_several),
        unit_row(http_joins_cache_control_lines),
        unit_row(http_keeps_nothing_of_interim_answers_and_trailers),
        unit_row(http_expects_no_body_after_connect),
        unit_row(http_limits_the_header),
        unit_row(http_survives_floods),
        unit_row(http_keeps_refusing_after_a_refusal),
        unit_row(http_reads_a_large_body_byte_by_byte),
    };

    return unit_run(tests);
}
