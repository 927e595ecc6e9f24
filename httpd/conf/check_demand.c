/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/check_demand.h"

#include <http_core.h>

#include "httpd/conf/demand.h"

typedef struct check_t {
    const mab_demand_t *demand;
    apr_array_header_t *settings; /* of the registry */
    mab_section_t *types,
        *lines; /* where they stand: each is looked at once, as
                                     all are compared with all */
    apr_pool_t *pool;
    bool last; /* reading of the configuration: warnings are said once */
    int mistakes;
} check_t;

static const mab_setting_t *setting_at(const check_t *check, int i)
{
    return &APR_ARRAY_IDX(check->settings, i, mab_setting_t);
}

static bool may_be_bearer(const mab_setting_t *setting)
{
    return setting->bearer_where || setting->type_varies;
}

/* --- places without Require lines ------------------------------------------------ */

/* also of a section that may only add it */
static bool may_be_optional(const check_t *check, const mab_section_t *type)
{
    int i;

    for (i = 0; i < check->settings->nelts; i++) {
        const mab_setting_t *one = setting_at(check, i);

        if (one->place->optional == 1 && one->line
            && mab_section_may_meet(type, &check->lines[i]))
            return true;
    }
    return false;
}

static void refuse(check_t *check, const mab_setting_t *setting,
                   const char *wrong)
{
    check->mistakes++;
    ap_log_error(
        APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, setting->s,
        "MAB0140: %s: there is no Require line beside it, %s; write "
        "\"Require valid-user\" there (or \"AuthBearerOptional On\" if "
        "tokens are optional, \"Require all granted\" if nobody needs "
        "one)",
        setting->bearer_where, wrong);
}

static void warn_of_methods(const check_t *check, const mab_setting_t *setting)
{
    if (check->last)
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, setting->s,
            "MAB0141: %s: all its Require lines are in <Limit> or "
            "<LimitExcept>, so that other methods need no token; write "
            "the lines outside, or also \"Require all denied\" for the "
            "other methods (<LimitExcept>)",
            setting->bearer_where);
}

static void check_place(check_t *check, int i)
{
    const mab_setting_t *setting = setting_at(check, i);
    mab_demand_kind_t kind =
        mab_demand_of(check->demand, setting->auth_type, check->pool);

    if (kind == MAB_DEMAND_LIMITED)
        warn_of_methods(check, setting);
    if ((kind != MAB_DEMAND_GRANTED && kind != MAB_DEMAND_NOTHING)
        || may_be_optional(check, &check->types[i]))
        return;
    refuse(check, setting,
           kind == MAB_DEMAND_GRANTED
               ? "and no other section asks for a token, but some let "
                 "everybody in"
               : "and none in another section that could apply, so that httpd "
                 "would answer each request with 500 (AH01627)");
}

/* what MAB0105 and MAB0106 tell at the start, requests need not */
static void note_grant(const check_t *check, const mab_setting_t *setting)
{
    const ap_directive_t *parent = setting->auth_type->parent;
    mab_asked_t *asked = (mab_asked_t *)setting->place->asked;

    asked->granted = mab_section_any_grants(
        parent ? parent->first_child : ap_conftree, check->pool);
}

/* --- lines without AuthType Bearer ------------------------------------------------- */

static bool has_type(const check_t *check, const mab_section_t *section)
{
    int i;

    for (i = 0; i < check->settings->nelts; i++) {
        if (may_be_bearer(setting_at(check, i))
            && mab_section_may_meet(section, &check->types[i]))
            return true;
    }
    return false;
}

static void check_lines(const check_t *check, int i)
{
    const mab_setting_t *setting = setting_at(check, i);
    const mab_section_t *section = &check->lines[i];

    if (has_type(check, section)
        || mab_demand_has_files(check->demand, section))
        return;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, setting->s,
                 "MAB0142: %s: it has no effect, since no section that could "
                 "apply to the same requests has \"AuthType Bearer\"; write "
                 "that line, too",
                 setting->line_where);
}

/* --- all of it --------------------------------------------------------------------- */

static void find_sections(check_t *check)
{
    apr_size_t size =
        sizeof(mab_section_t) * (apr_size_t)(check->settings->nelts + 1);
    int i;

    check->types = apr_pcalloc(check->pool, size);
    check->lines = apr_pcalloc(check->pool, size);
    for (i = 0; i < check->settings->nelts; i++) {
        const mab_setting_t *setting = setting_at(check, i);

        if (may_be_bearer(setting))
            check->types[i] = mab_section_of(setting->auth_type, check->pool);
        if (setting->line)
            check->lines[i] = mab_section_of(setting->line, check->pool);
    }
}

int mab_check_demand_all(apr_pool_t *ptemp)
{
    check_t check = {.demand = mab_demand_read(ptemp),
                     .settings = mab_conf_registry()->settings,
                     .pool = ptemp};
    int i;

    /* a server that starts reads its configuration twice */
    check.last =
        ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_NORMAL
        || ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG;
    find_sections(&check);
    for (i = 0; i < check.settings->nelts; i++) {
        if (may_be_bearer(setting_at(&check, i)))
            note_grant(&check, setting_at(&check, i));
        if (setting_at(&check, i)->bearer_where)
            check_place(&check, i);
        if (setting_at(&check, i)->line && check.last)
            check_lines(&check, i);
    }
    return check.mistakes;
}
