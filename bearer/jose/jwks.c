/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/jose/jwks.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"
#include "bearer/jose/pem.h"
#include "bearer/text/json.h"
#include "bearer/text/utf8.h"

/* the length at which a list of kids is cut */
#define KIDS_SHOWN 200

const bearer_jwks_t bearer_jwks_nothing;

/* a set that is being made of a document */
typedef struct reading_t {
    bearer_jwks_form_t form;
    bearer_jwks_t *set;
    const bearer_jwk_t **keys;
    int looked_at;
    bool other_uses; /* so far, no key was refused but for its use */
    apr_pool_t *pool;
} reading_t;

/* The first refusal is what the log shows; the others are only counted. */
static void skip_key(bearer_jwks_t *set, bearer_reason_t why,
                     const bearer_note_t *note)
{
    set->skipped++;
    if (set->why)
        return;
    set->why = why;
    set->skipped_note = *note;
}

/* "key 3", or its name where it has one */
static void name_key(bearer_note_t *note, const char *name, int index)
{
    bearer_note_t key = {""};

    if (name)
        bearer_note_member(&key, "key", bearer_str(name));
    else
        bearer_note_set(&key, "key %d", index);
    if (note->text[0])
        bearer_note_add(&key, ": ");
    bearer_note_join(&key, note);
    *note = key;
}

static bool is_secret(bearer_reason_t why)
{
    return why == BEARER_JWK_PRIVATE || why == BEARER_JWK_OCT_PUBLISHED;
}

/* Takes one key, which was read, or refused for why. Ends the whole for want of
 * memory: a set that lacks one of its keys would be taken for the whole set. A file
 * is ours to keep clean: a private key or a secret in it is a mistake of ours (a key
 * pair where the public half was meant). */
static bearer_reason_t take_key(reading_t *reading, const char *name,
                                bearer_reason_t why, bearer_note_t *about,
                                bearer_note_t *note)
{
    bearer_jwks_t *set = reading->set;

    if (why == BEARER_NO_MEMORY)
        return why;
    if (!why) {
        set->count++;
        reading->looked_at++;
        return BEARER_OK;
    }
    name_key(about, name, reading->looked_at++);
    if (why != BEARER_JWK_USE)
        reading->other_uses = false;
    if (reading->form.file && is_secret(why)) {
        if (note)
            *note = *about;
        return why;
    }
    skip_key(set, why, about);
    return BEARER_OK;
}

/* A key that was refused for why, or not looked at, may be a secret besides, which
 * whoever can read a file could sign with elsewhere: one for encryption, too. */
static bearer_reason_t find_secret(bearer_jwks_form_t form,
                                   const bearer_value_t *json,
                                   bearer_reason_t why, bearer_note_t *about)
{
    bearer_note_t found = {""};
    bearer_reason_t secret;

    if (!form.file || why == BEARER_NO_MEMORY)
        return why;
    secret = bearer_jwk_check_public(json, &found);
    if (!secret)
        return why;
    *about = found;
    return secret;
}

static size_t count_of(const bearer_value_t *whole)
{
    const bearer_value_t *at = bearer_value_first(whole);
    size_t total = 0;

    for (; at; at = bearer_value_next(whole, at))
        total++;
    return total;
}

/* A set of a million keys costs no more than one of 256 (key set flooding). */
static void begin(reading_t *reading, bearer_jwks_form_t form, size_t total,
                  apr_pool_t *pool)
{
    size_t most = total > BEARER_LIMIT_KEYS ? BEARER_LIMIT_KEYS : total;

    memset(reading, 0, sizeof(*reading));
    reading->form = form;
    reading->pool = pool;
    reading->set = apr_pcalloc(pool, sizeof(*reading->set));
    reading->keys = apr_pcalloc(pool, (most + 1) * sizeof(*reading->keys));
    reading->other_uses = true;
}

static bearer_reason_t end(reading_t *reading, size_t total,
                           const bearer_jwks_t **out, bearer_note_t *note)
{
    bearer_jwks_t *set = reading->set;
    bearer_note_t about = {""};

    if (total > BEARER_LIMIT_KEYS) {
        bearer_note_set(&about, "only the first %d are looked at",
                        BEARER_LIMIT_KEYS);
        name_key(&about, NULL, BEARER_LIMIT_KEYS);
        skip_key(set, BEARER_JWKS_SIZE, &about);
        set->skipped += (int)(total - BEARER_LIMIT_KEYS - 1);
        reading->other_uses = false;
    }
    if (set->count) {
        set->keys = reading->keys;
        *out = set;
        return BEARER_OK;
    }
    if (reading->other_uses && !set->skipped)
        return BEARER_JWKS_NONE;
    if (note)
        *note = set->skipped_note;
    bearer_note_prefix(note, "keys refused: %d, the first: %s: ", set->skipped,
                       bearer_error_find(set->why)->slug);
    return reading->other_uses ? BEARER_JWKS_NONE : BEARER_JWKS_EMPTY;
}

