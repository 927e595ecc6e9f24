#include "tests/httpd/inside.h"
int inside_require(void)
{
    return 0;
}
