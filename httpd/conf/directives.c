/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/directives.h"

#include "httpd/conf/set_algorithms.h"
#include "httpd/conf/set_audience.h"
#include "httpd/conf/set_check.h"
#include "httpd/conf/set_claim.h"
#include "httpd/conf/set_errors.h"
#include "httpd/conf/set_fetch.h"
#include "httpd/conf/set_issuer.h"
#include "httpd/conf/set_kept.h"
#include "httpd/conf/set_origins.h"
#include "httpd/conf/set_resource.h"
#include "httpd/conf/set_source.h"
#include "httpd/conf/set_user.h"
#include "httpd/conf/set_watched.h"

const command_rec mab_directives[] = {
    MAB_SET_ISSUER_ROWS,     MAB_SET_AUDIENCE_ROWS,
    MAB_SET_ALGORITHMS_ROWS, MAB_SET_CHECK_ROWS,
    MAB_SET_SOURCE_ROWS,     MAB_SET_USER_ROWS,
    MAB_SET_CLAIM_ROWS,      MAB_SET_ERRORS_ROWS,
    MAB_SET_ORIGINS_ROWS,    MAB_SET_RESOURCE_ROWS,
    MAB_SET_FETCH_ROWS,      MAB_SET_KEPT_ROWS,
    MAB_SET_WATCHED_ROWS,    {NULL}};
