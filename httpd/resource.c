/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/resource.h"

#include <string.h>

#include <apr_sha1.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>

#include "httpd/cors.h"

/** One document. */
typedef struct entry_t {
    const server_rec *s;
    const bearer_resource_t *resource;
    const char *document;
    const char *etag;
} entry_t;

static apr_array_header_t *entries; /* of entry_t */

void mab_resource_begin(apr_pool_t *pconf)
{
    entries = apr_array_make(pconf, 4, sizeof(entry_t));
}

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

void mab_resource_add(const server_rec *s, const bearer_resource_t *resource,
                      const char *document)
{
    entry_t *entry = apr_array_push(entries);

    entry->s = s;
    entry->resource = resource;
    entry->document = document;
    entry->etag = etag_of(document, entries->pool);
}

/* the document for a path: of the host that was asked for if several virtual
 * hosts of one server_rec share it, else the first */
static const entry_t *find(const request_rec *r)
{
    bool root = strcmp(r->uri, BEARER_RESOURCE_ROOT) == 0;
    const entry_t *found = NULL;
    int i;

    for (i = 0; i < entries->nelts; i++) {
        const entry_t *entry = &APR_ARRAY_IDX(entries, i, entry_t);

        if (entry->s != r->server)
            continue;
        if (strcmp(entry->resource->metadata_path, r->uri) == 0) {
            if (r->hostname
                && strcasecmp(entry->resource->host, r->hostname) == 0)
                return entry;
            /* an exact path goes before the root's stand-in */
            if (!found || root)
                found = entry;
        }
        else if (root && !found)
            found = entry;
    }
    return found;
}

static int send_document(request_rec *r, const entry_t *entry)
{
    int status;

    apr_table_setn(r->headers_out, "ETag", entry->etag);
    apr_table_setn(r->headers_out, "Cache-Control", "public, max-age=3600");
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, (apr_off_t)strlen(entry->document));
    status = ap_meets_conditions(r);
    if (status != OK)
        return status;
    if (!r->header_only)
        ap_rputs(entry->document, r);
    return OK;
}

int mab_resource_serve(request_rec *r, int lookup)
{
    const entry_t *entry;

    if (lookup || !entries->nelts
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
    return send_document(r, entry);
}
