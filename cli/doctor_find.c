/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor.h"

#include <apr_strings.h>

#include "bearer/base/str.h"

/* the longest particular that is shown: strangers wrote some of them */
#define LONGEST 1000

static const struct {
    const char *slug;
    doctor_level_t level;
    doctor_about_t about;
    const char *sentence, *advice, *line;
} rows[] = {
#define DOCTOR_FINDING(id, slug, level, about, sentence, advice, line)         \
    {(slug), DOCTOR_##level, DOCTOR_##about, (sentence), (advice), (line)},
#include "cli/doctor.def"
};

static const struct {
    bearer_reason_t why;
    const char *advice, *line;
} cures[] = {
#define DOCTOR_CURE(reason, advice, line) {BEARER_##reason, (advice), (line)},
#include "cli/doctor.def"
};

/* --- words -------------------------------------------------------------------- */

/* what a terminal would obey, and what is not ASCII, as \xHH */
static const char *plain(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 4 * LONGEST + 4), *to = out;
    apr_size_t i;

    for (i = 0; text[i] && i < LONGEST; i++) {
        if (bearer_str_is_printable(text[i]))
            *to++ = text[i];
        else
            to += apr_snprintf(to, 5, "\\x%02x", (unsigned char)text[i]);
    }
    (void)apr_cpystrn(to, text[i] ? "..." : "", 4);
    return out;
}

static const char *particular(const doctor_words_t *words, char digit)
{
    const char *const all[] = {words->one, words->two, words->three,
                               words->four};
    const char *text = all[digit - '1'];

    return text ? text : "?";
}

/* the text of a row with its particulars */
static const char *fill(const char *row, const doctor_words_t *words,
                        apr_pool_t *pool)
{
    const char *text = "", *at;

    if (!row)
        return NULL;
    while ((at = strchr(row, '{'))) {
        text = apr_pstrcat(pool, text,
                           apr_pstrmemdup(pool, row, (apr_size_t)(at - row)),
                           plain(particular(words, at[1]), pool), NULL);
        row = at + 3;
    }
    return apr_pstrcat(pool, text, row, NULL);
}

/* --- findings ------------------------------------------------------------------- */

doctor_finding_t *doctor_find(doctor_model_t *model, doctor_id_t id, int index,
                              doctor_words_t words)
{
    doctor_finding_t *finding = apr_array_push(model->found);

    finding->id = id;
    finding->slug = rows[id].slug;
    finding->level = rows[id].level;
    finding->about = rows[id].about;
    finding->index = index;
    finding->sentence = fill(rows[id].sentence, &words, model->pool);
    finding->advice = fill(rows[id].advice, &words, model->pool);
    finding->line = fill(rows[id].line, &words, model->pool);
    return finding;
}

void doctor_find_cure(doctor_model_t *model, doctor_finding_t *finding,
                      bearer_reason_t why, doctor_words_t words)
{
    size_t i;

    for (i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
        if (cures[i].why != why)
            continue;
        finding->advice = fill(cures[i].advice, &words, model->pool);
        finding->line = fill(cures[i].line, &words, model->pool);
    }
}

doctor_level_t doctor_find_worst(const doctor_model_t *model,
                                 doctor_about_t about, int index)
{
    doctor_level_t worst = DOCTOR_WELL;
    int i;

    for (i = 0; i < model->found->nelts; i++) {
        const doctor_finding_t *one =
            &APR_ARRAY_IDX(model->found, i, doctor_finding_t);

        if (index >= 0 && (one->about != about || one->index != index))
            continue;
        if (one->level > worst)
            worst = one->level;
    }
    return worst;
}

const char *doctor_find_level(doctor_level_t level)
{
    static const char *const names[] = {"well", "unwise", "wrong", "unseen"};

    return names[level];
}
