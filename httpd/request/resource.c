/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/resource.h"

#include <string.h>

#include <apr_sha1.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>

#include "httpd/conf/conf.h"
#include "httpd/request/cors.h"

static const char *etag_of(const char *document, apr_pool_t *pool)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha1;
    apr_uint64_t head;

    apr_sha1_init(&sha1);
    apr_sha1_update(&sha1, document, (unsigned)strlen(document));
    apr_sha1_final(digest, &sha1);
    memcpy(&head, digest, sizeof(head));
    return apr_psprintf(pool, "\"%016" APR_UINT64_T_HEX_FMT "\"", head);
}

/* the document for a path: of the host that was asked for if several virtual
 * hosts of one server_rec share it, else the first */
static const mab_document_t *find(const request_rec *r)
{
    const apr_array_header_t *all = mab_conf_registry()->documents;
    bool root = strcmp(r->uri, BEARER_RESOURCE_ROOT) == 0;
    const mab_document_t *found = NULL;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const mab_document_t *entry =
            &APR_ARRAY_IDX(all, i, const mab_document_t);

        if (entry->s != r->server)
            continue;
        if (strcmp(entry->resource->metadata_path, r->uri) == 0) {
            if (r->hostname
                && strcasecmp(entry->resource->host, r->hostname) == 0)
                return entry;
            /* an exact path takes precedence over the root's stand-in */
            if (!found || root)
                found = entry;
        }
        else if (root && !found)
            found = entry;
    }
    return found;
}

static int send_document(request_rec *r, const char *document)
{
    int status;

    apr_table_setn(r->headers_out, "ETag", etag_of(document, r->pool));
    apr_table_setn(r->headers_out, "Cache-Control", "public, max-age=3600");
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, (apr_off_t)strlen(document));
    status = ap_meets_conditions(r);
    if (status != OK)
        return status;
    if (!r->header_only)
        ap_rputs(document, r);
    return OK;
}

int mab_resource_serve(request_rec *r, int lookup)
{
    const mab_document_t *entry;

    if (lookup || !mab_conf_registry()->documents->nelts
        || strncmp(r->uri, BEARER_RESOURCE_ROOT, strlen(BEARER_RESOURCE_ROOT))
               != 0)
        return DECLINED;
    entry = find(r);
    if (!entry)
        return DECLINED;
    mab_cors_open_document(r);
    if (r->method_number == M_OPTIONS) {
        r->status = HTTP_NO_CONTENT;
        return OK;
    }
    if (r->method_number != M_GET) {
        ap_allow_methods(r, REPLACE_ALLOW, "GET", "HEAD", "OPTIONS", NULL);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    return send_document(r, entry->text);
}
