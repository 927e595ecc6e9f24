#include "tests/httpd/inside.h"
int inside_cors(void)
{
    return 0;
}