/* RFC 7517 5 */
static bearer_reason_t read_array(const bearer_value_t *array,
                                  bearer_jwks_form_t form,
                                  const bearer_jwks_t **out,
                                  bearer_note_t *note, apr_pool_t *pool)
{
    bearer_jwk_use_t use = form.svid ? BEARER_JWK_FOR_SVID : BEARER_JWK_FOR_SIG;
    size_t total = count_of(array);
    const bearer_value_t *at = bearer_value_first(array);
    bearer_reason_t why;
    reading_t reading;

    begin(&reading, form, total, pool);
    for (; at && reading.looked_at < BEARER_LIMIT_KEYS;
         at = bearer_value_next(array, at)) {
        bearer_note_t about = {""};

        why = bearer_jwk_parse_for(use, at, &reading.keys[reading.set->count],
                                   &about, pool);
        if (why)
            why = find_secret(form, at, why, &about);
        why = take_key(&reading, NULL, why, &about, note);
        if (why)
            return why;
    }
    for (; at; at = bearer_value_next(array, at), reading.looked_at++) {
        bearer_note_t about = {""};

        why = find_secret(form, at, BEARER_OK, &about);
        if (why)
            return take_key(&reading, NULL, why, &about, note);
    }
    return end(&reading, total, out, note);
}

/* SPIFFE Trust Domain and Bundle 4.1.2: how often its keys should be fetched */
static void read_hint(const bearer_value_t *document, bearer_jwks_form_t form,
                      const bearer_jwks_t **set, apr_pool_t *pool)
{
    bearer_jwks_t *hinted;
    apr_int64_t hint;

    if (!form.svid
        || bearer_value_get_seconds(document, "spiffe_refresh_hint", &hint)
               != BEARER_VALUE_GOT
        || hint < 1)
        return;
    hinted = apr_pmemdup(pool, *set, sizeof(*hinted));
    hinted->hint = hint;
    *set = hinted;
}

static bearer_reason_t read_set(const bearer_value_t *document,
                                bearer_jwks_form_t form,
                                const bearer_jwks_t **out, bearer_note_t *note,
                                apr_pool_t *pool)
{
    const bearer_value_t *keys = bearer_value_get(document, "keys");
    bearer_reason_t why;

    if (!bearer_value_is(keys, BEARER_KIND_ARRAY))
        return BEARER_JWKS_FORM;
    why = read_array(keys, form, out, note, pool);
    if (!why)
        read_hint(document, form, out, pool);
    return why;
}

bearer_reason_t bearer_jwks_parse(bearer_str_t text, const bearer_jwks_t **out,
                                  bearer_note_t *note, apr_pool_t *pool)
{
    static const bearer_jwks_form_t plain;
    const bearer_value_t *document;
    bearer_reason_t why;
    apr_pool_t *tmp;

    /* keys hold copies: the document is not kept for as long as they are */
    if (apr_pool_create(&tmp, pool) != APR_SUCCESS)
        return BEARER_NO_MEMORY;
    why = bearer_json_parse(text, &document, note, tmp);
    if (!why)
        why = read_set(document, plain, out, note, pool);
    apr_pool_destroy(tmp);
    return why;
}

bearer_reason_t bearer_jwks_parse_rendered(bearer_str_t text,
                                           const bearer_jwks_t **out,
                                           bearer_note_t *note,
                                           apr_pool_t *pool)
{
    bearer_reason_t why = bearer_jwks_parse(text, out, note, pool);

    if (why != BEARER_JWKS_NONE)
        return why;
    *out = &bearer_jwks_nothing;
    return BEARER_OK;
}

/* --- published documents --------------------------------------------------- */

static const char begin_line[] = "-----BEGIN ";
static const char private_line[] = "PRIVATE KEY-----";

/* RFC 7468 2: text may come before the first line of PEM, which is at the beginning
 * of a line; a JSON object begins with a brace */
