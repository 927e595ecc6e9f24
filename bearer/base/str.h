/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str - comparing and cutting texts: the one owner of equality, tokens and blanks.
 *
 * Owns:     equality with and without case, the classes of characters that RFCs
 *           name, words of a list, which characters are blank where.
 * Does not: know of UTF-8 (utf8), decode, or copy.
 * Memory:   none; results point into their arguments
 * Threads:  any
 *
 * Most of it is inline: requests compare texts all the time. Nothing here looks at
 * the locale. An absent text counts as an empty one.
 */
#ifndef BEARER_STR_H
#define BEARER_STR_H

#include <string.h>

#include <apr_cstr.h>

#include "bearer/base/base.h"

/* --- classes of characters ------------------------------------------------- */

#define BEARER_STR_DIGITS "0123456789"
#define BEARER_STR_LETTERS                                                     \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
/** RFC 9110 5.6.2, tchar; for strspn. */
#define BEARER_STR_TCHARS BEARER_STR_DIGITS BEARER_STR_LETTERS "!#$%&'*+-.^_`|~"
/** What may surround the members of a header (RFC 9110 5.6.3, OWS). */
#define BEARER_STR_BLANKS " \t"
/** What httpd regards as white space between names (isspace). */
#define BEARER_STR_SPACES " \t\n\v\f\r"

/** A space or a tab. */
static inline bool bearer_str_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/** What may surround the parts of a JSON or PEM text (RFC 8259 2,
 * RFC 7468 3). */
static inline bool bearer_str_is_file_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/** 0 to 9, whatever the locale. */
static inline bool bearer_str_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/** The value of a hexadecimal digit in either case; -1 for another character. */
static inline int bearer_str_hex(char c)
{
    if (bearer_str_is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/** RFC 5234 B.1, CTL: below 0x20, and DEL. */
static inline bool bearer_str_is_control(char c)
{
    return (unsigned char)c < 0x20 || (unsigned char)c == 0x7f;
}

/** RFC 5234 B.1, VCHAR: printable ASCII without the space. */
static inline bool bearer_str_is_visible(char c)
{
    return (unsigned char)c > 0x20 && (unsigned char)c < 0x7f;
}

/** Printable ASCII, the space included. */
static inline bool bearer_str_is_printable(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f;
}

/** RFC 6749 A, NQSCHAR: printable ASCII that needs no escape between quotes. */
static inline bool bearer_str_is_plain(char c)
{
    return bearer_str_is_printable(c) && c != '"' && c != '\\';
}

/** Whether a control character is in it, NUL included. */
static inline bool bearer_str_has_control(bearer_str_t text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        if (bearer_str_is_control(text.data[i]))
            return true;
    }
    return false;
}

/** Whether it is a token (RFC 9110 5.6.2): a name of a header, a method. The
 * empty text is not one. */
bool bearer_str_is_token(bearer_str_t text);

/** Whether it may be the value of a header (RFC 9110 5.5): no control character but
 * the tab. A bare CR or NUL is read differently by others (response splitting). */
bool bearer_str_is_field_value(bearer_str_t text);

/* --- texts ------------------------------------------------------------------ */

/** A terminated text; NULL is absent. */
static inline bearer_str_t bearer_str(const char *text)
{
    bearer_str_t str = {text, text ? strlen(text) : 0};

    return str;
}

/** The same bytes. */
static inline bool bearer_str_equal(bearer_str_t a, bearer_str_t b)
{
    return a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0);
}

/** The same bytes as a terminated text. */
static inline bool bearer_str_is(bearer_str_t text, const char *want)
{
    return text.len == strlen(want)
           && (!text.len || memcmp(text.data, want, text.len) == 0);
}

/** The same as a terminated text; A to Z have no case. */
static inline bool bearer_str_is_nocase(bearer_str_t text, const char *want)
{
    return text.len == strlen(want)
           && apr_cstr_casecmpn(text.data, want, text.len) == 0;
}

/** Whether it begins with a terminated text, byte for byte. */
static inline bool bearer_str_begins(bearer_str_t text, const char *want)
{
    apr_size_t len = strlen(want);

    return text.len >= len && (!len || memcmp(text.data, want, len) == 0);
}

/** As bearer_str_begins; A to Z have no case. */
static inline bool bearer_str_begins_nocase(bearer_str_t text, const char *want)
{
    apr_size_t len = strlen(want);

    return text.len >= len && apr_cstr_casecmpn(text.data, want, len) == 0;
}

/** As bearer_str_begins_nocase, of a terminated text. */
static inline bool bearer_str_opens_nocase(const char *text, const char *want)
{
    return apr_cstr_casecmpn(text, want, strlen(want)) == 0;
}

/** Two terminated texts, byte for byte; NULL is the same as NULL alone. */
static inline bool bearer_str_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/** Without the blanks (BEARER_STR_BLANKS) at both ends. */
bearer_str_t bearer_str_trim(bearer_str_t text);

/* --- words ------------------------------------------------------------------ */

/**
 * Takes the next word off a list: words are separated by one or more spaces
 * (RFC 6749 3.3, RFC 6750 2.1). A tab is a character like any other.
 *
 * @param rest the list; afterwards, what follows the word
 * @param word empty if there is none
 * @return whether there is one
 */
static inline bool bearer_str_next_word(bearer_str_t *rest, bearer_str_t *word)
{
    const char *at = rest->data, *end = at + rest->len, *stop;

    while (at < end && *at == ' ')
        at++;
    stop = at < end ? memchr(at, ' ', (apr_size_t)(end - at)) : NULL;
    if (!stop)
        stop = end;
    word->data = at;
    word->len = (apr_size_t)(stop - at);
    rest->data = stop;
    rest->len = (apr_size_t)(end - stop);
    return at < end;
}

/** Whether a list has this word. No list has an empty one, or one with a space. */
static inline bool bearer_str_has_word(bearer_str_t list, bearer_str_t word)
{
    bearer_str_t one;

    while (bearer_str_next_word(&list, &one)) {
        if (bearer_str_equal(one, word))
            return true;
    }
    return false;
}

#endif