static bool is_pem(bearer_str_t text)
{
    const char *at, *end = text.data + text.len;

    while (text.len && bearer_str_is_file_blank(*text.data)) {
        text.data++;
        text.len--;
    }
    if (!text.len || *text.data == '{')
        return false;
    for (at = text.data; at; at = memchr(at, '\n', (apr_size_t)(end - at))) {
        bearer_str_t line = {at, (apr_size_t)(end - at)};

        if (*at == '\n') {
            line.data = ++at;
            line.len--;
        }
        if (bearer_str_begins(line, begin_line))
            return true;
    }
    return false;
}

static bearer_reason_t read_pem(bearer_str_t text, const bearer_jwks_t **out,
                                bearer_note_t *note, apr_pool_t *pool)
{
    const bearer_jwk_t *key;
    bearer_reason_t why = bearer_pem_parse(text, &key, note, pool);

    if (!why)
        *out = bearer_jwks_create(key, pool);
    return why;
}

/* {"<kid>": "-----BEGIN CERTIFICATE-----…", …}, as Google publishes them: whether
 * the first member is one */
static bool is_map(const bearer_value_t *document)
{
    const bearer_value_t *first = bearer_value_first(document);

    if (!first || bearer_value_get(document, "keys"))
        return false;
    return bearer_str_begins(
        bearer_value_text(bearer_value_next(document, first)), begin_line);
}

static bearer_reason_t read_map(const bearer_value_t *document,
                                bearer_jwks_form_t form,
                                const bearer_jwks_t **out, bearer_note_t *note,
                                apr_pool_t *pool)
{
    size_t total = count_of(document) / 2;
    const bearer_value_t *at = bearer_value_first(document);
    bearer_reason_t why;
    reading_t reading;

    begin(&reading, form, total, pool);
    while (at && reading.looked_at < BEARER_LIMIT_KEYS) {
        bearer_str_t kid = bearer_value_text(at);
        bearer_note_t about = {""};

        at = bearer_value_next(document, at);
        why = bearer_pem_parse_named(kid, bearer_value_text(at),
                                     &reading.keys[reading.set->count], &about,
                                     pool);
        why = take_key(&reading, kid.data, why, &about, note);
        if (why)
            return why;
        at = bearer_value_next(document, at);
    }
    return end(&reading, total, out, note);
}

static bearer_reason_t read_one(const bearer_value_t *document,
                                bearer_jwks_form_t form,
                                const bearer_jwks_t **out, bearer_note_t *note,
                                apr_pool_t *pool)
{
    const bearer_jwk_t *key;
    bearer_reason_t why;

    why = bearer_jwk_parse_for(form.svid ? BEARER_JWK_FOR_SVID
                                         : BEARER_JWK_FOR_SIG,
                               document, &key, note, pool);
    if (!why)
        *out = bearer_jwks_create(key, pool);
    return why;
}

static bearer_reason_t read_document(bearer_str_t text, bearer_jwks_form_t form,
                                     const bearer_jwks_t **out,
                                     bearer_note_t *note, apr_pool_t *pool,
                                     apr_pool_t *tmp)
{
    const bearer_value_t *document;
    bearer_reason_t why;

    /* PEM cannot say that a key is for SVIDs */
    if (form.any && !form.svid && is_pem(text))
        return read_pem(text, out, note, pool);
    why = bearer_json_parse(text, &document, note, tmp);
    if (why)
        return why;
    if (form.any && bearer_value_some(document, "kty"))
        return read_one(document, form, out, note, pool);
    if (form.any && !form.svid && is_map(document))
        return read_map(document, form, out, note, pool);
    return read_set(document, form, out, note, pool);
}

/* A file with good keys that has a private one in PEM anywhere: as another value of a
 * map, or beside a set. */
static bearer_reason_t check_file(bearer_str_t text, bearer_note_t *note)
{
    apr_size_t size = sizeof(private_line) - 1;
    apr_size_t i;

    for (i = 0; i + size <= text.len; i++) {
        if (memcmp(text.data + i, private_line, size) != 0)
            continue;
        if (note)
            bearer_note_set(note, "it has a private key in PEM");
        return BEARER_JWK_PRIVATE;
    }
    return BEARER_OK;
}

bearer_reason_t bearer_jwks_parse_published(bearer_str_t text,
                                            bearer_jwks_form_t form,
                                            const bearer_jwks_t **out,
                                            bearer_note_t *note,
                                            apr_pool_t *pool)
{
    const bearer_jwks_t *set = NULL;
    bearer_reason_t why;
    apr_pool_t *tmp;

    if (apr_pool_create(&tmp, pool) != APR_SUCCESS)
        return BEARER_NO_MEMORY;
    why =
        read_document(bearer_utf8_skip_mark(text), form, &set, note, pool, tmp);
    apr_pool_destroy(tmp);
    if (!why && form.file)
        why = check_file(text, note);
    if (!why)
        *out = set;
    return why;
}

const bearer_jwks_t *bearer_jwks_create(const bearer_jwk_t *key,
                                        apr_pool_t *pool)
{
    bearer_jwks_t *set = apr_pcalloc(pool, sizeof(*set));
    const bearer_jwk_t **keys = apr_palloc(pool, sizeof(*keys));

    keys[0] = key;
    set->keys = keys;
    set->count = 1;
    return set;
}

static void add_piece(struct iovec *pieces, apr_size_t *count,
                      bearer_str_t text)
{
    pieces[*count].iov_base = (char *)text.data;
    pieces[*count].iov_len = text.len;
    (*count)++;
}

bearer_str_t bearer_jwks_render(const bearer_jwks_t *set, apr_pool_t *pool)
{
    static const bearer_str_t begin = BEARER_LIT("{\"keys\":[");
    static const bearer_str_t comma = BEARER_LIT(",");
    static const bearer_str_t end = BEARER_LIT("]}");
    struct iovec *pieces =
        apr_palloc(pool, (2 * (apr_size_t)set->count + 2) * sizeof(*pieces));
    apr_size_t count = 0;
    bearer_str_t text = {NULL, 0};
    int i;

    add_piece(pieces, &count, begin);
    for (i = 0; i < set->count; i++) {
        /* a secret never leaves the process */
        if (!set->keys[i]->json.data)
            continue;
        if (count > 1)
            add_piece(pieces, &count, comma);
        add_piece(pieces, &count, set->keys[i]->json);
    }
    add_piece(pieces, &count, end);
    text.data = apr_pstrcatv(pool, pieces, count, &text.len);
    return text;
}

static bool has_kid(const bearer_jwk_t *key, bearer_str_t kid)
{
    /* an empty kid is a kid */
    return !key->kid.data == !kid.data && bearer_str_equal(key->kid, kid);
}

/* collects the fitting keys of one kid, or of all if any is set; *known says
 * whether there is any key of that kid */
static bearer_reason_t collect(const bearer_jwks_t *set,
                               const bearer_str_t *kid, const bearer_alg_t *alg,
                               bearer_candidates_t *found, bool *known)
{
    int i;

    *known = false;
    found->count = 0;
    found->more = false;
    for (i = 0; i < set->count; i++) {
        const bearer_jwk_t *key = set->keys[i];

        if (kid && !has_kid(key, *kid))
            continue;
        *known = true;
        if (!(key->algs & alg->bit))
            continue;
        if (found->count == BEARER_LIMIT_CANDIDATES) {
            found->more = true;
            break;
        }
        found->keys[found->count++] = key;
    }
    return found->count ? BEARER_OK : BEARER_KEY_UNFIT;
}

bearer_reason_t bearer_jwks_find(const bearer_jwks_t *set, bearer_str_t kid,
                                 const bearer_alg_t *alg,
                                 bearer_candidates_t *out)
{
    static const bearer_str_t none = {NULL, 0};
    bearer_candidates_t found = {.count = 0};
    bearer_reason_t why;
    bool known;

    why = collect(set, kid.data ? &kid : NULL, alg, &found, &known);
    found.by_kid = kid.data && known;
    if (kid.data && !known) {
        why = collect(set, &none, alg, &found, &known);
        /* a key without kid that does not fit says nothing about this kid */
        if (why == BEARER_KEY_UNFIT)
            why = BEARER_KEY_UNKNOWN;
    }
    if (why)
        return why;
    *out = found;
    return BEARER_OK;
}

const bearer_jwk_t *bearer_jwks_first(const bearer_jwks_t *set,
                                      bearer_str_t kid)
{
    int i;

    for (i = 0; i < set->count; i++) {
        if (!kid.data || has_kid(set->keys[i], kid))
            return set->keys[i];
    }
    return NULL;
}

const char *bearer_jwks_kids(const bearer_jwks_t *set, apr_pool_t *pool)
{
    const char *list = "";
    int i;

    for (i = 0; i < set->count; i++) {
        bearer_str_t kid = set->keys[i]->kid;
        const char *comma = i ? ", " : "";

        if (strlen(list) > KIDS_SHOWN)
            return apr_pstrcat(pool, list, ", ...", NULL);
        if (!kid.len)
            list = apr_pstrcat(pool, list, comma,
                               kid.data ? "(empty)" : "(none)", NULL);
        else
            list = apr_psprintf(pool, "%s%s%.*s", list, comma,
                                bearer_note_width(kid), kid.data);
    }
    return list;
}
